"""One annotator against the majority of the others."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.stats import (
    Bootstrap,
    leave_one_out,
)
from tests.labeling.stats import naive

FEW = Bootstrap(resamples=50)

all_votes = st.lists(st.lists(st.integers(0, 2), max_size=6), max_size=12)


@settings(max_examples=100, deadline=None)
@given(all_votes)
def test_leave_one_out_equals_its_plain_definition(votes: list[list[int]]) -> None:
    shares = []
    for one in votes:
        for index, vote in enumerate(one if len(one) >= 3 else []):
            others = Counter(one[:index] + one[index + 1 :])
            modes = [category for category, count in others.items() if count == max(others.values())]
            shares.append((vote in modes) / len(modes))
    estimate = leave_one_out(naive.patterns_of(votes, 3), bootstrap=FEW)
    if shares:
        assert estimate.value == pytest.approx(sum(shares) / len(shares))
        assert estimate.votes == len(shares)
    else:
        assert (estimate.value, bool(estimate.reason)) == (None, True)


@settings(max_examples=60, deadline=None)
@given(all_votes)
def test_leave_one_out_does_not_depend_on_which_completion_is_a(votes: list[list[int]]) -> None:
    patterns = naive.patterns_of(votes, 3)
    exchanged = {(b, tie, a): count for (a, tie, b), count in patterns.items()}
    one, other = leave_one_out(patterns, bootstrap=FEW), leave_one_out(exchanged, bootstrap=FEW)
    assert one.value == pytest.approx(other.value)
