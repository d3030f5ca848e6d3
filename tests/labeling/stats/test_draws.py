"""The chance of as many marked ones among those that were drawn."""

from fractions import Fraction
from math import comb

import pytest

from labeling.stats import chance_of_as_many


@pytest.mark.parametrize(
    ("total", "marked", "drawn", "found"),
    [(500, 50, 5, 2), (500, 50, 40, 12), (20, 2, 5, 0), (20, 2, 19, 1), (10, 10, 3, 3), (5_000, 500, 400, 50)],
)
def test_it_is_the_share_of_the_draws_that_hold_as_many(total: int, marked: int, drawn: int, found: int) -> None:
    draws = [comb(marked, one) * comb(total - marked, drawn - one) for one in range(found, min(marked, drawn) + 1)]
    assert chance_of_as_many(total, marked, drawn, found) == pytest.approx(
        float(Fraction(sum(draws), comb(total, drawn))), rel=1e-9
    )


def test_more_than_there_can_be_has_no_chance() -> None:
    assert chance_of_as_many(20, 2, 5, 3) == 0.0
