"""Counting a large campaign for its statistics, in the background: pages show what was counted last, with its time.

The job is a row. A worker that dies leaves it begun; after a while the next page that wants it sends it again.
"""

import logging
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from common.broker import send
from labeling.models import Campaign, KeptCounts
from labeling.queries.slices import Slice, check_slice
from labeling.queries.statistics import (
    Counted,
    count_now,
    counted_now,
    is_current,
    kept_row,
    part_key,
    slice_of,
    to_keep,
    was_kept,
)
from labeling.tally import read_tally

COUNT = "labeling.tasks.count_statistics"
LARGE = 50_000
"""Judgments from which on a worker counts: below, it takes less than a second."""

ASKED_AGAIN_AFTER = timedelta(seconds=30)
"""The broker may have lost a message for which no worker has come by then."""

LOST_AFTER = timedelta(minutes=10)
"""A worker that has counted for this long is taken for dead."""

KEPT_FOR = timedelta(minutes=1)
"""Counts as new as this are new enough for a page, however much is judged meanwhile."""

MOST_KEPT = 50
"""Slices of a campaign whose counts are kept. Those that nobody has wanted for longest go."""

log = logging.getLogger(__name__)


def counted_or_coming(
    *, campaign: Campaign, part: Slice, again: bool = False, now: datetime
) -> tuple[Counted | None, bool]:
    """The counts of a slice for a page, and whether newer ones are being made.

    In a large campaign the counts are the last that were made; None: the first ones are being made. again: whether the
    reader wants newer ones, however new these are. Raises Invalid.
    """
    if read_tally(campaign.pk).judgments < LARGE:
        return counted_now(campaign, part, now, recount=again), False
    check_slice(campaign, part)
    row = kept_row(campaign, part)
    kept, is_coming = was_kept(row), row is not None and _is_wanted(row)
    is_new_enough = kept is not None and (now - kept.counts.at < KEPT_FOR or is_current(campaign, kept, now))
    if is_new_enough and not again and not is_coming:
        return kept, False
    _ask(campaign, part, now)
    return kept, True


def counted_for_file(*, campaign: Campaign, part: Slice, again: bool = False, now: datetime) -> Counted:
    """The counts of a slice that its page shows; counted at once where it shows none yet. Raises Invalid."""
    counted, _ = counted_or_coming(campaign=campaign, part=part, again=again, now=now)
    return counted or counted_now(campaign, part, now)


def _is_wanted(row: KeptCounts) -> bool:
    """Whether somebody wants newer counts than the row has."""
    return row.counted_at is None or row.counted_at < row.asked_at


@transaction.atomic
def _ask(campaign: Campaign, part: Slice, now: datetime) -> None:
    row, is_new = KeptCounts.objects.select_for_update().get_or_create(
        campaign=campaign,
        part=part_key(part),
        defaults={"limits": _limits(part), "asked_at": now},
    )
    is_sent = _is_wanted(row) and row.started_at is None and now < row.asked_at + ASKED_AGAIN_AFTER
    is_running = row.started_at is not None and now < row.started_at + LOST_AFTER
    if not is_new and (is_sent or is_running):
        return
    row.asked_at, row.started_at = now, None
    row.save(update_fields=["asked_at", "started_at"])
    if is_new:
        newest = KeptCounts.objects.filter(campaign=campaign).order_by("-asked_at", "-pk").values("pk")[:MOST_KEPT]
        KeptCounts.objects.filter(campaign=campaign).exclude(pk__in=list(newest.values_list("pk", flat=True))).delete()
    transaction.on_commit(lambda: send(COUNT, row.pk))


def count_statistics(row_id: int, *, clock: Callable[[], datetime] = timezone.now) -> bool:
    """Counts what a row asks for; returns whether it did. False: another worker does, it is done, or it is gone."""
    now = clock()
    wanted = KeptCounts.objects.filter(KeptCounts.WANTED, pk=row_id)
    if not wanted.filter(Q(started_at=None) | Q(started_at__lt=now - LOST_AFTER)).update(started_at=now):
        return False
    row = KeptCounts.objects.select_related("campaign").get(pk=row_id)
    made = count_now(row.campaign, slice_of(row.limits), now)
    # The clock of who asked may be ahead of this worker's. Of two workers that counted, the later count stays.
    at = max(now, row.asked_at)
    older = KeptCounts.objects.filter(Q(counted_at=None) | Q(counted_at__lt=at), pk=row_id)
    older.update(counted=to_keep(made), counted_at=at, started_at=None)
    log.info("Counted %s for its statistics in %.1f s", row.campaign, made.seconds)
    return True


def _limits(part: Slice) -> dict[str, object]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(part).items()}
