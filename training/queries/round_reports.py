"""A round for programs, the same in the API and in the command: its phases, cost, and distance from the target."""

from datetime import datetime
from typing import Any

from training.models import Round, RoundPlan
from training.queries.round_costs import cost_of_round
from training.queries.round_targets import target_figure
from training.queries.rounds import RoundView, view_of


def round_as_json(one: Round, plan: RoundPlan, *, now: datetime) -> dict[str, Any]:
    """A round as JSON values."""
    view = view_of(one)
    return {
        "id": one.pk,
        "campaign": one.campaign.slug,
        "number": one.number,
        "opened_at": one.opened_at.isoformat(),
        "closed_at": one.closed_at.isoformat() if one.closed_at else None,
        "outcome": one.outcome,
        "phase": view.current.name,
        "phases": [phase.as_json() for phase in view.phases],
        "version": view.version.name if view.version else None,
        "cost": cost_of_round(one, view.labels, plan, now=now).as_dict(),
        "target": _target(view, plan),
    }


def _target(view: RoundView, plan: RoundPlan) -> dict[str, Any] | None:
    if plan.target is None:
        return None
    figure = target_figure(view.version, plan.target_by, plan.campaign) if view.version else None
    values = figure.as_json() if figure else {"by": plan.target_by, "value": None}
    return {**values, "target": plan.target, "reached": figure is not None and figure.reaches(plan.target)}
