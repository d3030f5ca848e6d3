"""Why the schedule starts nothing now: the target, the budget, quiet hours, agreement. Each in a sentence."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext_noop

from common.sentences import Percent, Sentence
from labeling.models import Campaign, Comparison
from labeling.queries.agreement import vote_patterns
from labeling.stats import percent_agreement
from training.models import ModelVersion, RoundPlan
from training.queries.round_costs import spent
from training.queries.serving import serving_version

Period = RoundPlan.Period


def zone_of(plan: RoundPlan) -> ZoneInfo:
    """The time zone of a campaign's hours and months."""
    return ZoneInfo(plan.time_zone or settings.TIME_ZONE)


def quiet_until(plan: RoundPlan, *, now: datetime) -> datetime | None:
    """When the quiet hours end in which `now` lies, in the campaign's time zone; None: it lies in none."""
    if plan.quiet_from is None or plan.quiet_until is None or plan.quiet_from == plan.quiet_until:
        return None
    local = now.astimezone(zone_of(plan))
    at = local.time().replace(tzinfo=None)
    over_midnight = plan.quiet_from > plan.quiet_until
    is_quiet = (
        at >= plan.quiet_from or at < plan.quiet_until if over_midnight else plan.quiet_from <= at < plan.quiet_until
    )
    if not is_quiet:
        return None
    ends = datetime.combine(local.date(), plan.quiet_until, tzinfo=local.tzinfo)
    return ends + timedelta(days=1) if over_midnight and at >= plan.quiet_from else ends


def waits_for_hours(plan: RoundPlan, *, now: datetime) -> Sentence:
    """Empty outside quiet hours."""
    until = quiet_until(plan, now=now)
    if until is None:
        return Sentence()
    values = {"time": f"{until:%H:%M}", "zone": zone_of(plan).key}
    return Sentence(gettext_noop("Waiting: quiet hours until %(time)s (%(zone)s)."), values)


def budget_since(plan: RoundPlan, *, now: datetime) -> datetime | None:
    """From when on a budget counts; None: from the beginning."""
    if plan.budget_period == Period.TOTAL:
        return None
    return now.astimezone(zone_of(plan)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def waits_for_budget(plan: RoundPlan, *, now: datetime) -> Sentence:
    """Empty while there is something left, or without a budget."""
    if plan.budget_money is None and plan.budget_minutes is None:
        return Sentence()
    cost = spent(plan, budget_since(plan, now=now), now=now)
    values: dict[str, Any]
    if plan.budget_minutes is not None and cost.machine_seconds >= 60 * plan.budget_minutes:
        values = {"spent": round(cost.machine_seconds / 60), "budget": plan.budget_minutes}
        text = (
            gettext_noop("Waiting: the budget of this month is used up: %(spent)s of %(budget)s machine minutes.")
            if plan.budget_period == Period.MONTH
            else gettext_noop("Waiting: the budget is used up: %(spent)s of %(budget)s machine minutes.")
        )
        return Sentence(text, values)
    if plan.budget_money is not None and cost.money is not None and cost.money >= plan.budget_money:
        values = {"spent": str(cost.money), "budget": str(plan.budget_money), "currency": plan.currency}
        text = (
            gettext_noop("Waiting: the budget of this month is used up: %(spent)s of %(budget)s %(currency)s.")
            if plan.budget_period == Period.MONTH
            else gettext_noop("Waiting: the budget is used up: %(spent)s of %(budget)s %(currency)s.")
        )
        return Sentence(text, values)
    return Sentence()


def waits_for_agreement(plan: RoundPlan) -> Sentence:
    """Empty where enough pairs of votes agree, or any number is enough."""
    if plan.min_agreement is None:
        return Sentence()
    found = percent_agreement(vote_patterns(plan.campaign))
    needed = Percent(plan.min_agreement)
    if found.value is None:
        text = gettext_noop("Waiting: agreement is not known yet, and %(needed)s is needed: no pair has two judgments.")
        return Sentence(text, {"needed": needed})
    if found.value >= plan.min_agreement:
        return Sentence()
    text = gettext_noop("Waiting: agreement is %(agreement)s on %(pairs)s pairs, and %(needed)s is needed.")
    return Sentence(text, {"agreement": Percent(found.value), "pairs": found.comparisons, "needed": needed})


def version_to_start_from(plan: RoundPlan) -> ModelVersion:
    """The version that the next scheduled run learns from. Raises NothingServes."""
    serving = serving_version()
    if plan.start_from == RoundPlan.StartFrom.BASE:
        return serving.base()
    if plan.start_from == RoundPlan.StartFrom.NEWEST:
        versions = ModelVersion.objects.filter(run__campaign=plan.campaign_id, files_removed_at=None)
        return versions.order_by("-pk").first() or serving
    return serving


def enough_open_pairs(campaign: Campaign, needed: int) -> bool:
    """Whether the pairs that are open could bring so many verdicts."""
    return campaign.comparisons.filter(status=Comparison.Status.OPEN).count() >= needed
