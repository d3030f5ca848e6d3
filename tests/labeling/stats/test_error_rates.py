"""How often annotators err, found without anybody knowing the truth."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from labeling.stats import Bootstrap, annotator_errors
from labeling.stats.error_rates import AnnotatorErrors


def sets_of(rng: np.random.Generator, comparisons: int, errors: list[float]) -> Counter[Any]:
    """The votes of all annotators on each comparison, with their counts; a is 0, b is 2."""
    sets = Counter[Any]()
    for _ in range(comparisons):
        true = int(rng.choice([0, 2]))
        sets[tuple(2 - true if rng.random() < rate else true for rate in errors)] += 1
    return sets


def estimated(sets: Counter[Any], people: int, **options: Any) -> AnnotatorErrors:
    rows = sorted(sets.items())
    votes = np.array([(number, who, choice) for number, (row, _) in enumerate(rows) for who, choice in enumerate(row)])
    votes = votes.reshape(-1, 3).astype(np.int64)
    weights = np.array([count for _, count in rows], dtype=np.float64)
    return annotator_errors(votes[:, 0], votes[:, 1], votes[:, 2], weights, n_annotators=people, **options)


def test_accuracies_and_noise_are_found_within_their_intervals() -> None:
    errors = [0.05, 0.2, 0.3]
    result = estimated(sets_of(np.random.default_rng(1), 3000, errors), 3)
    for accuracy, rate in zip(result.accuracies, errors, strict=True):
        assert accuracy.low is not None
        assert accuracy.high is not None
        assert accuracy.low - 0.01 < 1 - rate < accuracy.high + 0.01
        assert accuracy.comparisons == 3000
    assert result.noise.value == pytest.approx(sum(errors) / 3, abs=0.02)
    assert result.noise.votes == 9000


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng, covered = np.random.default_rng(2), 0
    for _ in range(100):
        noise = estimated(sets_of(rng, 300, [0.15, 0.15, 0.25, 0.25]), 4, bootstrap=Bootstrap(resamples=25)).noise
        assert noise.low is not None
        assert noise.high is not None
        covered += noise.low <= 0.2 <= noise.high
    assert 88 <= covered <= 99


def test_unanimous_votes_leave_room_for_errors_that_were_not_seen() -> None:
    result = estimated(Counter({(0, 0): 12, (2, 2): 13}), 2)
    assert result.noise.high is not None
    assert result.noise.high > 0.02
    assert all(accuracy.high is not None and accuracy.high < 1 for accuracy in result.accuracies)


def test_without_votes_there_is_a_reason() -> None:
    result = estimated(Counter(), 2)
    assert result.noise.reason == "No comparison has two votes yet."
    assert [accuracy.value for accuracy in result.accuracies] == [None, None]
    assert result.confusions == []
