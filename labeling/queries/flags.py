"""Flags that wait for a lead's review."""

from collections.abc import Sequence

from django.db.models import Max

from labeling.models import Campaign, Comparison, Event, Judgment

REVIEWS = ("comparison.flag_dismissed", "comparison.flag_upheld")


def with_unreviewed_flags(campaign: Campaign, comparisons: Sequence[Comparison]) -> set[int]:
    """The ids of those comparisons that a current judgment flags and that no lead has reviewed since."""
    current = Judgment.objects.filter(comparison__in=comparisons, superseded_at=None).exclude(flag="")
    flagged = dict(current.order_by().values_list("comparison").annotate(at=Max("created_at")))
    if not flagged:
        return set()
    # Limited by time, so that the index of the campaign's events finds the reviews.
    reviews = Event.objects.filter(campaign=campaign, at__gte=min(flagged.values()), verb__in=REVIEWS)
    of_these = reviews.filter(subject_type="comparison", subject_id__in=[str(one) for one in flagged])
    reviewed = dict(of_these.order_by().values_list("subject_id").annotate(last=Max("at")))
    return {one for one, at in flagged.items() if str(one) not in reviewed or reviewed[str(one)] < at}
