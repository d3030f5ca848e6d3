"""Comparisons before they are added to a campaign: two texts, where they come from, and what is known about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext

from common.errors import Invalid
from labeling.actions.prompts import unfit_messages, unstorable
from labeling.exchange import Message, Vote, identity, look_alike, looks_empty, messages_hash
from labeling.models import Campaign, Completion, Prompt

FINISH_REASONS = ("stop", "length", "")
PREFERENCES = ("first", "second", "tie", "both_bad")


@dataclass(frozen=True, slots=True)
class CompletionDraft:
    """One text, and how it was sampled.

    turns: see CompletionText. token_ids: with EOS if and only if the text ended by itself; None: unknown.
    finish_reason: stop, length, or None: unknown. logprob_sum: nats. metadata: other fields of its record; None: none.
    """

    text: str
    model_version: str = ""
    seed: int | None = None
    sampling: Mapping[str, Any] = field(default_factory=dict)
    prompt_token_ids: Sequence[int] | None = None
    token_ids: Sequence[int] | None = None
    finish_reason: str | None = None
    logprob_sum: float | None = None
    server: str = ""
    metadata: Mapping[str, Any] | None = None
    turns: Sequence[Message] = ()

    @property
    def identity(self) -> str:
        """The text that names it: see labeling.exchange.identity."""
        return identity(self.text, self.turns)


def draft_of_stored(completion: Completion) -> CompletionDraft:
    """A stored completion as a draft: added to the same prompt, it finds the very same row again."""
    return CompletionDraft(
        text=completion.text,
        model_version=completion.model_version,
        seed=completion.seed,
        sampling=completion.sampling,
        prompt_token_ids=completion.prompt_token_ids or None,
        token_ids=completion.token_ids or None,
        finish_reason=completion.finish_reason,
        logprob_sum=completion.logprob_sum,
        server=completion.server,
        turns=tuple(completion.turns or ()),
    )


@dataclass(frozen=True, slots=True)
class ComparisonDraft:
    """Two completions of one prompt, to be compared. prompt: one of the campaign's, or messages.

    preference: first, second, tie or both_bad: the comparison is added with this verdict and nobody judges it. None: it
    is to be judged. certainty: p(the preference is right), 0.5..1; None: not stated. confidence: of the verdict; None:
    that of one vote. votes: opinions of outside annotators, which name the completions first and second; they become
    judgments, and a preference beside them is ignored. decided: an expert's verdict, which stays over these votes.
    gold: as preference: annotators judge it, and the value measures them. priority: higher is given first. tags,
    prompt_metadata: of a prompt that the campaign does not have yet; otherwise they stay in the metadata.
    """

    prompt: Prompt | Sequence[Message]
    first: CompletionDraft
    second: CompletionDraft
    preference: str | None = None
    certainty: float | None = None
    confidence: float | None = None
    votes: Sequence[Vote] = ()
    decided: str | None = None
    external_id: str = ""
    priority: int = 0
    gold: str | None = None
    metadata: Mapping[str, Any] | None = None
    tags: Sequence[str] = ()
    prompt_metadata: Mapping[str, Any] | None = None


def prompt_hash(draft: ComparisonDraft) -> str:
    """The name of its prompt."""
    return draft.prompt.messages_hash if isinstance(draft.prompt, Prompt) else messages_hash(draft.prompt)


def check_draft(draft: ComparisonDraft, campaign: Campaign) -> None:
    """Raises Invalid for values that no comparison of the campaign can have: a mistake of the caller."""
    for preference in (draft.preference, draft.gold):
        if preference is not None and preference not in PREFERENCES:
            text = gettext("There is no preference %(known)s. Known are %(all)s.")
            raise Invalid(text % {"known": repr(preference), "all": ", ".join(PREFERENCES)})
    if any((one.finish_reason or "") not in FINISH_REASONS for one in (draft.first, draft.second)):
        raise Invalid(gettext("A finish reason is stop, length, or unknown."))
    if isinstance(draft.prompt, Prompt) and draft.prompt.campaign_id != campaign.pk:
        raise Invalid(gettext("A prompt of another campaign cannot be compared in this one."))


def unfit(draft: ComparisonDraft) -> str | None:
    """Why nothing could be learned from these two texts, as a code; None: they are fit to be compared."""
    first, second = draft.first.text, draft.second.text
    if unstorable(first) or unstorable(second):
        return "not_storable"
    if looks_empty(first) or looks_empty(second):
        return "empty"
    if look_alike(first, second):
        return "identical"
    if not isinstance(draft.prompt, Prompt) and unfit_messages(draft.prompt):
        return "not_a_prompt"
    return None
