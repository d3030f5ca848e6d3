"""Completions on their way into a campaign: as drafts, and as the JSON in which half a pair waits in its row."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, cast

from labeling.actions.comparison_drafts import CompletionDraft
from labeling.exchange import FinishReason, Message, PreferencePair
from training.generation import GeneratedCompletion


def draft_of_generated(completion: GeneratedCompletion) -> CompletionDraft:
    """A completion that a version has just written. A server may return no token ids: then its text is trained on."""
    return CompletionDraft(
        text=completion.text,
        model_version=completion.model,
        seed=completion.seed,
        sampling=completion.settings.as_dict(),
        prompt_token_ids=completion.prompt_ids or None,
        token_ids=completion.completion_ids or None,
        finish_reason=completion.finish_reason,
        logprob_sum=completion.logprob_sum,
        server=completion.server,
    )


def draft_as_json(draft: CompletionDraft) -> dict[str, Any]:
    """A draft as JSON values. Not `asdict`, which would copy every token id."""
    return {field.name: getattr(draft, field.name) for field in fields(draft)}


def draft_from_json(values: Mapping[str, Any]) -> CompletionDraft:
    """The draft that `draft_as_json` described."""
    return CompletionDraft(**{**values, "turns": tuple(values.get("turns", ()))})


def pair_to_score(
    identifier: str,
    prompt: Sequence[Message],
    first: CompletionDraft,
    second: CompletionDraft,
    *,
    with_ids: bool = True,
) -> PreferencePair:
    """Two completions of one prompt for the engine to score. Neither is preferred: the sides are only two places.

    with_ids: whether the token ids mean the same to the model that scores. They are used where all of them are known.
    Raises InvalidPair for texts that are empty or the same.
    """
    is_known = with_ids and all((first.prompt_token_ids, first.token_ids, second.token_ids))
    return PreferencePair(
        id=identifier,
        prompt=prompt,
        chosen=first.text,
        rejected=second.text,
        prompt_ids=tuple(first.prompt_token_ids or ()) if is_known else None,
        chosen_ids=tuple(first.token_ids or ()) if is_known else None,
        rejected_ids=tuple(second.token_ids or ()) if is_known else None,
        chosen_finish=cast(FinishReason | None, first.finish_reason or None),
        rejected_finish=cast(FinishReason | None, second.finish_reason or None),
        chosen_turns=tuple(first.turns),
        rejected_turns=tuple(second.turns),
    )
