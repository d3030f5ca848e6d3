"""Completions as drafts: through JSON and back, and two by two to be scored."""

import json
from dataclasses import replace

import pytest

from labeling.actions.comparison_drafts import CompletionDraft, draft_of_stored
from labeling.exchange import InvalidPair
from labeling.models import Completion
from tests.people import asks
from training.generation import GeneratedCompletion, SamplingSettings
from training.jobs.drafts import draft_as_json, draft_from_json, draft_of_generated, pair_to_score

GENERATED = GeneratedCompletion(
    key="1:first",
    text="Because.",
    prompt_ids=[1, 2],
    completion_ids=[3, 4],
    finish_reason="stop",
    logprob_sum=-1.5,
    seed=7,
    settings=SamplingSettings(temperature=0.5),
    model="sums-v1",
    server="http://one",
)
DRAFT = draft_of_generated(GENERATED)


def test_a_conversation_that_goes_on_is_stored_and_scored_as_turns() -> None:
    turns = (
        {"role": "assistant", "content": "Because."},
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "content": "So."},
    )
    stored = draft_of_stored(Completion(text="Because. Why? So.", turns=list(turns)))
    assert stored.turns == turns
    pair = pair_to_score("1", asks("Why?"), stored, DRAFT)
    assert (pair.chosen_turns, pair.rejected_turns, pair.chosen_ids) == (turns, (), None)


def test_a_draft_survives_its_row() -> None:
    assert draft_from_json(json.loads(json.dumps(draft_as_json(DRAFT)))) == DRAFT
    assert (DRAFT.model_version, DRAFT.sampling["temperature"], DRAFT.token_ids) == ("sums-v1", 0.5, [3, 4])


def test_a_server_that_returns_no_ids_leaves_the_text() -> None:
    silent = draft_of_generated(replace(GENERATED, prompt_ids=[], completion_ids=[], logprob_sum=None))
    assert (silent.prompt_token_ids, silent.token_ids, silent.text) == (None, None, "Because.")


def test_ids_are_scored_where_all_are_known_and_mean_the_same() -> None:
    other = replace(DRAFT, text="Why not?", token_ids=[5])
    pair = pair_to_score("x", asks("Why?"), DRAFT, other)
    assert (pair.prompt_ids, pair.chosen_ids, pair.rejected_ids) == ((1, 2), (3, 4), (5,))
    assert pair.chosen_finish == "stop"
    for readable in (
        pair_to_score("x", asks("Why?"), DRAFT, other, with_ids=False),
        pair_to_score("x", asks("Why?"), DRAFT, CompletionDraft("Imported.")),
    ):
        assert (readable.prompt_ids, readable.chosen_ids, readable.rejected_ids) == (None, None, None)
    with pytest.raises(InvalidPair):
        pair_to_score("x", asks("Why?"), DRAFT, DRAFT)
