"""Why the schedule starts nothing now: the target, the budget, quiet hours, agreement. Each in a sentence."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Max, Q
from django.utils.translation import gettext_noop

from common.sentences import Percent, Sentence
from labeling.models import Assignment, Campaign, Choice, Comparison, Judgment
from labeling.stats import percent_agreement
from labeling.stats.agreement import Pattern
from training.models import ModelVersion, RoundPlan
from training.queries.loop import loop_versions
from training.queries.rehearsals import channel_of, is_rehearsed
from training.queries.retraining import last_snapshot
from training.queries.round_costs import Cost, spent
from training.queries.serving import serving_version
from training.queries.watching import is_rejected

Period = RoundPlan.Period
LEAST_PAIRS = 20
"""Of which agreement is read."""


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


def budget_used(plan: RoundPlan, *, now: datetime) -> Cost | None:
    """The cost that counts for the budget until now; None: there is no budget."""
    if plan.budget_money is None and plan.budget_minutes is None:
        return None
    return spent(plan, budget_since(plan, now=now), now=now)


def waits_for_budget(plan: RoundPlan, *, now: datetime) -> Sentence:
    """Empty while there is something left, or without a budget."""
    cost = budget_used(plan, now=now)
    if cost is None:
        return Sentence()
    values: dict[str, Any]
    if plan.budget_minutes is not None and cost.machine_seconds >= 60 * plan.budget_minutes:
        values = {"spent": cost.machine_minutes, "budget": plan.budget_minutes}
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
    """Empty where enough pairs of votes agree, or any number is enough. Pairs learned from count no more."""
    if plan.min_agreement is None:
        return Sentence()
    patterns = _new_patterns(plan.campaign)
    pairs = sum(count for votes, count in patterns.items() if sum(votes) > 1)
    found, needed = percent_agreement(patterns), Percent(plan.min_agreement)
    if found.value is None or pairs < LEAST_PAIRS:
        text = gettext_noop(
            "Waiting: %(needed)s agreement is needed, and %(pairs)s of %(least)s pairs have two judgments since the "
            "last run."
        )
        return Sentence(text, {"needed": needed, "pairs": pairs, "least": LEAST_PAIRS})
    if found.value >= plan.min_agreement:
        return Sentence()
    text = gettext_noop("Waiting: agreement is %(agreement)s on %(pairs)s pairs, and %(needed)s is needed.")
    return Sentence(text, {"agreement": Percent(found.value), "pairs": found.comparisons, "needed": needed})


def _new_patterns(campaign: Campaign) -> dict[Pattern, int]:
    """The votes on each pair that got one since the last run's labels were frozen, without those of no person here.

    Also pairs that are not settled: those that people disagree on.
    """
    votes = Judgment.objects.filter(
        campaign=campaign, kind=Assignment.Kind.NORMAL, superseded_at=None, annotator__outside_campaign=None
    )
    if not is_rehearsed(campaign):
        votes = votes.filter(annotator__is_simulated=False)
    votes = votes.exclude(choice=Choice.SKIP).exclude(comparison__status__in=Comparison.OUT)
    by_pair = (
        votes.order_by()
        .values("comparison")
        .annotate(
            a=Count("pk", filter=Q(choice=Choice.A)),
            tie=Count("pk", filter=Q(choice__in=(Choice.TIE, Choice.BOTH_BAD))),
            b=Count("pk", filter=Q(choice=Choice.B)),
            last=Max("created_at"),
        )
    )
    snapshot = last_snapshot(campaign)
    if snapshot is not None and snapshot.last_verdict_at is not None:
        by_pair = by_pair.filter(last__gt=snapshot.last_verdict_at)
    return Counter(by_pair.values_list("a", "tie", "b"))


def version_to_start_from(plan: RoundPlan) -> ModelVersion:
    """The version that the next scheduled run learns from. Raises NothingServes."""
    serving = serving_version(channel_of(plan.campaign))
    if plan.start_from == RoundPlan.StartFrom.BASE:
        return serving.base()
    if plan.start_from == RoundPlan.StartFrom.NEWEST:
        versions = loop_versions(plan.campaign).filter(files_removed_at=None)
        return next((version for version in versions.order_by("-pk") if not is_rejected(version)), serving)
    return serving


def enough_open_pairs(campaign: Campaign, needed: int) -> bool:
    """Whether the pairs that are open could bring so many verdicts."""
    return campaign.comparisons.filter(status=Comparison.Status.OPEN).count() >= needed
