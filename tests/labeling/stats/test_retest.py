"""Swap-retests: consistency, and the pull of a side."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.stats import (
    Bootstrap,
    retest_report,
)

FEW = Bootstrap(resamples=50)

SAID = ("left", "right", "tie")


def test_a_retest_by_the_text_and_one_by_the_side_are_told_apart() -> None:
    report = retest_report({("left", "right"): 60, ("right", "left"): 20, ("left", "left"): 15, ("right", "right"): 5})
    assert report.consistency.value == pytest.approx(0.8)
    assert report.side_decided.value == pytest.approx(0.2)
    assert report.left_pull.value == pytest.approx(0.1)
    assert report.left_pull.low is not None
    assert report.left_pull.high is not None
    assert 0 < report.left_pull.low < 0.1 < report.left_pull.high < 0.2


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.tuples(st.sampled_from(SAID), st.sampled_from(SAID)), st.integers(0, 9)))
def test_exchanging_left_and_right_turns_the_pull_round_and_nothing_else(counts: dict[tuple[str, str], int]) -> None:
    swap = {"left": "right", "right": "left", "tie": "tie"}
    report = retest_report(counts, bootstrap=FEW)
    turned = retest_report({(swap[one], swap[two]): n for (one, two), n in counts.items()}, bootstrap=FEW)
    assert report.consistency == turned.consistency
    assert report.side_decided == turned.side_decided
    if report.left_pull.value is not None:
        assert turned.left_pull.value == pytest.approx(-report.left_pull.value)


def test_without_retests_or_preferences_there_is_a_reason() -> None:
    assert retest_report({}).consistency.reason == "Nobody has judged a comparison a second time yet."
    ties = retest_report({("tie", "tie"): 3, ("tie", "left"): 1})
    assert ties.consistency.value == 0.75
    assert ties.left_pull.reason == "No retest has a preference both times yet."


def test_no_pull_seen_in_few_retests_leaves_room_for_one() -> None:
    pull = retest_report({("left", "right"): 8}).left_pull
    assert pull.value == 0
    assert pull.low is not None
    assert pull.high is not None
    assert pull.low < -0.2 < 0.2 < pull.high
