"""Chosen comparisons come next: they exchange places in the queue with those that would have come first.

A permutation of the positions that there are. So the queue needs no further index, and a comparison of a higher
priority still comes before all of a lower one. Only comparisons that nobody was ever given take part: those with some
of their judgments keep their places, and get the others first.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, QuerySet

from labeling.judging.queue import rewind_cursors
from labeling.models import Campaign, Comparison

Chosen = Sequence[tuple[int, str]]
"""Comparisons by id, each with the arm that chose it, in the order in which they shall come."""


READ = 5000
"""Comparisons of the queue that are read at most: where all of these have some of their votes, they come first."""


@dataclass(frozen=True, slots=True)
class Front:
    """The comparisons of the highest priority that nobody was given, as they stand in the queue.

    ready: how many were chosen before. free: the ids of the others.
    """

    ready: int
    free: list[int]


def front_of_queue(campaign: Campaign, limit: int) -> Front:
    """The front of a campaign's queue, up to `limit` comparisons among the first READ that wait."""
    waiting = _waiting(campaign).order_by("position")[:READ]
    rows = waiting.values_list("pk", "priority", "arm", "taken", "judged", "lean")
    untouched = [row for row in rows if not any(row[3:])][:limit]
    first = [row for row in untouched if row[1] == untouched[0][1]]
    free = [row[0] for row in first if not row[2]]
    return Front(len(first) - len(free), free)


def deal(campaign: Campaign, chosen: Chosen, *, front: Sequence[int]) -> dict[str, int]:
    """Puts chosen comparisons on the first places of `front`, in their order; returns how many of each arm.

    front: the ids of `front_of_queue`, with the chosen ones among them. A comparison that somebody was given meanwhile,
    or that is locked at this moment, stays where it is. Annotators who are past these places come back to them.
    """
    dealt, first = _exchanged(campaign, chosen, front)
    if first is not None:
        # Behind the commit: an annotator who holds a membership may wait for one of these comparisons. Also a cursor
        # that stands on this place comes back: another comparison is there now.
        rewind_cursors(campaign, math.nextafter(first, -math.inf))
    return dealt


@transaction.atomic
def _exchanged(campaign: Campaign, chosen: Chosen, front: Sequence[int]) -> tuple[dict[str, int], float | None]:
    """How many of each arm took their places, and the first of these; None: none did."""
    arms = dict(chosen)
    wanted = [*front[: len(chosen)], *arms]
    rows = _waiting(campaign).filter(pk__in=wanted, arm="", taken=0, judged=0, lean=0.0).order_by("pk")
    locked = {one.pk: one for one in rows.select_for_update(skip_locked=True, no_key=True)}
    first = [locked[pk] for pk, _arm in chosen if pk in locked]
    # Those that they displace keep their order among each other.
    others = sorted((one for one in locked.values() if one.pk not in arms), key=lambda one: one.position)
    positions = sorted(one.position for one in locked.values())
    dealt: dict[str, int] = {}
    for one, position in zip([*first, *others], positions, strict=True):
        one.position, one.arm = position, arms.get(one.pk, "")
        if one.arm:
            dealt[one.arm] = dealt.get(one.arm, 0) + 1
    Comparison.objects.bulk_update(locked.values(), ["position", "arm"])
    return dealt, positions[0] if dealt else None


def _waiting(campaign: Campaign) -> QuerySet[Comparison]:
    """Comparisons with a free place: `comparison_queue` has them in the order of the queue."""
    return Comparison.objects.filter(campaign=campaign, status=Comparison.Status.OPEN, taken__lt=F("overlap"))
