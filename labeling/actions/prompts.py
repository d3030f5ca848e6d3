"""Adding prompts to a campaign."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction

from labeling.access import require_lead
from labeling.events.record import record
from labeling.exchange import ASKING, ROLES, Message, bare_conversation, fault, messages_hash, texts_of_message
from labeling.models import Campaign, ImportBatch, Prompt, User
from labeling.tally import Tally, add_to_tally

CHUNK = 500
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class PromptDraft:
    """A prompt to add: chat messages, the last one from the user or a tool.

    external_id: its id in the source. metadata: other fields of its record; None: none.
    """

    messages: Sequence[Message]
    external_id: str = ""
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] | None = None


@dataclass(slots=True)
class AddedPrompts:
    """The result of adding drafts. prompts: in their order; None: rejected. rejected: draft number (from 0), reason."""

    prompts: list[Prompt | None] = field(default_factory=list)
    created: int = 0
    existing: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)


@transaction.atomic
def add_prompts(
    *,
    campaign: Campaign,
    prompts: Iterable[PromptDraft],
    batch: ImportBatch | None = None,
    acting_user: User | None,
    now: datetime,
) -> AddedPrompts:
    """Adds prompts to a campaign. One that it has already is not added again. Raises NotAllowed.

    batch: the import that brings them; None: none does.
    """
    require_lead(acting_user, campaign)
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    added = AddedPrompts()
    drafts = iter(prompts)
    while chunk := list(islice(drafts, CHUNK)):
        _add_chunk(chunk, added, lambda fit: ensure_prompts(campaign, fit, now, batch))
    if added.created:
        after = {"created": added.created, "existing": added.existing, "rejected": len(added.rejected)}
        record("prompts.added", campaign, acting_user=acting_user, now=now, campaign=campaign, after=after)
        add_to_tally(campaign.pk, Tally(prompts=added.created))
    return added


def ensure_prompts(
    campaign: Campaign, drafts: Sequence[PromptDraft], now: datetime, batch: ImportBatch | None = None
) -> tuple[dict[str, Prompt], int]:
    """The campaign's prompts for these drafts by messages hash, and how many of them are new.

    The campaign must be locked, so that no other transaction adds the same ones.
    """
    by_hash = {messages_hash(draft.messages): draft for draft in reversed(drafts)}  # the first of equal ones
    prompts = {prompt.messages_hash: prompt for prompt in campaign.prompts.filter(messages_hash__in=by_hash)}
    missing = [
        Prompt(
            campaign=campaign,
            messages=bare_conversation(draft.messages),
            messages_hash=digest,
            external_id=draft.external_id,
            tags=list(draft.tags),
            metadata=None if draft.metadata is None else dict(draft.metadata),
            batch=batch,
            created_at=now,
        )
        for digest, draft in reversed(by_hash.items())
        if digest not in prompts
    ]
    for prompt in Prompt.objects.bulk_create(missing, batch_size=CHUNK):
        prompts[prompt.messages_hash] = prompt
    return prompts, len(missing)


def unfit_messages(messages: Sequence[Message]) -> str | None:
    """Why these messages cannot be a prompt, as a sentence; None: they can."""
    if not messages or messages[-1].get("role") not in ASKING:
        return "The last message of a prompt must be from the user, or the result of a tool."
    for turn in messages:
        if turn.get("role") not in ROLES or not isinstance(turn.get("content"), str):
            return "Each message must have a role (system, user, assistant or tool) and a content (text)."
    if reason := fault(messages):
        return reason
    if any(unstorable(text) for turn in messages for text in texts_of_message(turn)):
        return "A message holds a character that cannot be stored (NUL or half a surrogate pair)."
    if messages[-1]["role"] == "user" and not messages[-1]["content"].strip():
        return "The last message is empty."
    return None


def unstorable(text: str) -> bool:
    """Whether PostgreSQL or UTF-8 cannot hold the text: it contains NUL, or half a surrogate pair."""
    return _UNSTORABLE.search(text) is not None


def _add_chunk(
    chunk: list[PromptDraft],
    added: AddedPrompts,
    ensure: Callable[[list[PromptDraft]], tuple[dict[str, Prompt], int]],
) -> None:
    reasons = [unfit_messages(draft.messages) for draft in chunk]
    offset = len(added.prompts)
    fit = [draft for draft, reason in zip(chunk, reasons, strict=True) if reason is None]
    prompts, created = ensure(fit)
    for number, (draft, reason) in enumerate(zip(chunk, reasons, strict=True)):
        if reason is not None:
            added.rejected.append((offset + number, reason))
        added.prompts.append(None if reason else prompts[messages_hash(draft.messages)])
    added.created += created
    added.existing += len(fit) - created
