"""Telling a share from a coin's: against enumeration, and how often a coin is taken for something else."""

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.stats import InvalidCounts, against_chance, coin_tail, trials_needed


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_tail_is_the_sum_of_the_binomial_distribution(counts: tuple[int, int]) -> None:
    heads, trials = counts
    by_hand = sum(comb(trials, each) for each in range(heads, trials + 1)) / 2**trials
    assert coin_tail(heads, trials) == pytest.approx(by_hand, rel=1e-12)


def test_the_tail_of_many_trials_joins_the_exact_one_without_a_step() -> None:
    exact = sum(comb(1_001, each) for each in range(520, 1_002)) / 2**1_001
    assert coin_tail(520, 1_001) == pytest.approx(exact, rel=0.01)


@pytest.mark.parametrize("trials", range(1, 61))
def test_a_coin_is_taken_for_something_else_in_at_most_five_percent_of_tries(trials: int) -> None:
    mistaken = [right for right in range(trials + 1) if against_chance(right, trials).finding != "unclear"]
    assert sum(comb(trials, right) for right in mistaken) / 2**trials <= 0.05


def test_few_answers_show_nothing_even_if_all_but_one_are_right() -> None:
    assert against_chance(3, 6).finding == "unclear"
    assert against_chance(5, 6).finding == "unclear"
    assert against_chance(4, 4).finding == "unclear", "a coin is right four times of four in 6 % of tries"
    assert against_chance(6, 6).finding == "better"
    assert against_chance(0, 6).finding == "worse"


@given(st.integers(0, 80), st.integers(0, 80), st.integers(0, 80))
def test_swapping_right_and_wrong_swaps_better_and_worse(wins: int, losses: int, ties: int) -> None:
    if not wins + losses + ties:
        return
    trials = wins + losses + ties
    one = against_chance(wins + ties / 2, trials, ties=ties)
    other = against_chance(losses + ties / 2, trials, ties=ties)
    assert other.finding == {"better": "worse", "worse": "better", "unclear": "unclear"}[one.finding]
    assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low), abs=1e-9)


def test_ties_prove_nothing() -> None:
    assert against_chance(50, 100, ties=100).finding == "unclear"
    assert against_chance(7 + 45, 100, ties=90).finding == "unclear"  # 7 of the 10 that are no ties


@pytest.mark.parametrize("share", [0.55, 0.6, 0.7, 0.9])
def test_from_the_number_needed_on_the_share_is_always_told_from_chance_and_not_just_before(share: float) -> None:
    needed = trials_needed(share)
    assert against_chance(int(share * (needed - 1) + 1e-9), needed - 1).finding == "unclear"
    for trials in range(needed, needed + 200):
        assert against_chance(int(share * trials + 1e-9), trials).finding == "better"


def test_a_smaller_share_needs_more_answers() -> None:
    assert trials_needed(0.7) == 35
    assert trials_needed(0.9) < trials_needed(0.7) < trials_needed(0.6)


def test_impossible_counts_are_refused() -> None:
    for right, trials, ties in ((7, 6, 0), (-1, 6, 0), (1, 6, 4), (3, 6, -1)):
        with pytest.raises(InvalidCounts):
            against_chance(right, trials, ties=ties)
    for share in (0.5, 1.0, 0.3):
        with pytest.raises(InvalidCounts):
            trials_needed(share)
