"""Confidences and the measured share of wrong labels."""

import numpy as np
import pytest

from training.engine.data.calibration import at_factor, calibrate, factor_for
from training.engine.data.records import PairSet, TokenPair


def pairs(*confidences: float) -> PairSet:
    made = [TokenPair(str(number), number, (1,), (2,), (3,), confidence=p) for number, p in enumerate(confidences)]
    return PairSet(made)


def test_with_equal_confidences_it_is_conservative_dpo_with_the_measured_share() -> None:
    train = pairs(0.75, 0.75, 0.75)
    calibrate([train], 0.12)
    assert [pair.confidence for pair in train.pairs] == pytest.approx([0.88] * 3, abs=1e-9)


def test_certain_labels_get_the_measured_doubt_too() -> None:
    train = pairs(1.0, 1.0)
    calibrate([train], 0.3)
    assert [pair.confidence for pair in train.pairs] == pytest.approx([0.7] * 2, abs=1e-9)


def test_the_mean_doubt_is_the_measured_share_and_the_order_stays() -> None:
    train, test = pairs(0.6, 0.75, 0.9, 0.5), pairs(0.75)
    calibrate([train, test], 0.2)
    found = np.array([pair.confidence for pair in train.pairs])
    assert np.mean(1 - found) == pytest.approx(0.2, abs=1e-9)
    assert found[3] == 0.5  # a coin flip stays one
    assert found[0] < found[1] < found[2]
    assert test.pairs[0].confidence == pytest.approx(found[1])  # held-out pairs by the same factor


def test_without_a_measurement_nothing_changes() -> None:
    train = pairs(0.6, 0.9)
    calibrate([train, pairs()], 0.0)
    assert [pair.confidence for pair in train.pairs] == [0.6, 0.9]


def test_a_share_that_no_factor_reaches_is_approached() -> None:
    half = np.array([0.5, 0.5, 0.9])
    assert np.mean(1 - at_factor(half, factor_for(half, 0.1))) == pytest.approx(1 / 3, abs=1e-3)
