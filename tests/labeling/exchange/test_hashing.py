"""Names by content: the canonical order, prompt identity, and which side of the split a prompt is on."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.exchange import (
    InvalidSplit,
    Message,
    canonical_order,
    folded_hash,
    is_canonical,
    is_held_out,
    messages_hash,
    pair_hash,
    pair_hashes,
    pair_id,
    text_hash,
)
from tests.labeling.exchange.builders import message, prompts, texts


@given(texts, texts)
def test_the_canonical_order_does_not_depend_on_who_comes_first(first: str, second: str) -> None:
    assert canonical_order(first, second) == canonical_order(second, first)
    assert sorted(canonical_order(first, second)) == sorted([first, second])
    if first != second:
        assert is_canonical(first, second) != is_canonical(second, first)


@given(texts, texts)
def test_the_hashes_of_a_pair_are_those_of_its_canonical_order(first: str, second: str) -> None:
    hashes, turned = pair_hashes("prompt", first, second), pair_hashes("prompt", second, first)
    a, b = canonical_order(first, second, prompt_hash="prompt")
    assert (hashes.a, hashes.b) == (turned.a, turned.b) == (text_hash(a), text_hash(b))
    assert hashes.pair == turned.pair == pair_hash("prompt", first, second)
    assert hashes.first_is_a == (a == first)


def test_the_canonical_order_is_a_coin_that_neither_model_nor_length_can_load() -> None:
    pairs = [(f"new model's answer {number}", f"old {number}") for number in range(2000)]
    assert 0.46 < sum(is_canonical(*pair) for pair in pairs) / len(pairs) < 0.54


def test_with_the_prompt_a_common_text_is_not_always_on_the_same_side() -> None:
    sides = Counter(is_canonical("I cannot help.", "Sure!", prompt_hash=str(number)) for number in range(400))
    assert 0.4 < sides[True] / 400 < 0.6


def test_the_canonical_order_never_changes_between_releases() -> None:
    # Stored comparisons depend on it.
    assert canonical_order("It is blue.", "It is green.") == ("It is green.", "It is blue.")
    assert canonical_order("alpha", "beta", prompt_hash="p") == ("beta", "alpha")
    assert text_hash("It is blue.")[:16] == "1e1e5bb03780cf06"
    assert messages_hash([message("user", "Why?")])[:16] == "8ebc0118da86957e"


@given(prompts(), prompts())
def test_different_prompts_have_different_names(first: list[Message], second: list[Message]) -> None:
    assert (messages_hash(first) == messages_hash(second)) == (first == second)


def test_the_name_of_a_prompt_ignores_fields_that_are_no_message() -> None:
    noted = {"role": "user", "content": "Why?", "weight": 1}
    assert messages_hash([noted]) == messages_hash([message("user", "Why?")])  # type: ignore[list-item]


def test_a_pair_is_named_by_content_and_direction() -> None:
    prompt = [message("user", "Why?")]
    assert pair_id(prompt, "a", "b") == pair_id(list(prompt), "a", "b")
    assert pair_id(prompt, "a", "b") != pair_id(prompt, "b", "a")
    assert len(pair_id(prompt, "a", "b")) == 32


@pytest.mark.parametrize(
    "variant", ["why is the sky blue", "WHY IS THE SKY BLUE?!", " Why  is\nthe sky - blue? ", "Why is the “sky” blue…"]
)
def test_case_space_and_punctuation_make_a_near_duplicate(variant: str) -> None:
    assert folded_hash([message("user", variant)]) == folded_hash([message("user", "Why is the sky blue?")])


def test_another_system_message_makes_no_other_question_but_another_turn_does() -> None:
    asked = [message("user", "Why?")]
    assert folded_hash([message("system", "Be brief."), *asked]) == folded_hash(asked)
    assert folded_hash([*asked, message("assistant", "So."), *asked]) != folded_hash(asked)


def test_prompts_of_symbols_alone_are_told_apart() -> None:
    assert folded_hash([message("user", "???")]) != folded_hash([message("user", "!!!")])


@given(prompts(), st.integers(), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_only_adds_prompts(prompt: list[Message], seed: int, one: float, other: float) -> None:
    small, large = sorted((one, other))
    if is_held_out(prompt, seed=seed, test_share=small):
        assert is_held_out(prompt, seed=seed, test_share=large)
    assert not is_held_out(prompt, seed=seed, test_share=0)
    assert is_held_out(prompt, seed=seed, test_share=1)


def test_the_share_is_met_and_another_seed_divides_differently() -> None:
    rng = random.Random(3)
    asked = [[message("user", f"Question {rng.random()}")] for _ in range(3000)]
    sides = [[is_held_out(prompt, seed=seed, test_share=0.2) for prompt in asked] for seed in (0, 1)]
    assert all(0.17 < sum(side) / 3000 < 0.23 for side in sides)
    assert 0.2 < sum(a != b for a, b in zip(*sides, strict=True)) / 3000 < 0.45


def test_a_share_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidSplit, match=r"1\.5"):
        is_held_out([message("user", "Why?")], seed=0, test_share=1.5)
