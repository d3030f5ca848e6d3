"""When a comparison has votes enough, and how often a campaign's votes are wrong."""

import random
from collections import Counter
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.stats import AdaptiveOverlap, InvalidCounts, estimated_error_rate

RULE = AdaptiveOverlap(threshold=0.9, minimum=2, maximum=5, error_rate=0.2)

votes_for = st.fixed_dictionaries({choice: st.integers(0, 3) for choice in ("a", "b", "tie", "both_bad")})


def test_two_who_agree_are_enough_and_two_who_differ_are_not() -> None:
    assert not RULE.wants_more({"a": 2})
    assert not RULE.wants_more({"tie": 1, "both_bad": 1})  # both say: neither
    assert RULE.wants_more({"a": 1, "b": 1})
    assert RULE.wants_more({"a": 1})  # the minimum


def test_the_posterior_is_bayes_rule_under_one_error_rate() -> None:
    # 0.8 * 0.8 * 0.1, 0.1 * 0.1 * 0.1, 0.1 * 0.1 * 0.8
    assert RULE.posterior({"a": 2, "b": 1}) == pytest.approx([0.064 / 0.073, 0.001 / 0.073, 0.008 / 0.073])
    without = AdaptiveOverlap(error_rate=0.2, ties=False)
    assert without.posterior({"a": 2, "b": 1}) == pytest.approx([0.8, 0.0, 0.2])
    assert without.posterior({"a": 1, "tie": 2})[1] > 0.5  # ties were allowed when they were said


def test_a_clear_campaign_needs_fewer_votes_than_a_noisy_one() -> None:
    clear, noisy = (AdaptiveOverlap(threshold=0.95, error_rate=rate) for rate in (0.05, 0.35))
    assert not clear.wants_more({"a": 2})
    assert noisy.wants_more({"a": 2})


def test_it_ends_when_the_winner_cannot_change_any_more_or_the_maximum_is_reached() -> None:
    strict = AdaptiveOverlap(threshold=0.9999, minimum=1, maximum=5, error_rate=0.3)
    assert strict.wants_more({"a": 3, "b": 1}) is False  # one vote left, two ahead
    assert strict.wants_more({"a": 2, "b": 1}) is True  # two left: b can still win
    assert strict.wants_more({"a": 3}) is False
    assert strict.wants_more({"a": 2, "b": 2, "tie": 1}) is False


@given(votes_for)
def test_exchanging_a_and_b_changes_nothing(votes: dict[str, int]) -> None:
    exchanged = votes | {"a": votes["b"], "b": votes["a"]}
    assert RULE.wants_more(votes) == RULE.wants_more(exchanged)
    assert RULE.posterior(votes) == pytest.approx(RULE.posterior(exchanged)[::-1])


def test_no_comparison_ever_wants_more_than_the_maximum_nor_fewer_than_the_minimum() -> None:
    for a, tie, b in product(range(6), repeat=3):
        more = RULE.wants_more_after((a, tie, b))
        if a + tie + b < RULE.minimum:
            assert more
        if a + tie + b >= RULE.maximum:
            assert not more


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.35])
def test_the_error_rate_of_a_campaign_is_found_even_where_votes_were_stopped_early(rate: float) -> None:
    rng, patterns = random.Random(3), Counter[tuple[int, ...]]()
    rule = AdaptiveOverlap(threshold=0.9, minimum=2, maximum=7, error_rate=0.2)
    for _ in range(4000):
        votes, true = [0, 0, 0], rng.choice((0, 2))
        while rule.wants_more_after(tuple(votes)):
            wrong = [choice for choice in range(3) if choice != true]
            votes[rng.choice(wrong) if rng.random() < rate else true] += 1
        patterns[tuple(votes)] += 1
    assert estimated_error_rate(patterns) == pytest.approx(rate, abs=0.02)


def test_without_two_votes_anywhere_the_error_rate_is_the_priors() -> None:
    assert estimated_error_rate({}) == pytest.approx(0.25)
    assert estimated_error_rate({(1, 0, 0): 900, (0, 0, 1): 700}) == pytest.approx(0.25, abs=1e-6)


def test_an_error_rate_is_never_nothing_nor_a_half() -> None:
    assert estimated_error_rate({(3, 0, 0): 10**6, (0, 0, 3): 10**6}) == pytest.approx(0.005)
    assert estimated_error_rate({(1, 0, 1): 10**6}, ties=False) <= 0.49


@pytest.mark.parametrize(
    "rules",
    [{"threshold": 0.5}, {"threshold": 1.0}, {"minimum": 0}, {"minimum": 6}, {"error_rate": 0.0}, {"error_rate": 0.5}],
)
def test_rules_that_make_no_sense_are_refused(rules: dict[str, Any]) -> None:
    with pytest.raises(InvalidCounts):
        AdaptiveOverlap(**rules)
