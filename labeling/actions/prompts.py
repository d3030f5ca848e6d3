"""Adding prompts to a campaign."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction

from common.database.copying import blank_row, copy_rows, stored
from common.phrases import Phrase, gettext_noop
from labeling.access import require_may_change
from labeling.actions.blind_test_acts import ADD, refuse_in_blind_test
from labeling.events.record import record
from labeling.exchange import ASKING, ROLES, Message, bare_conversation, fault, messages_hash, texts_of_message
from labeling.models import Campaign, ImportBatch, Prompt, User
from labeling.tally import Tally, add_to_tally

CHUNK = 500
_SURROGATE = re.compile("[\ud800-\udfff]")


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
    """The result of adding drafts. prompts: in their order; None: rejected. rejected: draft number (from 0), reason.

    unkept: drafts of existing prompts whose other fields were left out.
    """

    prompts: list[Prompt | None] = field(default_factory=list)
    created: int = 0
    existing: int = 0
    unkept: int = 0
    rejected: list[tuple[int, Phrase]] = field(default_factory=list)

    @property
    def totals(self) -> Tally:
        """The change of the campaign's totals."""
        return Tally(prompts=self.created)


@transaction.atomic
def add_prompts(
    *,
    campaign: Campaign,
    prompts: Iterable[PromptDraft],
    batch: ImportBatch | None = None,
    are_fit: bool = False,
    is_part: bool = False,
    acting_user: User | None,
    now: datetime,
) -> AddedPrompts:
    """Adds prompts to a campaign. One that it has already is not added again. Raises NotAllowed.

    batch: the import that brings them; None: none does. are_fit: whether the caller has left out the unfit ones.
    is_part: whether more follows in the caller's transaction, which then adds `totals` to the tally itself, last.
    """
    require_may_change(acting_user, campaign)
    if acting_user is not None or batch is not None:  # its gate adds its own as the system
        refuse_in_blind_test(campaign, ADD)
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    added = AddedPrompts()
    drafts = iter(prompts)
    while chunk := list(islice(drafts, CHUNK)):
        reasons = [None if are_fit else unfit_messages(draft.messages) for draft in chunk]
        _add_chunk(chunk, reasons, added, lambda fit: ensure_prompts(campaign, fit, now, batch))
    if added.created:
        after = {"created": added.created, "existing": added.existing, "rejected": len(added.rejected)}
        record("prompts.added", campaign, acting_user=acting_user, now=now, campaign=campaign, after=after)
        if not is_part:
            add_to_tally(campaign.pk, added.totals)
    return added


def ensure_prompts(
    campaign: Campaign, drafts: Mapping[str, PromptDraft], now: datetime, batch: ImportBatch | None = None
) -> tuple[dict[str, Prompt], set[str]]:
    """The campaign's prompts for these drafts, by messages hash as they are, and the hashes of those that are new.

    The campaign must be locked, so that no other transaction adds the same ones.
    """
    if not drafts:
        return {}, set()
    prompts = {prompt.messages_hash: prompt for prompt in campaign.prompts.filter(messages_hash__in=drafts)}
    common = blank_row(Prompt) | {
        "campaign_id": campaign.pk,
        "batch_id": batch.pk if batch else None,
        "created_at": now,
        "text_indexed": batch is None,
    }
    missing = {
        digest: common
        | {
            "messages": bare_conversation(draft.messages),
            "messages_hash": digest,
            "external_id": draft.external_id,
            "tags": list(draft.tags),
            "metadata": None if draft.metadata is None else dict(draft.metadata),
        }
        for digest, draft in drafts.items()
        if digest not in prompts
    }
    rows = list(missing.values())
    created: list[Prompt] = stored(Prompt, copy_rows(Prompt, rows), rows)
    return prompts | dict(zip(missing, created, strict=True)), set(missing)


def unfit_messages(messages: Sequence[Message]) -> Phrase | None:
    """Why these messages cannot be a prompt, as a sentence; None: they can."""
    if not messages or messages[-1].get("role") not in ASKING:
        return Phrase(gettext_noop("The last message of a prompt must be from the user, or the result of a tool."))
    for turn in messages:
        if turn.get("role") not in ROLES or not isinstance(turn.get("content"), str):
            text = gettext_noop("Each message must have a role (system, user, assistant or tool) and a content (text).")
            return Phrase(text)
    if all(len(turn) == 2 and turn["role"] != "tool" for turn in messages):  # no field but these two: no tools
        texts = [turn["content"] for turn in messages]
    elif reason := fault(messages):
        return reason
    else:
        texts = [text for turn in messages for text in texts_of_message(turn)]
    if any(map(unstorable, texts)):
        text = gettext_noop("A message holds a character that cannot be stored (NUL or half a surrogate pair).")
        return Phrase(text)
    if messages[-1]["role"] == "user" and not messages[-1]["content"].strip():
        return Phrase(gettext_noop("The last message is empty."))
    return None


def unstorable(text: str) -> bool:
    """Whether PostgreSQL or UTF-8 cannot hold the text: it contains NUL, or half a surrogate pair."""
    return "\x00" in text or (not text.isascii() and _SURROGATE.search(text) is not None)


def storable(text: str) -> str:
    """The text with marks in place of what `unstorable` looks for. Text of a model may hold anything."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _has_more(draft: PromptDraft, prompt: Prompt) -> bool:
    """Whether the draft of an existing prompt brings an id, tags or fields that the prompt does not have."""
    has_other_id = bool(draft.external_id) and draft.external_id != prompt.external_id
    has_other_fields = bool(draft.metadata) and dict(draft.metadata or {}) != prompt.metadata
    return has_other_id or has_other_fields or not set(draft.tags) <= set(prompt.tags)


def _add_chunk(
    chunk: list[PromptDraft],
    reasons: list[Phrase | None],
    added: AddedPrompts,
    ensure: Callable[[dict[str, PromptDraft]], tuple[dict[str, Prompt], set[str]]],
) -> None:
    """Adds some drafts. reasons: why one of them is no prompt; None: it is one."""
    hashes = ["" if reason else messages_hash(draft.messages) for draft, reason in zip(chunk, reasons, strict=True)]
    fit: dict[str, PromptDraft] = {}
    for digest, draft in zip(hashes, chunk, strict=True):
        if digest:
            fit.setdefault(digest, draft)
    prompts, created = ensure(fit)
    for number, (digest, reason) in enumerate(zip(hashes, reasons, strict=True), len(added.prompts)):
        if reason is not None:
            added.rejected.append((number, reason))
        added.prompts.append(prompts[digest] if digest else None)
    first = dict(zip(reversed(hashes), reversed(chunk), strict=True))
    for digest, draft in zip(hashes, chunk, strict=True):
        if digest and not (digest in created and first[digest] is draft):
            added.unkept += _has_more(draft, prompts[digest])
    added.created += len(created)
    added.existing += sum(1 for digest in hashes if digest) - len(created)
