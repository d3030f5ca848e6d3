"""The difference of two independent shares, against Newcombe's own examples, and Fisher's exact test of it."""

from math import comb

import pytest

from labeling.stats import InvalidCounts, chance_of_more, difference_of_shares


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((56, 70, 48, 80), (0.2, 0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.6, 0.1705, 0.8090)),
        ((10, 10, 0, 20), (1.0, 0.6791, 1.0)),
        ((0, 10, 0, 10), (0.0, -0.2775, 0.2775)),
    ],
)
def test_it_is_method_ten_of_newcombe(counts: tuple[int, int, int, int], expected: tuple[float, ...]) -> None:
    assert difference_of_shares(*counts) == pytest.approx(expected, abs=5e-5)


def test_it_needs_trials_on_both_sides() -> None:
    with pytest.raises(InvalidCounts):
        difference_of_shares(0, 0, 1, 2)


def test_the_exact_test_is_that_of_the_lady_who_tasted_tea() -> None:
    assert chance_of_more(3, 4, 1, 4) == pytest.approx(17 / 70)
    assert chance_of_more(4, 4, 0, 4) == pytest.approx(1 / 70)


@pytest.mark.parametrize("counts", [(7, 20, 12, 90), (0, 5, 3, 5), (400, 1000, 300, 900)])
def test_the_exact_test_counts_all_ways(counts: tuple[int, int, int, int]) -> None:
    successes, trials, other, other_trials = counts
    together = successes + other
    ways = sum(comb(trials, k) * comb(other_trials, together - k) for k in range(successes, min(together, trials) + 1))
    assert chance_of_more(*counts) == pytest.approx(ways / comb(trials + other_trials, together))
