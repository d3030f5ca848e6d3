"""Summaries of the annotators of a campaign."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Avg, Count, Max, Q
from django.db.models.functions import Coalesce

from labeling.models import Assignment, Campaign, Choice, Comparison, Judgment

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
    """Everybody who ever judged in the campaign, the busiest first. Judgments count as in statistics: see COUNTED."""
    is_current = Q(superseded_at=None, kind=Assignment.Kind.NORMAL)
    preferred = COUNTED & Q(choice__in=[Choice.A, Choice.B])
    on_left = preferred & (Q(choice=Choice.A, left="a") | Q(choice=Choice.B, left="b"))
    rows = (
        Judgment.objects.filter(campaign=campaign)
        .order_by()
        .values("annotator__pseudonym", "annotator__is_simulated", "annotator__outside_campaign")
        .annotate(
            judged=Count("pk", filter=COUNTED & ~Q(choice=Choice.SKIP)),
            skipped=Count("pk", filter=is_current & Q(choice=Choice.SKIP, flag="")),
            flagged=Count("pk", filter=is_current & ~Q(flag="")),
            undone=Count("pk", filter=Q(superseded_at__isnull=False)),
            ties=Count("pk", filter=COUNTED & Q(choice__in=[Choice.TIE, Choice.BOTH_BAD])),
            preferred=Count("pk", filter=preferred),
            on_left=Count("pk", filter=on_left),
            seconds=Avg("seconds", filter=COUNTED),
            last=Coalesce(Max("created_at", filter=is_current), Max("created_at")),
        )
        .order_by("-judged", "annotator__pseudonym")
    )
    return [
        AnnotatorSummary(
            pseudonym=row["annotator__pseudonym"],
            is_simulated=row["annotator__is_simulated"],
            is_outside=row["annotator__outside_campaign"] is not None,
            judged=row["judged"],
            skipped=row["skipped"],
            flagged=row["flagged"],
            undone=row["undone"],
            ties=row["ties"],
            left_share=row["on_left"] / row["preferred"] if row["preferred"] else None,
            seconds=row["seconds"],
            last_judged_at=row["last"],
        )
        for row in rows
    ]
