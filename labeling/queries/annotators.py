"""Summaries of the annotators of a campaign."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from labeling.models import Assignment, Campaign, Choice, Comparison, Judgment, User

COUNTED = Q(superseded_at=None, kind=Assignment.Kind.NORMAL) & ~Q(comparison__status__in=Comparison.OUT)
"""The judgments that statistics and totals count: current ones, of comparisons that are judged for a verdict."""


@dataclass(frozen=True, slots=True)
class AnnotatorSummary:
    """One annotator, by pseudonym.

    skipped: without a flag; flagged: with one. left_share: the share of preferences that are for the left side.
    seconds: mean time for a judgment; None: no client sent any.
    """

    pseudonym: str
    is_simulated: bool
    is_outside: bool
    judged: int
    skipped: int
    flagged: int
    undone: int
    ties: int
    left_share: float | None
    seconds: float | None
    last_judged_at: datetime | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def annotator_summaries(campaign: Campaign) -> list[AnnotatorSummary]:
    """Everybody who ever judged in the campaign, the busiest first. Judgments count as in statistics: see COUNTED.

    Most comparisons count, so the sums of all judgments are made without looking at comparisons, and those of the few
    that are out are subtracted.
    """
    rows = Judgment.objects.filter(campaign=campaign)
    out = rows.filter(comparison__campaign=campaign, comparison__status__in=Comparison.OUT)
    everything, less = _sums(rows), _sums(out)
    people = User.objects.in_bulk(list(everything))
    summaries = [_summary(people[pk], one, less.get(pk, {})) for pk, one in everything.items()]
    return sorted(summaries, key=lambda one: (-one.judged, one.pseudonym))


def _sums(rows: QuerySet[Judgment]) -> dict[int, dict[str, Any]]:
    """The counts of these judgments by annotator."""
    is_current = Q(superseded_at=None, kind=Assignment.Kind.NORMAL)
    preferred = is_current & Q(choice__in=[Choice.A, Choice.B])
    counted = (
        rows.order_by()
        .values("annotator")
        .annotate(
            judged=Count("pk", filter=is_current & ~Q(choice=Choice.SKIP)),
            skipped=Count("pk", filter=is_current & Q(choice=Choice.SKIP, flag="")),
            flagged=Count("pk", filter=is_current & ~Q(flag="")),
            undone=Count("pk", filter=Q(superseded_at__isnull=False)),
            ties=Count("pk", filter=is_current & Q(choice__in=[Choice.TIE, Choice.BOTH_BAD])),
            preferred=Count("pk", filter=preferred),
            on_left=Count("pk", filter=preferred & Q(choice=F("left"))),
            total_seconds=Coalesce(Sum("seconds", filter=is_current), 0.0),
            timed=Count("seconds", filter=is_current),
            last=Coalesce(Max("created_at", filter=is_current), Max("created_at")),
        )
    )
    return {row["annotator"]: dict(row) for row in counted}


def _summary(annotator: User, one: dict[str, Any], out: dict[str, Any]) -> AnnotatorSummary:
    """One annotator's summary. one: the counts of all their judgments. out: of those on comparisons that are out."""
    counted = {name: one[name] - out.get(name, 0) for name in ("judged", "ties", "preferred", "on_left", "timed")}
    seconds = one["total_seconds"] - out.get("total_seconds", 0.0)
    return AnnotatorSummary(
        pseudonym=annotator.pseudonym,
        is_simulated=annotator.is_simulated,
        is_outside=annotator.is_outside,
        judged=counted["judged"],
        skipped=one["skipped"],
        flagged=one["flagged"],
        undone=one["undone"],
        ties=counted["ties"],
        left_share=counted["on_left"] / counted["preferred"] if counted["preferred"] else None,
        seconds=seconds / counted["timed"] if counted["timed"] else None,
        last_judged_at=one["last"],
    )
