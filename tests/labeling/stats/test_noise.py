"""Label noise, and the ceiling that it puts on accuracy."""

from itertools import pairwise
from typing import Any

import pytest

from labeling.stats import (
    Estimate,
    accuracy_ceiling,
    label_noise,
    percent_agreement,
)


@pytest.mark.parametrize("accuracy", [0.6, 0.75, 0.9, 1.0])
def test_agreement_of_two_who_err_at_a_rate_gives_the_rate_back(accuracy: float) -> None:
    agreement = accuracy**2 + (1 - accuracy) ** 2
    noise = label_noise(Estimate(agreement, agreement - 0.01, min(1.0, agreement + 0.01), 100, None, 200))
    assert noise.value == pytest.approx(1 - accuracy)
    assert noise.low is not None
    assert noise.high is not None
    assert noise.low <= 1 - accuracy + 1e-12
    assert noise.high > 1 - accuracy
    assert accuracy_ceiling(noise).value == pytest.approx(accuracy)


def test_the_ceiling_on_majorities_is_condorcets_and_rises_with_the_votes() -> None:
    noise = label_noise(Estimate(0.68, 0.6, 0.75, 50, None, 100))
    assert noise.value == pytest.approx(0.2)
    assert accuracy_ceiling(noise, 3).value == pytest.approx(0.8**3 + 3 * 0.8**2 * 0.2)
    assert accuracy_ceiling(noise, 2).value == pytest.approx(0.8)  # half of the split votes
    values = [accuracy_ceiling(noise, votes).value or 0.0 for votes in (1, 3, 5, 7)]
    assert all(more > fewer for fewer, more in pairwise(values))
    ceiling = accuracy_ceiling(noise, 3)
    assert ceiling.low is not None
    assert ceiling.high is not None
    assert ceiling.value is not None
    assert ceiling.low < ceiling.value < ceiling.high


def test_agreement_below_chance_or_none_has_no_noise() -> None:
    assert label_noise(percent_agreement({(1, 0, 1): 9})).reason
    nothing: Any = label_noise(percent_agreement({}))
    assert accuracy_ceiling(nothing).reason == "No comparison has two votes yet."
