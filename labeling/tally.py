"""The running totals of a campaign. Actions add to them, queries sum them up."""

import random
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, fields

from django.db.models import Sum

from common.database.prepared import prepared_cursor
from labeling.models import CampaignTally, Comparison, Prompt

Status = Comparison.Status


@dataclass(slots=True)
class Tally:
    """Totals of a campaign, or a change of them. Comparisons that are out (retired, flagged, gold) count nowhere.

    wanted: all judgments, including those made; a comparison with an imported verdict wants none. finished: comparisons
    that have all their judgments, settled or not; finished_judgments: the judgments of these.
    """

    comparisons: int = 0
    wanted: int = 0
    judgments: int = 0
    settled: int = 0
    conflicts: int = 0
    finished: int = 0
    finished_judgments: int = 0
    prompts: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(getattr(self, name) + getattr(other, name) for name in COLUMNS))

    def __sub__(self, other: "Tally") -> "Tally":
        return Tally(*(getattr(self, name) - getattr(other, name) for name in COLUMNS))


COLUMNS = tuple(field.name for field in fields(Tally))

_SUMS = ", ".join(f"{name} = tally.{name} + excluded.{name}" for name in COLUMNS)
ADD = f"""
INSERT INTO labeling_campaigntally AS tally (campaign_id, shard, {", ".join(COLUMNS)})
VALUES (%(campaign)s, %(shard)s, {", ".join(f"%(tally_{name})s" for name in COLUMNS)})
ON CONFLICT (campaign_id, shard) DO UPDATE SET {_SUMS}
"""  # noqa: S608 - made of constants


def tally_of(comparison: Comparison) -> Tally:
    """The contribution of one comparison, in its present state, to the totals of its campaign."""
    if comparison.status in Comparison.OUT:
        return Tally()
    is_settled, is_conflict = comparison.status == Status.SETTLED, comparison.status == Status.CONFLICT
    is_finished = comparison.judged > 0 and (is_settled or is_conflict)
    return Tally(
        comparisons=1,
        wanted=comparison.judged if is_settled else comparison.overlap,
        judgments=comparison.judged,
        settled=int(is_settled),
        conflicts=int(is_conflict),
        finished=int(is_finished),
        finished_judgments=comparison.judged if is_finished else 0,
    )


def tally_of_all(comparisons: Iterable[Comparison]) -> Tally:
    """The contribution of several comparisons. Few differ in what counts, so each kind is counted once."""
    kinds = Counter((one.status, one.overlap, one.judged) for one in comparisons)
    total = Tally()
    for (status, overlap, judged), number in kinds.items():
        one = tally_of(Comparison(status=status, overlap=overlap, judged=judged))
        total += Tally(*(number * getattr(one, name) for name in COLUMNS))
    return total


def tally_values(campaign_id: int, change: Tally) -> dict[str, int]:
    """The parameters of ADD. The shard is random, so that concurrent transactions seldom wait for each other."""
    columns = {f"tally_{name}": value for name, value in asdict(change).items()}
    return {"campaign": campaign_id, "shard": random.randrange(CampaignTally.SHARDS), **columns}


def add_to_tally(campaign_id: int, change: Tally) -> None:
    """Adds to the totals of a campaign. Call it late in a transaction: the shard stays locked until its end."""
    if change != Tally():
        with prepared_cursor() as cursor:
            cursor.execute(ADD, tally_values(campaign_id, change))


def read_tally(campaign_id: int) -> Tally:
    """The totals of a campaign."""
    return read_tallies([campaign_id])[campaign_id]


def read_tallies(campaign_ids: Collection[int]) -> dict[int, Tally]:
    """The totals of campaigns. One statement."""
    rows = CampaignTally.objects.filter(campaign__in=campaign_ids).order_by().values_list("campaign")
    sums = rows.annotate(**{f"sum_{name}": Sum(name) for name in COLUMNS})
    return {key: Tally() for key in campaign_ids} | {key: Tally(*numbers) for key, *numbers in sums}


def count_tally(campaign_id: int) -> Tally:
    """The totals counted from comparisons and prompts: `read_tally` must equal them. Reads all of the campaign."""
    rows = Comparison.objects.filter(campaign=campaign_id).only("status", "overlap", "judged")
    prompts = Tally(prompts=Prompt.objects.filter(campaign=campaign_id, retired_at=None).count())
    return tally_of_all(rows.iterator()) + prompts
