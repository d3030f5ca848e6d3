"""The rows of new comparisons: their prompts and completions, and the verdict or gold that they are added with."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from django.db import connection
from django.db.models import Max

from common.database.copying import blank_row, copy_in, copy_rows, stored
from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft, prompt_hash
from labeling.actions.prompts import PromptDraft, ensure_prompts
from labeling.exchange import PairHashes, pair_hashes
from labeling.judging.queue import queue_position
from labeling.models import Campaign, Comparison, Completion, Gold, ImportBatch, Prompt, User, Verdict
from labeling.stats import lean_of, leaned, majority

ADJUDICATED_CONFIDENCE = 0.95
"""p(the expert's winner is preferred). Nearly certain, since the expert sees all votes and reasons."""


@dataclass(frozen=True, slots=True)
class ComparisonOrigin:
    """Where new comparisons come from.

    source: at most 120 characters. added_by: None: the system. batch: the import; None: no import.
    """

    source: str
    added_by: User | None
    added_at: datetime
    batch: ImportBatch | None = None


@dataclass(frozen=True, slots=True)
class OrderedDraft:
    """A draft with its prompt, and with its completions in canonical order. is_new: whether its prompt is."""

    draft: ComparisonDraft
    prompt: Prompt
    a: CompletionDraft
    b: CompletionDraft
    hashes: PairHashes
    is_new: bool = False

    @property
    def pair_hash(self) -> str:
        return self.hashes.pair

    @property
    def winner(self) -> str | None:
        """The known preference in terms of a and b; None for gold, which has no verdict."""
        return None if self.draft.gold or self.draft.votes else self.canonical(self.draft.preference)

    @property
    def gold(self) -> str | None:
        """The known verdict of gold in terms of a and b."""
        return self.canonical(self.draft.gold)

    @property
    def status(self) -> Comparison.Status:
        if self.prompt.retired_at is not None:
            return Comparison.Status.RETIRED
        if self.draft.gold:
            return Comparison.Status.GOLD
        return Comparison.Status.SETTLED if self.winner else Comparison.Status.OPEN

    def canonical(self, preference: str | None) -> str | None:
        """A choice that names the completions first and second, in terms of a and b. Others stay as they are."""
        if preference not in ("first", "second"):
            return preference
        return "a" if (preference == "first") == (self.a is self.draft.first) else "b"


def in_canonical_order(
    campaign: Campaign, drafts: Sequence[ComparisonDraft], origin: ComparisonOrigin
) -> tuple[list[OrderedDraft], int]:
    """Gives each draft its prompt and its canonical order; returns them, and how many prompts are new."""
    hashes = [prompt_hash(draft) for draft in drafts]
    _refresh([draft.prompt for draft in drafts if isinstance(draft.prompt, Prompt)])
    texts: dict[str, PromptDraft] = {}
    for digest, draft in zip(hashes, drafts, strict=True):
        if not isinstance(draft.prompt, Prompt) and digest not in texts:
            texts[digest] = PromptDraft(draft.prompt, tags=tuple(draft.tags), metadata=draft.prompt_metadata)
    prompts, new = ensure_prompts(campaign, texts, origin.added_at, origin.batch)
    ordered = []
    for digest, draft in zip(hashes, drafts, strict=True):
        prompt = draft.prompt if isinstance(draft.prompt, Prompt) else prompts[digest]
        names = pair_hashes(digest, draft.first.identity, draft.second.identity)
        a, b = (draft.first, draft.second) if names.first_is_a else (draft.second, draft.first)
        ordered.append(OrderedDraft(draft, prompt, a, b, names, digest in new))
    return ordered, len(new)


def _refresh(prompts: Sequence[Prompt]) -> None:
    """Loads whether prompts are retired: a job may have read them long ago."""
    retired_at = dict(Prompt.objects.filter(pk__in={one.pk for one in prompts}).values_list("pk", "retired_at"))
    for prompt in prompts:
        prompt.retired_at = retired_at.get(prompt.pk)


def write_comparisons(campaign: Campaign, rows: Sequence[OrderedDraft], origin: ComparisonOrigin) -> list[Comparison]:
    """Writes comparisons that the campaign does not have yet, in this order. The campaign must be locked."""
    if not rows:
        return []
    # Grows with every comparison anywhere, so from one batch of this campaign to the next; to count would not scale.
    numbers = count(Comparison.objects.aggregate(last=Max("pk", default=0))["last"])
    completions = _completions(rows, origin)
    common = blank_row(Comparison) | {
        "campaign_id": campaign.pk,
        "source": origin.source[:120],
        "batch_id": origin.batch.pk if origin.batch else None,
        "added_by_id": origin.added_by.pk if origin.added_by else None,
        "created_at": origin.added_at,
    }
    values = [
        common
        | {
            "prompt_id": row.prompt.pk,
            "completion_a_id": completions[_identity(row.prompt, row.a, row.hashes.a)],
            "completion_b_id": completions[_identity(row.prompt, row.b, row.hashes.b)],
            "pair_hash": row.pair_hash,
            "external_id": row.draft.external_id,
            "metadata": _metadata(row),
            "status": str(row.status),
            "retired_with_prompt": row.prompt.retired_at is not None,
            "overlap": campaign.overlap_of(row.pair_hash),
            "priority": row.draft.priority,
            "position": queue_position(row.draft.priority, campaign.order, next(numbers)),
        }
        for row in rows
    ]
    comparisons: list[Comparison] = stored(Comparison, copy_rows(Comparison, values), values)
    copy_in(
        [
            imported_verdict(comparison, row.winner, row.draft.confidence, row.draft.certainty, origin.added_at)
            for comparison, row in zip(comparisons, rows, strict=True)
            if row.winner
        ]
    )
    Gold.objects.bulk_create(
        Gold(comparison=comparison, winner=row.gold, set_by=origin.added_by, set_at=origin.added_at)
        for comparison, row in zip(comparisons, rows, strict=True)
        if row.gold
    )
    return comparisons


def _metadata(row: OrderedDraft) -> dict[str, Any] | None:
    """The other fields of its record, among them those of a prompt that has others already."""
    kept = dict(row.draft.metadata or {})
    if not set(row.draft.tags) <= set(row.prompt.tags):
        kept["tags"] = list(row.draft.tags)
    if row.draft.prompt_metadata and row.draft.prompt_metadata != row.prompt.metadata:
        kept["prompt_fields"] = dict(row.draft.prompt_metadata)
    return kept or None


def imported_verdict(
    comparison: Comparison, winner: str, confidence: float | None, certainty: float | None, now: datetime
) -> Verdict:
    """The verdict that a file states. confidence: None: its origin is one statement by somebody, so one vote's."""
    if confidence is None:
        confidence = leaned(majority({winner: 1}), lean_of(winner, certainty))
    return Verdict(
        comparison_id=comparison.pk,
        campaign_id=comparison.campaign_id,
        winner=winner,
        confidence=confidence,
        settled_by=Verdict.SettledBy.IMPORT,
        settled_at=now,
    )


def decided_verdict(comparison: Comparison, winner: str, now: datetime) -> Verdict:
    """The verdict of an expert in another campaign, which our own file states. The file does not name them."""
    return Verdict(
        comparison_id=comparison.pk,
        campaign_id=comparison.campaign_id,
        winner=winner,
        confidence=ADJUDICATED_CONFIDENCE,
        votes=comparison.votes,
        settled_by=Verdict.SettledBy.ADJUDICATION,
        settled_at=now,
    )


Identity = tuple[int, str, str, int | None]
"""Prompt, text hash, model version and seed: the unique key of a completion."""

# By the unique key, look-up by look-up: for two IN lists the planner may read the whole table.
EXISTING_COMPLETIONS = """
SELECT existing.* FROM unnest(%s::bigint[], %s::text[]) AS wanted (prompt, hash) CROSS JOIN LATERAL (
    SELECT id, prompt_id, text_hash, model_version, seed FROM labeling_completion
    WHERE prompt_id = wanted.prompt AND text_hash = wanted.hash OFFSET 0
) AS existing
"""


def _identity(prompt: Prompt, draft: CompletionDraft, text_hash: str) -> Identity:
    return prompt.pk, text_hash, draft.model_version, draft.seed


def _completions(rows: Sequence[OrderedDraft], origin: ComparisonOrigin) -> dict[Identity, int]:
    """The ids of the completions of these drafts: existing ones, and new ones for the others."""
    wanted: dict[Identity, CompletionDraft] = {}
    old: set[Identity] = set()
    for row in rows:
        for draft, digest in ((row.a, row.hashes.a), (row.b, row.hashes.b)):
            identity = _identity(row.prompt, draft, digest)
            wanted[identity] = draft
            if not row.is_new:
                old.add(identity)
    completions = _existing_completions(old)
    common = blank_row(Completion) | {"created_at": origin.added_at, "text_indexed": origin.batch is None}
    missing = {key: common | _completion_values(key, draft) for key, draft in wanted.items() if key not in completions}
    return completions | dict(zip(missing, copy_rows(Completion, list(missing.values())), strict=True))


def _existing_completions(wanted: Collection[Identity]) -> dict[Identity, int]:
    if not wanted:
        return {}
    keys: list[Any] = [[identity[0] for identity in wanted], [identity[1] for identity in wanted]]
    with connection.cursor() as cursor:
        cursor.execute(EXISTING_COMPLETIONS, keys)
        return {(prompt, digest, version, seed): key for key, prompt, digest, version, seed in cursor.fetchall()}


def _completion_values(identity: Identity, draft: CompletionDraft) -> dict[str, Any]:
    return {
        "prompt_id": identity[0],
        "text": draft.text,
        "turns": list(draft.turns) or None,
        "text_hash": identity[1],
        "model_version": draft.model_version,
        "seed": draft.seed,
        "sampling": dict(draft.sampling),
        "prompt_token_ids": None if draft.prompt_token_ids is None else list(draft.prompt_token_ids),
        "token_ids": None if draft.token_ids is None else list(draft.token_ids),
        "finish_reason": draft.finish_reason or "",
        "logprob_sum": draft.logprob_sum,
        "server": draft.server,
        "metadata": None if draft.metadata is None else dict(draft.metadata),
    }
