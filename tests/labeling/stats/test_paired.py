"""The paired difference, against the published examples and its own guarantees."""

import random

import pytest

from labeling.stats import Estimate, InvalidCounts, paired_difference, wilson_interval


def table(both: int, first: int, second: int, neither: int) -> tuple[list[float], list[float]]:
    """The scores of a fourfold table: both right, only the first, only the second, neither."""
    scores = [1.0] * (both + first) + [0.0] * (second + neither)
    others = [1.0] * both + [0.0] * first + [1.0] * second + [0.0] * neither
    return scores, others


def ends(estimate: Estimate) -> list[float]:
    """Both ends of an interval."""
    assert estimate.low is not None
    assert estimate.high is not None
    return [estimate.low, estimate.high]


def test_the_interval_is_that_of_the_published_example() -> None:
    # Newcombe 1998, the tables 36, 12, 2, 0 and 20, 12, 2, 16 of 50 pairs.
    estimate = paired_difference(*table(36, 12, 2, 0))
    assert estimate.value == pytest.approx(0.2)
    assert ends(estimate) == pytest.approx([0.0569, 0.3404], abs=5e-5)
    estimate = paired_difference(*table(20, 12, 2, 16))
    assert ends(estimate) == pytest.approx([0.0562, 0.3292], abs=5e-5)


def test_the_same_scores_do_not_differ_and_the_order_of_the_sides_only_turns_the_sign() -> None:
    scores, others = table(20, 12, 2, 16)
    assert paired_difference(scores, scores).value == 0.0
    one, other = paired_difference(scores, others), paired_difference(others, scores)
    assert ends(one) == pytest.approx([-ends(other)[1], -ends(other)[0]])


def test_a_base_that_ties_with_itself_on_every_pair_adds_no_uncertainty() -> None:
    low, high = wilson_interval(40, 50)
    estimate = paired_difference([1.0] * 40 + [0.0] * 10, [0.5] * 50)
    assert estimate.value == pytest.approx(0.3)
    assert ends(estimate) == pytest.approx([low - 0.5, high - 0.5])


def test_without_pairs_there_is_no_difference() -> None:
    assert paired_difference([], []).value is None


@pytest.mark.parametrize(("scores", "others"), [([1.0], []), ([0.7], [1.0]), ([1.0], [2.0])])
def test_scores_that_cannot_be_are_refused(scores: list[float], others: list[float]) -> None:
    with pytest.raises(InvalidCounts):
        paired_difference(scores, others)


@pytest.mark.parametrize("pairs", [20, 60])
def test_at_most_about_one_interval_in_twenty_misses_the_true_difference(pairs: int) -> None:
    """Two versions, right on 80 % and 65 % of the pairs, that err on the same pairs more often than by chance."""
    draw, missed, tries = random.Random(7), 0, 2000
    for _ in range(tries):
        scores, others = [], []
        for _ in range(pairs):
            right = draw.random() < 0.65
            others.append(float(right))
            scores.append(float(right if draw.random() < 0.7 else draw.random() < 0.65 + 0.5))
        estimate = paired_difference(scores, others)
        true = 0.3 * (1.0 - 0.65)
        low, high = ends(estimate)
        missed += not low <= true <= high
    assert missed / tries < 0.065


def test_pairs_of_their_own_prompts_are_as_without_prompts_and_copies_of_a_prompt_add_nothing() -> None:
    scores, others = table(20, 12, 2, 16)
    plain = paired_difference(scores, others)
    assert paired_difference(scores, others, clusters=range(50)) == plain
    fivefold = paired_difference(scores * 5, others * 5, clusters=list(range(50)) * 5)
    assert fivefold.comparisons == 250
    # The variance between 50 prompts has 49 degrees of freedom: a hair wider than as if it were known.
    assert ends(fivefold) == pytest.approx(ends(plain), abs=0.005)


def test_five_like_pairs_of_a_prompt_mislead_only_where_the_prompts_are_not_named() -> None:
    """40 prompts with five pairs each; on most prompts, the five pairs turn out the same."""
    draw, missed, careless, tries = random.Random(11), 0, 0, 1500
    for _ in range(tries):
        scores, others = [], []
        for _ in range(40):
            alike, one, other = draw.random() < 0.7, draw.random() < 0.7, draw.random() < 0.7
            for _ in range(5):
                scores.append(float(one if alike else draw.random() < 0.7))
                others.append(float(other if alike else draw.random() < 0.7))
        low, high = ends(paired_difference(scores, others, clusters=[number // 5 for number in range(200)]))
        missed += not low <= 0.0 <= high
        low, high = ends(paired_difference(scores, others))
        careless += not low <= 0.0 <= high
    assert missed / tries < 0.07
    assert careless / tries > 0.2
