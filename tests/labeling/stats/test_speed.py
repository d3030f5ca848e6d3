"""Median and quartiles of the time for a judgment."""

import random
from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.stats import (
    Estimate,
    quantile,
    speed,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=200), st.sampled_from([0.25, 0.5, 0.75]))
def test_a_quantile_is_numpys(times: list[int], share: float) -> None:
    estimate = quantile({float(time): count for time, count in Counter(times).items()}, share)
    assert estimate.value == np.quantile(times, share, method="inverted_cdf")
    if estimate.low is not None and estimate.value is not None and estimate.high is not None:
        assert estimate.low <= estimate.value <= estimate.high


def test_the_medians_interval_holds_the_true_one_about_as_often_as_it_says() -> None:
    rng, covered = random.Random(4), 0
    for _ in range(400):
        estimate = quantile(Counter(rng.expovariate(1.0) for _ in range(60)), 0.5)
        assert estimate.low is not None
        assert estimate.high is not None
        covered += estimate.low <= 0.693147 <= estimate.high
    assert 0.93 <= covered / 400 <= 0.99


def test_few_times_have_a_median_without_an_interval_and_none_a_reason() -> None:
    assert quantile({3.0: 2, 8.0: 1}, 0.5) == Estimate(
        3.0, None, None, 3, "The judgments are too few for an interval.", 3
    )
    assert speed({}).median.reason == "No judgment has a time yet. Those made on the annotator's page get one."
