"""The plan of a campaign's rounds: saved by leads, and looked at by the schedule."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common.errors import ChangedMeanwhile
from common.sentences import Percent, Sentence
from common.stamps import changed_since
from labeling.access import require_may_change
from labeling.actions.validation import checked
from labeling.events.record import record
from labeling.models import Campaign, User
from training.access import require_no_blind_test
from training.errors import WrongPlan
from training.models import RoundPlan
from training.queries.round_costs import plan_of
from training.queries.round_targets import TargetFigure, serving_figure
from training.queries.schedule import waits_for_budget

FIELDS = (
    "generates",
    "start_from",
    "only_new_labels",
    "min_agreement",
    "time_zone",
    "quiet_from",
    "quiet_until",
    "human_hour",
    "machine_hour",
    "currency",
    "budget_money",
    "budget_minutes",
    "budget_period",
    "target",
    "target_by",
    "canary",
    "watch_pairs",
)
"""The columns that leads set."""


def save_round_plan(
    *,
    campaign: Campaign,
    values: Mapping[str, Any],
    acting_user: User | None,
    now: datetime,
    expected: str | None = None,
) -> RoundPlan:
    """Changes the plan of a campaign's rounds. values: some of FIELDS; the others stay.

    expected: the stamp of the plan that was changed (`plan_as_json`); None: whichever applies.
    Raises WrongPlan, ChangedMeanwhile, ForItsGateOnly, NotAllowed, NotFound.
    """
    require_may_change(acting_user, campaign)
    require_no_blind_test(campaign)
    assert set(values) <= set(FIELDS)
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)  # serializes two leads who save at once
        plan = plan_of(campaign)
        before = plan_as_json(plan)
        for name, value in values.items():
            setattr(plan, name, value)
        _check(plan)
        after = plan_as_json(plan)
        changed = {name for name in FIELDS if before[name] != after[name]}
        if not changed and plan.pk:
            return plan
        if expected is not None and (others := changed_since(expected, before)):
            raise ChangedMeanwhile({name: before[name] for name in others})
        looked_at: list[str] = []  # the schedule may have set the others since
        if changed & {"target", "target_by"}:
            plan.target_reached_at = None
            looked_at.append("target_reached_at")
        if changed & {"budget_money", "budget_minutes", "budget_period", "human_hour", "machine_hour"}:
            plan.budget_reached_at = None
            looked_at.append("budget_reached_at")
        plan.updated_at = now
        if plan.pk:
            plan.save(update_fields=[*FIELDS, *looked_at, "updated_at"])
        else:
            plan.save()
        record(
            "round.plan_saved",
            plan,
            acting_user=acting_user,
            now=now,
            campaign=campaign,
            before={name: before[name] for name in sorted(changed)},
            after={name: after[name] for name in sorted(changed)},
        )
    return plan


def plan_as_json(plan: RoundPlan) -> dict[str, Any]:
    """The settings of a plan as JSON values: money and times are texts."""
    values = {name: getattr(plan, name) for name in FIELDS}
    texts = ("human_hour", "machine_hour", "budget_money", "quiet_from", "quiet_until")
    return {name: str(value) if name in texts and value is not None else value for name, value in values.items()}


def _check(plan: RoundPlan) -> None:
    """Raises WrongPlan."""
    checked(plan, exclude=["campaign"], refusal=WrongPlan)
    if plan.time_zone:
        try:
            ZoneInfo(plan.time_zone)
        except (KeyError, OSError, ValueError) as error:
            text = _("There is no time zone %(name)s. Write it as Europe/Berlin, for instance.")
            raise WrongPlan.of("time_zone", text % {"name": repr(plan.time_zone)}) from error
    if (plan.quiet_from is None) != (plan.quiet_until is None):
        name = "quiet_from" if plan.quiet_from is None else "quiet_until"
        raise WrongPlan.of(name, _("Quiet hours need a beginning and an end."))
    if plan.quiet_from is not None and plan.quiet_from == plan.quiet_until:
        raise WrongPlan.of("quiet_until", _("Quiet hours end at another time than they begin."))
    if plan.budget_money is not None and plan.human_hour is None and plan.machine_hour is None:
        raise WrongPlan.of("budget_money", _("Set the cost of an hour first: without it nothing costs money."))
    if (plan.human_hour is not None or plan.machine_hour is not None) and not plan.currency.strip():
        raise WrongPlan.of("currency", _("Name the currency of these amounts."))


def look_at_budget(*, plan: RoundPlan, now: datetime) -> Sentence:
    """Why the budget lets nothing start; empty: it does. Leads are told once, by an event and in their inbox."""
    waits = waits_for_budget(plan, now=now)
    if not waits:
        if plan.budget_reached_at is not None:
            RoundPlan.objects.filter(pk=plan.pk).update(budget_reached_at=None)
        return waits
    with transaction.atomic():
        if RoundPlan.objects.filter(pk=plan.pk, budget_reached_at=None).update(budget_reached_at=now):
            after = {"reason": waits}
            record("round.budget_reached", plan, acting_user=None, now=now, campaign=plan.campaign, after=after)
    return waits


def look_at_target(*, plan: RoundPlan, now: datetime) -> Sentence:
    """The sentence that the target is reached, by the version that serves; empty: it is not.

    Once reached it stays so until a lead changes it: the schedule starts no further round.
    """
    if plan.target is None:
        return Sentence()
    if plan.target_reached_at is not None:
        return Sentence(gettext_noop("The target is reached: change it to go on."))
    figure = serving_figure(plan)
    if figure is None or not figure.reaches(plan.target):
        return Sentence()
    reached = _reached(figure, plan.target)
    with transaction.atomic():
        if RoundPlan.objects.filter(pk=plan.pk, target_reached_at=None).update(target_reached_at=now):
            after = {
                "version": figure.version,
                "base": figure.base,
                "by": figure.by,
                "value": figure.value,
                "low": figure.low,
                "high": figure.high,
                "count": figure.count,
                "through": list(figure.through),
                "target": plan.target,
                "reason": reached,
            }
            record("round.target_reached", plan, acting_user=None, now=now, campaign=plan.campaign, after=after)
    return reached


def _reached(figure: TargetFigure, target: float) -> Sentence:
    text = gettext_noop(
        "The target is reached: %(version)s wins %(rate)s against the base (%(low)s to %(high)s); at least %(target)s "
        "was asked for."
    )
    rates = {"rate": Percent(figure.value), "low": Percent(figure.low), "high": Percent(figure.high)}
    return Sentence(text, {"version": figure.version, **rates, "target": Percent(target)})
