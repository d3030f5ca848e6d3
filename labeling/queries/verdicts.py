"""Verdicts as exports and snapshots read them: streamed, in a stable order, in constant memory."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import repeat
from typing import cast

from django.db.models import Count, QuerySet

from labeling.exchange import CompletionText, DropReport, PreferencePair, VerdictRecord
from labeling.exchange import preference_pairs as pairs_of
from labeling.exchange.records import FinishReason, Winner
from labeling.models import Campaign, Comparison, Verdict
from labeling.tally import read_tally

CHUNK = 500
UNSETTLED = VerdictRecord(prompt=(), a=CompletionText(""), b=CompletionText(""), winner=None)
"""Stands for a comparison without a verdict: counted by whoever reads, so nothing about it is loaded."""


def verdict_records(campaign: Campaign) -> Iterator[VerdictRecord]:
    """Every comparison of a campaign that is not out: those with a verdict, prompt by prompt, then the unsettled.

    Read through a server-side cursor: memory does not grow with the campaign. Records carry no id: a preference pair is
    named by its content, so that the same labels give the same names wherever they are.
    """
    verdicts = standing_verdicts(campaign)
    rows = verdicts.select_related("comparison__prompt", "comparison__completion_a", "comparison__completion_b")
    for verdict in rows.order_by("comparison__prompt_id", "comparison_id").iterator(chunk_size=CHUNK):
        yield _record(verdict)
    unsettled = Comparison.objects.filter(
        campaign=campaign, status__in=[Comparison.Status.OPEN, Comparison.Status.CONFLICT]
    )
    yield from repeat(UNSETTLED, unsettled.count())


def standing_verdicts(campaign: Campaign) -> QuerySet[Verdict]:
    """The verdicts that count: not those of comparisons that are retired, flagged or gold."""
    return Verdict.objects.filter(campaign=campaign).exclude(comparison__status__in=Comparison.OUT)


def winners(campaign: Campaign) -> dict[str, int]:
    """How many comparisons have which winner, or are a conflict, or are still open."""
    counted = dict(
        standing_verdicts(campaign)
        .order_by()
        .values_list("winner")
        .annotate(comparisons=Count("pk"))
        .order_by("winner")
    )
    tally = read_tally(campaign.pk)
    return counted | {"conflict": tally.conflicts, "open": tally.comparisons - tally.settled - tally.conflicts}


def preference_pairs(campaign: Campaign, report: DropReport | None = None) -> Iterator[PreferencePair]:
    """What the campaign's verdicts yield for training, in the same order. report: counts what yields nothing."""
    return pairs_of(verdict_records(campaign), report or DropReport())


def fresh_verdicts(campaign: Campaign, *, since: datetime | None = None) -> int:
    """How many verdicts were settled after a moment (None: ever)."""
    verdicts = standing_verdicts(campaign)
    return (verdicts if since is None else verdicts.filter(settled_at__gt=since)).count()


def _record(verdict: Verdict) -> VerdictRecord:
    comparison = verdict.comparison
    a, b = comparison.completion_a, comparison.completion_b
    # Two models that tokenize the prompt in two ways: then its text is what both were asked.
    shared = a.prompt_token_ids if a.prompt_token_ids == b.prompt_token_ids else None
    return VerdictRecord(
        prompt=comparison.prompt.messages,
        a=CompletionText(a.text, a.model_version, _finish(a.finish_reason), _ids(a.token_ids)),
        b=CompletionText(b.text, b.model_version, _finish(b.finish_reason), _ids(b.token_ids)),
        winner=_winner(verdict.winner),
        confidence=verdict.confidence,
        prompt_ids=_ids(shared),
    )


def _finish(reason: str) -> FinishReason | None:
    return cast(FinishReason, reason) if reason else None


def _winner(winner: str) -> Winner:
    return cast(Winner, winner)


def _ids(ids: Sequence[int] | None) -> tuple[int, ...] | None:
    return None if ids is None else tuple(ids)
