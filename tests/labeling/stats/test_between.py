"""Agreement between two groups: by hand, against each other, and where nothing can be said."""

import pytest

from labeling.stats import between_agreement

A, B, TIE = (1, 0, 0), (0, 0, 1), (0, 1, 0)


def test_the_share_and_alpha_are_those_by_hand() -> None:
    agreement, alpha = between_agreement({(A, A): 40, (B, B): 40, (A, B): 10, (B, A): 10})
    assert agreement.value == pytest.approx(0.8)
    assert alpha.value == pytest.approx(1 - 0.2 / 0.5)
    assert agreement.comparisons == 100
    assert agreement.votes == 200
    assert alpha.low is not None
    assert alpha.high is not None
    assert alpha.low < 0.6 < alpha.high


def test_every_pair_of_votes_counts() -> None:
    agreement, _alpha = between_agreement({((2, 0, 1), (1, 0, 1)): 3})
    assert agreement.value == pytest.approx((2 * 1 + 1 * 1) / (3 * 2))


def test_groups_that_vote_against_each_other_are_below_zero() -> None:
    _agreement, alpha = between_agreement({(A, B): 30, (B, A): 30})
    assert alpha.value == pytest.approx(-1.0)


def test_unanimous_or_unshared_votes_say_nothing_beyond_chance() -> None:
    agreement, alpha = between_agreement({(A, A): 5})
    assert (agreement.value, alpha.value) == (1.0, None)
    assert agreement.low is not None
    assert alpha.reason is not None
    agreement, alpha = between_agreement({})
    assert agreement.reason == alpha.reason == "No comparison has votes of both groups."


def test_a_tie_is_a_vote_of_its_own() -> None:
    agreement, _alpha = between_agreement({(TIE, TIE): 1, (TIE, A): 1})
    assert agreement.value == pytest.approx(0.5)
