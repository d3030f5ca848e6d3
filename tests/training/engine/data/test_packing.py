"""Where the tokens of a pair lie in a row."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.training.engine.tiny import pair, random_pairs
from training.engine.data.packing import Segment, common_prefix_length, pack_row, pack_rows, pair_tokens
from training.engine.data.records import TokenPair

TOKENS = st.lists(st.integers(0, 3), min_size=1, max_size=6)


def test_the_common_beginning_lies_in_the_row_once_and_positions_restart_behind_it() -> None:
    row = pack_row([pair([1, 2, 3], [4, 5], [6, 7, 8])], [0], share=True)
    assert row.input_ids.tolist() == [1, 2, 3, 4, 6, 7]  # the completions' last tokens predict nothing
    assert row.position_ids.tolist() == [0, 1, 2, 3, 3, 4]
    assert row.segments == (Segment(0, 3, 0, 0), Segment(3, 4, 0, 3), Segment(4, 6, 0, 3))


def test_the_last_place_of_the_prefix_predicts_the_first_token_of_both_sides() -> None:
    row = pack_row([pair([1, 2, 3], [4, 5], [6, 7, 8])], [0], share=True)
    labels = list(zip(row.places.tolist(), row.targets.tolist(), row.sides.tolist(), strict=True))
    assert labels == [(2, 4, 0), (3, 5, 0), (2, 6, 1), (4, 7, 1), (5, 8, 1)]


def test_the_prefix_reaches_into_the_completions_as_far_as_they_agree() -> None:
    row = pack_row([pair([1, 2], [3, 4, 5], [3, 4, 6])], [0], share=True)
    assert row.input_ids.tolist() == [1, 2, 3, 4]
    labels = list(zip(row.places.tolist(), row.targets.tolist(), row.sides.tolist(), strict=True))
    assert labels == [(1, 3, 0), (2, 4, 0), (3, 5, 0), (1, 3, 1), (2, 4, 1), (3, 6, 1)]


def test_one_completion_may_be_the_beginning_of_the_other() -> None:
    row = pack_row([pair([1], [2, 3], [2, 3, 4])], [0], share=True)
    assert row.input_ids.tolist() == [1, 2, 3]
    assert row.segments == (Segment(0, 2, 0, 0), Segment(2, 3, 0, 2))
    assert row.sides.bincount().tolist() == [2, 3]


def test_without_sharing_every_completion_has_its_own_prompt() -> None:
    row = pack_row([pair([1, 2], [3, 4], [5, 6])], [0], share=False)
    assert row.input_ids.tolist() == [1, 2, 3, 1, 2, 5]
    assert row.position_ids.tolist() == [0, 1, 2, 0, 1, 2]
    assert row.segments == (Segment(0, 3, 0, 0), Segment(3, 6, 0, 0))


@given(TOKENS, TOKENS, TOKENS, st.booleans())
def test_every_token_of_both_completions_is_scored_once_from_the_token_before_it(
    prompt: list[int], chosen: list[int], rejected: list[int], share: bool
) -> None:
    one = pair(prompt, chosen, rejected)
    row = pack_row([one], [0], share=share)
    assert row.tokens == pair_tokens(one, share=share)
    for side, completion in enumerate((chosen, rejected)):
        of_side = row.sides == side
        assert row.targets[of_side].tolist() == completion
        assert row.input_ids[row.places[of_side]].tolist() == [*prompt[-1:], *completion[:-1]]
        assert row.position_ids[row.places[of_side]].tolist() == list(
            range(len(prompt) - 1, len(prompt + completion) - 1)
        )


@given(st.integers(1, 60), st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_rows_keep_the_budget_and_hold_every_pair_exactly_once(budget: int, seed: int, count: int) -> None:
    pairs: list[TokenPair] = random_pairs(count, seed=seed)
    rows = pack_rows(pairs, range(count), tokens_per_row=budget, share=True)
    assert sorted(index for row in rows for index in row.pairs) == list(range(count))
    for row in rows:
        assert row.tokens == sum(pair_tokens(pairs[index], share=True) for index in row.pairs)
        assert row.tokens <= budget or len(row.pairs) == 1


@given(st.integers(1, 60), st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(2, 4))
def test_rows_for_several_at_a_time_are_as_many_as_need_be_within_the_budget(
    budget: int, seed: int, count: int, at_once: int
) -> None:
    pairs: list[TokenPair] = random_pairs(count, seed=seed)
    rows = pack_rows(pairs, range(count), tokens_per_row=budget, share=True, at_once=at_once)
    fewest = len(pack_rows(pairs, range(count), tokens_per_row=budget, share=True))
    assert sorted(index for row in rows for index in row.pairs) == list(range(count))
    assert all(row.tokens <= budget or len(row.pairs) == 1 for row in rows)
    assert fewest <= len(rows) < fewest + at_once


@given(st.integers(1, 60), st.integers(0, 2**32 - 1), st.integers(0, 40))
def test_rows_are_those_of_first_fit_decreasing(budget: int, seed: int, count: int) -> None:
    pairs: list[TokenPair] = random_pairs(count, seed=seed)
    sizes = [pair_tokens(each, share=True) for each in pairs]
    groups: list[list[int]] = []
    for index in sorted(range(count), key=lambda one: -sizes[one]):
        fitting = [group for group in groups if sum(sizes[one] for one in group) + sizes[index] <= budget]
        if fitting:
            fitting[0].append(index)
        else:
            groups.append([index])
    rows = pack_rows(pairs, range(count), tokens_per_row=budget, share=True)
    assert [list(row.pairs) for row in rows] == [sorted(group) for group in groups]


def test_rows_are_built_when_they_are_asked_for_and_the_same_each_time() -> None:
    rows = pack_rows(random_pairs(20), range(20), tokens_per_row=60, share=True)
    assert len(rows) > 2
    assert torch.equal(rows[1].input_ids, rows[1:][0].input_ids)
    assert [row.pairs for row in rows[1:]] == [row.pairs for row in rows][1:]


def test_rows_for_two_at_a_time_are_about_equally_long() -> None:
    """Lengths as in a step of real pairs: the largest always into the shorter row alone would end 82 tokens apart."""
    lengths = [645, 161, 207, 154, 181, 186, 190, 342]
    pairs = [pair([1] * (length - 9), [2] * 5, [3] * 6) for length in lengths]
    rows = pack_rows(pairs, range(8), tokens_per_row=1536, share=True, at_once=2)
    assert sorted(row.tokens for row in rows) == [1033, 1033]
    one_for_each = pack_rows(pairs, range(2), tokens_per_row=1536, share=True, at_once=4)
    assert [row.pairs for row in one_for_each] == [(0,), (1,)]
    long = pack_rows(pairs, [0, 1, 2], tokens_per_row=500, share=True, at_once=2)
    assert [row.pairs for row in long] == [(0,), (1, 2)]


@given(TOKENS, TOKENS)
def test_the_common_prefix_is_common_and_cannot_be_longer(first: list[int], second: list[int]) -> None:
    length = common_prefix_length(first, second)
    assert first[:length] == second[:length]
    assert first[length : length + 1] != second[length : length + 1] or length == min(len(first), len(second))
