"""The votes that every comparison was planned to get: they alone show how far people agree."""

from django.db.models import QuerySet, Window
from django.db.models.functions import RowNumber

from labeling.models import Assignment, Campaign, Choice, Judgment


def planned_of(campaign: Campaign) -> int | None:
    """How many votes of a comparison count, the first ones; None: all do.

    Adaptive overlap asks for more where the first ones differ. Counted like others, they would show less agreement than
    there is. Statistics count as many (`labeling.queries.slices`).
    """
    return None if campaign.max_overlap is None else max(campaign.overlap, 2)


def planned_votes(campaign: Campaign) -> QuerySet[Judgment]:
    """The current votes of a campaign that its comparisons were planned to get, of all kinds of annotators."""
    rows = Judgment.objects.filter(campaign=campaign, kind=Assignment.Kind.NORMAL, superseded_at=None)
    rows = rows.exclude(choice=Choice.SKIP)
    planned = planned_of(campaign)
    if planned is None:
        return rows
    place = Window(RowNumber(), partition_by="comparison", order_by=("created_at", "pk"))
    # As a subquery: a further filter would else be applied before the votes are counted off.
    early = rows.order_by().alias(place=place).filter(place__lte=planned).values("pk")
    return Judgment.objects.filter(pk__in=early)
