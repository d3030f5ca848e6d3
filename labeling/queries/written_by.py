"""What two writers wrote for the same prompts, and whom people preferred."""

from dataclasses import dataclass

from django.db.models import Avg, Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Length

from labeling.models import Campaign, Completion, Prompt
from labeling.queries.verdicts import standing_verdicts
from labeling.stats import Estimate, proportion


@dataclass(frozen=True, slots=True)
class Written:
    """How one writer wrote for some prompts. length: mean, characters. ended: share that ended by itself, of those of
    which it is known."""

    completions: int
    length: float | None
    ended: float | None


@dataclass(frozen=True, slots=True)
class HeadToHead:
    """Settled comparisons between two writers. win_rate: of the second; a tie is half a win."""

    wins: int
    losses: int
    ties: int
    win_rate: Estimate


def shared_prompts(campaigns: QuerySet[Campaign], one: str, other: str) -> QuerySet[Prompt]:
    """Prompts for which both have written, newest first."""
    mine = Completion.objects.filter(prompt=OuterRef("pk"))
    both = Exists(mine.filter(model_version=one)), Exists(mine.filter(model_version=other))
    return Prompt.objects.filter(*both, campaign__in=campaigns.order_by().values("pk")).order_by("-pk")


def first_written(prompts: list[Prompt], version: str) -> dict[int, Completion]:
    """For each prompt (by id) the first completion of a version."""
    found = Completion.objects.filter(prompt__in=prompts, model_version=version)
    rows = found.order_by("prompt_id", "pk").distinct("prompt_id")
    return {one.prompt_id: one for one in rows.defer("token_ids", "prompt_token_ids")}


def written_for(prompts: QuerySet[Prompt], version: str) -> Written:
    """What a version wrote for some prompts, in numbers."""
    rows = Completion.objects.filter(prompt__in=prompts.order_by().values("pk"), model_version=version)
    known = Q(finish_reason__in=("stop", "length"))
    told = rows.aggregate(
        completions=Count("pk"),
        length=Avg(Length("text")),
        ended=Count("pk", filter=Q(finish_reason="stop")),
        known=Count("pk", filter=known),
    )
    ended = told["ended"] / told["known"] if told["known"] else None
    return Written(told["completions"], told["length"], ended)


def head_to_head(campaigns: QuerySet[Campaign], one: str, other: str) -> HeadToHead:
    """How often people preferred `other` where the two were compared."""
    wins = losses = ties = 0
    for campaign in campaigns:
        verdicts = standing_verdicts(campaign).order_by()
        for first, second, side in ((one, other, "b"), (other, one, "a")):
            ours = verdicts.filter(
                comparison__completion_a__model_version=first, comparison__completion_b__model_version=second
            )
            counted = dict(ours.values_list("winner").annotate(verdicts=Count("pk")))
            lost = "a" if side == "b" else "b"
            wins, losses = wins + counted.get(side, 0), losses + counted.get(lost, 0)
            ties += counted.get("tie", 0) + counted.get("both_bad", 0)
    return HeadToHead(wins, losses, ties, proportion(wins + ties / 2, wins + losses + ties))
