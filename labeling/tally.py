"""The running totals of a campaign: added to by actions, summed by queries."""

import random
from dataclasses import dataclass

from django.db import connection
from django.db.models import Sum

from labeling.models import CampaignTally, Comparison

ADD = """
INSERT INTO labeling_campaigntally AS tally (campaign_id, shard, comparisons, wanted, judgments, settled, conflicts)
VALUES (%(campaign)s, %(shard)s, %(comparisons)s, %(wanted)s, %(judgments)s, %(settled)s, %(conflicts)s)
ON CONFLICT (campaign_id, shard) DO UPDATE SET
    comparisons = tally.comparisons + excluded.comparisons,
    wanted = tally.wanted + excluded.wanted,
    judgments = tally.judgments + excluded.judgments,
    settled = tally.settled + excluded.settled,
    conflicts = tally.conflicts + excluded.conflicts
"""


@dataclass(slots=True)
class Tally:
    """Totals, or what is to be added to them. Retired comparisons count nowhere.

    wanted: judgments in all, those made included; a comparison whose verdict was imported wants none.
    """

    comparisons: int = 0
    wanted: int = 0
    judgments: int = 0
    settled: int = 0
    conflicts: int = 0


def random_shard() -> int:
    """Which shard takes a change. Any will do: a random one makes waiting for each other unlikely."""
    return random.randrange(CampaignTally.SHARDS)


def add_to_tally(
    campaign_id: int,
    *,
    comparisons: int = 0,
    wanted: int = 0,
    judgments: int = 0,
    settled: int = 0,
    conflicts: int = 0,
) -> None:
    """Adds to a campaign's totals. Call it late in a transaction: the shard stays locked to its end."""
    values = {
        "comparisons": comparisons,
        "wanted": wanted,
        "judgments": judgments,
        "settled": settled,
        "conflicts": conflicts,
    }
    if any(values.values()):
        with connection.cursor() as cursor:
            cursor.execute(ADD, {"campaign": campaign_id, "shard": random_shard(), **values})


def read_tally(campaign_id: int) -> Tally:
    """A campaign's totals."""
    names = ("comparisons", "wanted", "judgments", "settled", "conflicts")
    sums = CampaignTally.objects.filter(campaign=campaign_id).aggregate(
        **{name: Sum(name, default=0) for name in names}
    )
    return Tally(**sums)


def count_tally(campaign_id: int) -> Tally:
    """The same, counted from the comparisons themselves: what the totals must equal. Costs a walk over all of them."""
    status = Comparison.Status
    counted = Tally()
    rows = Comparison.objects.filter(campaign=campaign_id).exclude(status=status.RETIRED)
    for state, overlap, judged in rows.values_list("status", "overlap", "judged").iterator():
        counted.comparisons += 1
        counted.wanted += judged if state == status.SETTLED else overlap
        counted.judgments += judged
        counted.settled += state == status.SETTLED
        counted.conflicts += state == status.CONFLICT
    return counted
