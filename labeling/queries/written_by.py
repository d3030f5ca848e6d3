"""Compares two model versions: their completions for the same prompts, and the verdicts between them."""

from dataclasses import dataclass

from django.db.models import Avg, Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Length

from labeling.models import Campaign, Completion, Prompt
from labeling.queries.verdicts import standing_verdicts
from labeling.stats import Estimate, proportion


@dataclass(frozen=True, slots=True)
class Written:
    """The completions of one version for some prompts.

    length: mean, in characters. ended: the share that ended by themselves, of those of which it is known.
    """

    completions: int
    length: float | None
    ended: float | None


@dataclass(frozen=True, slots=True)
class HeadToHead:
    """Settled comparisons between two versions. win_rate: of the second; a tie is half a win."""

    wins: int
    losses: int
    ties: int
    win_rate: Estimate


def shared_prompts(campaigns: QuerySet[Campaign], one: str, other: str) -> QuerySet[Prompt]:
    """Prompts for which both versions have completions, newest first."""
    completions = Completion.objects.filter(prompt=OuterRef("pk"))
    both = Exists(completions.filter(model_version=one)), Exists(completions.filter(model_version=other))
    return Prompt.objects.filter(*both, campaign__in=campaigns.order_by().values("pk")).order_by("-pk")


def first_written(prompts: list[Prompt], version: str) -> dict[int, Completion]:
    """The first completion of a version for each prompt, by prompt id."""
    completions = Completion.objects.filter(prompt__in=prompts, model_version=version)
    rows = completions.order_by("prompt_id", "pk").distinct("prompt_id")
    return {one.prompt_id: one for one in rows.defer("token_ids", "prompt_token_ids")}


def written_for(prompts: QuerySet[Prompt], version: str) -> Written:
    """Figures of a version's completions for some prompts."""
    rows = Completion.objects.filter(prompt__in=prompts.order_by().values("pk"), model_version=version)
    is_known = Q(finish_reason__in=("stop", "length"))
    totals = rows.aggregate(
        completions=Count("pk"),
        length=Avg(Length("text")),
        ended=Count("pk", filter=Q(finish_reason="stop")),
        known=Count("pk", filter=is_known),
    )
    ended = totals["ended"] / totals["known"] if totals["known"] else None
    return Written(totals["completions"], totals["length"], ended)


def head_to_head(campaigns: QuerySet[Campaign], one: str, other: str) -> HeadToHead:
    """The verdicts of comparisons between two versions. A win is a verdict for `other`."""
    wins = losses = ties = 0
    for campaign in campaigns:
        verdicts = standing_verdicts(campaign).order_by()
        for first, second, side in ((one, other, "b"), (other, one, "a")):
            between = verdicts.filter(
                comparison__completion_a__model_version=first, comparison__completion_b__model_version=second
            )
            counted = dict(between.values_list("winner").annotate(verdicts=Count("pk")))
            lost = "a" if side == "b" else "b"
            wins, losses = wins + counted.get(side, 0), losses + counted.get(lost, 0)
            ties += counted.get("tie", 0) + counted.get("both_bad", 0)
    return HeadToHead(wins, losses, ties, proportion(wins + ties / 2, wins + losses + ties))
