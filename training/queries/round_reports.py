"""Rounds for programs, the same in the API and in the command: phases, cost, and distance from the target."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from training.models import Round, RoundPlan
from training.queries.round_costs import cost_of_round
from training.queries.round_targets import TargetFigure, target_figures
from training.queries.rounds import views_of


def rounds_as_json(rounds: Sequence[Round], plan: RoundPlan, *, now: datetime) -> list[dict[str, Any]]:
    """Rounds of one campaign as JSON values, with as many statements as one of them takes."""
    views = views_of(rounds)
    versions = [view.version for view in views if view.version is not None]
    targets = {} if plan.target is None else target_figures(versions, plan.target_by, plan.campaign)
    return [
        {
            "id": one.pk,
            "campaign": one.campaign.slug,
            "number": one.number,
            "opened_at": one.opened_at.isoformat(),
            "closed_at": one.closed_at.isoformat() if one.closed_at else None,
            "outcome": one.outcome,
            "phase": view.current.name,
            "phases": [phase.as_json() for phase in view.phases],
            "version": view.version.name if view.version else None,
            "cost": cost_of_round(one, view.rows, plan, now=now).as_dict(),
            "target": _target(plan, targets.get(view.version.pk) if view.version else None),
        }
        for one, view in zip(rounds, views, strict=True)
    ]


def _target(plan: RoundPlan, figure: TargetFigure | None) -> dict[str, Any] | None:
    if plan.target is None:
        return None
    values = figure.as_json() if figure else {"by": plan.target_by, "value": None}
    return {**values, "target": plan.target, "reached": figure is not None and figure.reaches(plan.target)}
