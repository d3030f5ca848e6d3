"""Verdicts for exports and snapshots: streamed, in a stable order, in constant memory."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice, repeat
from typing import Any, cast

from django.db import connection
from django.db.models import Count, Exists, OuterRef, QuerySet

from labeling.exchange import (
    EDIT,
    CompletionText,
    FinishReason,
    Include,
    Message,
    VerdictRecord,
    Vote,
    Winner,
    messages_hash,
    pair_hash,
)
from labeling.models import Assignment, Campaign, Comparison, Completion, Judgment, Verdict
from labeling.tally import read_tally

CHUNK = 500
IDS = 1000
PAIR_WINNERS = ("a", "b")
"""The winners that yield a preference pair."""
STATUSES = (Comparison.Status.OPEN, Comparison.Status.CONFLICT)
"""Of comparisons without a verdict."""


# The rows of a batch. OFFSET 0 makes each look-up one by primary key. Without it the planner hashes whole tables for
# every batch (twenty times the time at 10,000 pairs), and does worse with old statistics.
ROWS = """
SELECT c.id, c.prompt_id, p.messages, v.winner, v.confidence, v.settled_by, v.settled_at,
    a.text, a.model_version, a.finish_reason, b.text, b.model_version, b.finish_reason,
    c.status, c.pair_hash, COALESCE(NULLIF(c.external_id, ''), p.external_id), p.tags, c.source,
    p.metadata, c.metadata, a.metadata, b.metadata, a.turns, b.turns {tokens}
FROM unnest(%(comparisons)s::bigint[]) WITH ORDINALITY AS wanted (id, place)
CROSS JOIN LATERAL (SELECT * FROM labeling_comparison WHERE id = wanted.id OFFSET 0) c
LEFT JOIN LATERAL (SELECT * FROM labeling_verdict WHERE comparison_id = c.id OFFSET 0) v ON TRUE
CROSS JOIN LATERAL (SELECT * FROM labeling_prompt WHERE id = c.prompt_id OFFSET 0) p
CROSS JOIN LATERAL (SELECT * FROM labeling_completion WHERE id = c.completion_a_id OFFSET 0) a
CROSS JOIN LATERAL (SELECT * FROM labeling_completion WHERE id = c.completion_b_id OFFSET 0) b
ORDER BY wanted.place
"""
TOKENS = ", a.token_ids, b.token_ids, a.prompt_token_ids, b.prompt_token_ids"
COLUMNS = 24
"""The number of columns before the tokens."""
WITH_METADATA = ("prompt", "comparison", "a", "b")
VOTES = """
SELECT j.comparison_id, u.pseudonym, j.choice, j."left", j.strength, j.seconds, j.created_at, g.number, j.criteria,
    j.comment, j.edit, j.skip_reason, j.flag, u.is_simulated, u.outside_campaign_id IS NOT NULL, j.certainty, j.metadata
FROM labeling_judgment j JOIN labeling_user u ON u.id = j.annotator_id
LEFT JOIN labeling_guidelineversion g ON g.id = j.guideline_version_id
WHERE j.comparison_id = ANY(%(comparisons)s) AND j.superseded_at IS NULL AND j.kind = 'normal'
ORDER BY j.comparison_id, j.id
"""
EDITS = """
SELECT comparison_id, choice, edit FROM labeling_judgment
WHERE comparison_id = ANY(%(comparisons)s) AND edit <> '' AND superseded_at IS NULL AND kind = 'normal'
ORDER BY comparison_id, id
"""


def verdict_records(
    campaign: Campaign,
    *,
    tokens: bool = True,
    votes: bool = False,
    include: Include = "verdicts",
    only: QuerySet[Comparison] | None = None,
) -> Iterator[VerdictRecord]:
    """Every comparison of a campaign that is not out: those with a verdict, prompt by prompt, then the unsettled ones.

    A judgment that agrees with the verdict and improved the winner adds two records: the improved text against the
    winner, and against the loser (edited > chosen > rejected), with the confidence of the verdict. With votes it adds
    none: the improved text is part of its vote.

    tokens: with the stored token ids. votes: with the current judgments, by pseudonym. include: which unsettled
    comparisons have texts and votes; for each of the others there is a record without a prompt, which is only to be
    counted. only: some comparisons of the campaign; None: all.

    Ids are read through a server-side cursor and rows in batches, so memory does not grow with the campaign. Records
    have no id: a preference pair is named by its content, so the same labels give the same names everywhere.
    """
    verdicts = standing_verdicts(campaign).order_by("comparison__prompt_id", "comparison_id")
    if only is not None:
        verdicts = verdicts.filter(comparison__in=only.order_by().values("pk"))
    yield from _all_records(verdicts.values_list("comparison_id", flat=True), tokens, votes)
    unsettled = Comparison.objects.filter(campaign=campaign, status__in=STATUSES)
    if only is not None:
        unsettled = unsettled.filter(pk__in=only.order_by().values("pk"))
    if include != "verdicts":
        wanted = unsettled if include == "all" else unsettled.filter(HAS_JUDGMENTS)
        yield from _all_records(wanted.order_by("prompt_id", "pk").values_list("pk", flat=True), tokens, votes)
        unsettled = unsettled.none() if include == "all" else unsettled.exclude(HAS_JUDGMENTS)
    for status in STATUSES:
        count = unsettled.filter(status=status).count()
        yield from repeat(_uncounted(status), count)


def comparison_record(comparison: Comparison) -> VerdictRecord:
    """One comparison in the form of `verdict_records`, whatever its status. winner: None without a verdict."""
    a, b = comparison.completion_a, comparison.completion_b
    verdict = Verdict.objects.filter(comparison=comparison).first()
    return VerdictRecord(
        prompt=comparison.prompt.messages,
        a=_completion_text(a),
        b=_completion_text(b),
        winner=_winner(verdict.winner) if verdict else None,
        confidence=verdict.confidence if verdict else 1.0,
        prompt_ids=_prompt_ids(a.prompt_token_ids, b.prompt_token_ids),
        comparison=comparison.pk,
    )


def improved(record: VerdictRecord, text: str) -> Iterator[VerdictRecord]:
    """The pairs of the winner's improved text: against the winner, and against the loser."""
    edited, prompt = CompletionText(text, finish_reason="stop"), messages_hash(record.prompt)
    for worse in (record.chosen, record.rejected):
        pair = pair_hash(prompt, edited.identity, worse.identity)
        yield replace(record, a=edited, b=worse, winner="a", settled_by=EDIT, votes=(), pair=pair)


def standing_verdicts(campaign: Campaign) -> QuerySet[Verdict]:
    """The verdicts that count: not those of retired, flagged or gold comparisons."""
    return Verdict.objects.filter(campaign=campaign).exclude(comparison__status__in=Comparison.OUT)


def count_pairs(campaign: Campaign, *, since: datetime | None = None) -> int:
    """How many verdicts that count prefer one completion: each yields a preference pair. since: settled after it.

    An index holds just these verdicts, so they are counted without the comparisons; those of the few comparisons that
    are out are subtracted.
    """
    preferring = Verdict.objects.filter(campaign=campaign, winner__in=PAIR_WINNERS)
    if since is not None:
        preferring = preferring.filter(settled_at__gt=since)
    out = preferring.filter(comparison__campaign=campaign, comparison__status__in=Comparison.OUT)
    return preferring.count() - out.count()


def winners(campaign: Campaign) -> dict[str, int]:
    """How many comparisons have each winner, are in conflict, or are open."""
    verdicts = Verdict.objects.filter(campaign=campaign).order_by()
    # Most comparisons count: the verdicts of the few that are out are subtracted, so the others are not looked up.
    out = verdicts.filter(comparison__campaign=campaign, comparison__status__in=Comparison.OUT)
    counted, less = (dict(rows.values_list("winner").annotate(number=Count("pk"))) for rows in (verdicts, out))
    standing = {winner: counted[winner] - less.get(winner, 0) for winner in sorted(counted)}
    tally = read_tally(campaign.pk)
    return {winner: number for winner, number in standing.items() if number} | {
        "conflict": tally.conflicts,
        "open": tally.comparisons - tally.settled - tally.conflicts,
    }


HAS_JUDGMENTS = Exists(
    Judgment.objects.filter(comparison=OuterRef("pk"), superseded_at=None, kind=Assignment.Kind.NORMAL)
)


def _all_records(comparisons: QuerySet[Any, int], tokens: bool, votes: bool) -> Iterator[VerdictRecord]:
    ids = comparisons.iterator(chunk_size=IDS)
    while batch := list(islice(ids, CHUNK)):
        yield from _records(batch, tokens, votes)


def _uncounted(status: str) -> VerdictRecord:
    """Stands for a comparison without a verdict. Readers only count it, so nothing about it is loaded."""
    return VerdictRecord(prompt=(), a=CompletionText(""), b=CompletionText(""), winner=None, status=status)


def _records(batch: list[int], tokens: bool, votes: bool) -> Iterator[VerdictRecord]:
    votes_by_comparison = _votes(batch) if votes else {}
    edits = {} if votes else _edits(batch)
    with connection.cursor() as cursor:
        cursor.execute(ROWS.format(tokens=TOKENS if tokens else ""), {"comparisons": batch})
        rows = cursor.fetchall()
    prompt_id, prompt = 0, []
    for row in rows:
        if row[1] != prompt_id:
            prompt_id, prompt = row[1], json.loads(row[2])
        a_ids, b_ids, a_prompt, b_prompt = row[COLUMNS:] or (None, None, None, None)
        winner, settled_at = row[3], row[6]
        record = VerdictRecord(
            prompt=prompt,
            a=CompletionText(row[7], row[8], _finish(row[9]), _ids(a_ids), turns=_turns(row[22])),
            b=CompletionText(row[10], row[11], _finish(row[12]), _ids(b_ids), turns=_turns(row[23])),
            winner=_winner(winner) if winner else None,
            confidence=row[4] if winner else 1.0,
            prompt_ids=_prompt_ids(a_prompt, b_prompt),
            comparison=row[0],
            settled_by=row[5] or "",
            settled_at=settled_at.timestamp() if settled_at else None,
            votes=tuple(votes_by_comparison.get(row[0], ())),
            status=row[13],
            pair=row[14],
            external_id=row[15],
            tags=tuple(row[16]),
            source=row[17],
            metadata={name: json.loads(kept) for name, kept in zip(WITH_METADATA, row[18:22], strict=True) if kept},
        )
        yield record
        for choice, text in edits.get(row[0], ()):
            if choice == record.winner:
                yield from improved(record, text)


def _edits(batch: list[int]) -> dict[int, list[tuple[str, str]]]:
    edits: dict[int, list[tuple[str, str]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(EDITS, {"comparisons": batch})
        for comparison, choice, text in cursor:
            edits.setdefault(comparison, []).append((choice, text))
    return edits


def _votes(batch: list[int]) -> dict[int, list[Vote]]:
    votes: dict[int, list[Vote]] = {}
    with connection.cursor() as cursor:
        cursor.execute(VOTES, {"comparisons": batch})
        for comparison, annotator, choice, left, strength, seconds, at, version, criteria, *others in cursor:
            comment, edit, skip_reason, flag, simulated, imported, certainty, metadata = others
            vote = Vote(
                annotator=annotator,
                choice=choice,
                left=left,
                strength=strength,
                seconds=seconds,
                at=at.timestamp(),
                guideline_version=version,
                criteria=json.loads(criteria),
                comment=comment,
                edit=edit,
                skip_reason=skip_reason,
                flag=flag,
                simulated=simulated,
                imported=imported,
                certainty=certainty,
                metadata=json.loads(metadata) if metadata else {},
            )
            votes.setdefault(comparison, []).append(vote)
    return votes


def _completion_text(completion: Completion) -> CompletionText:
    return CompletionText(
        completion.text,
        completion.model_version,
        _finish(completion.finish_reason),
        _ids(completion.token_ids),
        turns=tuple(completion.turns or ()),
    )


def _turns(column: str | None) -> tuple[Message, ...]:
    return tuple(json.loads(column)) if column else ()


def _finish(reason: str) -> FinishReason | None:
    return cast(FinishReason, reason) if reason else None


def _winner(winner: str) -> Winner:
    return cast(Winner, winner)


def _prompt_ids(a: Sequence[int] | None, b: Sequence[int] | None) -> tuple[int, ...] | None:
    """None where two models tokenized the prompt in two ways: then its text is what both were asked."""
    return _ids(a) if a == b else None


def _ids(ids: Sequence[int] | None) -> tuple[int, ...] | None:
    return None if ids is None else tuple(ids)
