"""The rows of new comparisons: their prompts and completions, and the verdict or gold that they are added with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from django.db.models import Max

from common.database.copying import copy_in
from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.actions.prompts import PromptDraft, ensure_prompts
from labeling.exchange import is_canonical, messages_hash, pair_hash, text_hash
from labeling.judging.queue import queue_position
from labeling.models import Campaign, Comparison, Completion, Gold, ImportBatch, Prompt, User, Verdict
from labeling.stats import lean_of, leaned, majority


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
    """A draft with its prompt, and with its completions in canonical order."""

    draft: ComparisonDraft
    prompt: Prompt
    a: CompletionDraft
    b: CompletionDraft
    pair_hash: str

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
    new = [PromptDraft(draft.prompt) for draft in drafts if not isinstance(draft.prompt, Prompt)]
    _refresh([draft.prompt for draft in drafts if isinstance(draft.prompt, Prompt)])
    prompts, new_prompts = ensure_prompts(campaign, new, origin.added_at, origin.batch)
    ordered = []
    for draft in drafts:
        prompt = draft.prompt if isinstance(draft.prompt, Prompt) else prompts[messages_hash(draft.prompt)]
        first_is_a = is_canonical(draft.first.identity, draft.second.identity, prompt_hash=prompt.messages_hash)
        a, b = (draft.first, draft.second) if first_is_a else (draft.second, draft.first)
        ordered.append(OrderedDraft(draft, prompt, a, b, pair_hash(prompt.messages_hash, a.identity, b.identity)))
    return ordered, new_prompts


def _refresh(prompts: Sequence[Prompt]) -> None:
    """Loads whether prompts are retired: a job may have read them long ago."""
    retired_at = dict(Prompt.objects.filter(pk__in={one.pk for one in prompts}).values_list("pk", "retired_at"))
    for prompt in prompts:
        prompt.retired_at = retired_at.get(prompt.pk)


def write_comparisons(campaign: Campaign, rows: Sequence[OrderedDraft], origin: ComparisonOrigin) -> list[Comparison]:
    """Writes comparisons that the campaign does not have yet, in this order. The campaign must be locked."""
    # Grows with every comparison anywhere, so from one batch of this campaign to the next; to count would not scale.
    numbers = count(Comparison.objects.aggregate(last=Max("pk", default=0))["last"])
    completions = _completions([(row.prompt, text) for row in rows for text in (row.a, row.b)], origin.added_at)
    comparisons = [
        Comparison(
            campaign=campaign,
            prompt=row.prompt,
            completion_a=completions[_identity(row.prompt, row.a)],
            completion_b=completions[_identity(row.prompt, row.b)],
            pair_hash=row.pair_hash,
            external_id=row.draft.external_id,
            metadata=None if row.draft.metadata is None else dict(row.draft.metadata),
            status=row.status,
            retired_with_prompt=row.prompt.retired_at is not None,
            overlap=campaign.overlap_of(row.pair_hash),
            priority=row.draft.priority,
            position=queue_position(row.draft.priority, campaign.order, next(numbers)),
            source=origin.source[:120],
            batch=origin.batch,
            added_by=origin.added_by,
            created_at=origin.added_at,
        )
        for row in rows
    ]
    copy_in(comparisons)
    Verdict.objects.bulk_create(
        imported_verdict(comparison, row.winner, row.draft.confidence, row.draft.certainty, origin.added_at)
        for comparison, row in zip(comparisons, rows, strict=True)
        if row.winner
    )
    Gold.objects.bulk_create(
        Gold(comparison=comparison, winner=row.gold, set_by=origin.added_by, set_at=origin.added_at)
        for comparison, row in zip(comparisons, rows, strict=True)
        if row.gold
    )
    return comparisons


def imported_verdict(
    comparison: Comparison, winner: str, confidence: float | None, certainty: float | None, now: datetime
) -> Verdict:
    """The verdict that a file states. confidence: None: its origin is one statement by somebody, so one vote's."""
    if confidence is None:
        confidence = leaned(majority({winner: 1}), lean_of(winner, certainty))
    return Verdict(
        comparison=comparison,
        campaign=comparison.campaign,
        winner=winner,
        confidence=confidence,
        settled_by=Verdict.SettledBy.IMPORT,
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


def _identity(prompt: Prompt, draft: CompletionDraft) -> Identity:
    return prompt.pk, text_hash(draft.identity), draft.model_version, draft.seed


def _completions(drafts: list[tuple[Prompt, CompletionDraft]], now: datetime) -> dict[Identity, Completion]:
    """The completions of these drafts: existing ones, and new ones for the others."""
    wanted = {_identity(prompt, draft): (prompt, draft) for prompt, draft in drafts}
    keys = [[identity[0] for identity in wanted], [identity[1] for identity in wanted]]
    completions = {_identity_of(one): one for one in Completion.objects.raw(EXISTING_COMPLETIONS, keys)}
    missing = [_completion(prompt, draft, now) for key, (prompt, draft) in wanted.items() if key not in completions]
    copy_in(missing)
    return completions | {_identity_of(one): one for one in missing}


def _identity_of(completion: Completion) -> Identity:
    return completion.prompt_id, completion.text_hash, completion.model_version, completion.seed


def _completion(prompt: Prompt, draft: CompletionDraft, now: datetime) -> Completion:
    return Completion(
        prompt=prompt,
        text=draft.text,
        turns=list(draft.turns) or None,
        text_hash=text_hash(draft.identity),
        model_version=draft.model_version,
        seed=draft.seed,
        sampling=dict(draft.sampling),
        prompt_token_ids=None if draft.prompt_token_ids is None else list(draft.prompt_token_ids),
        token_ids=None if draft.token_ids is None else list(draft.token_ids),
        finish_reason=draft.finish_reason or Completion.FinishReason.UNKNOWN,
        logprob_sum=draft.logprob_sum,
        server=draft.server,
        metadata=None if draft.metadata is None else dict(draft.metadata),
        created_at=now,
    )
