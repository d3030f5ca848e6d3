"""Leaving each pair out: the closed form is what fitting again without it gives."""

import numpy as np
import pytest

from training.engine.attribution.doubt import LeaveOneOut, ranks

SHAPES = [(12, 40), (30, 6)]  # fewer pairs than places, and more


def refit(rows: np.ndarray, targets: np.ndarray, ridge: float, at: np.ndarray) -> np.ndarray:
    """Ridge regression's predictions at some rows, by its normal equations."""
    weights = np.linalg.solve(rows.T @ rows + ridge * np.eye(rows.shape[1]), rows.T @ targets)
    return np.asarray(at @ weights)


@pytest.mark.parametrize("shape", SHAPES)
def test_both_answers_are_those_of_fitting_again_without_each_pair(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    rows, queries = random.normal(size=shape).astype(np.float32), random.normal(size=(2, shape[1])).astype(np.float32)
    targets = random.uniform(0, 1, size=shape[0])
    fit = LeaveOneOut(rows, targets)
    gains = fit.gain_without(queries)
    exact, asked = rows.astype(np.float64), queries / np.linalg.norm(queries, axis=1, keepdims=True)
    whole = refit(exact, targets, fit.ridge, asked)
    for place in range(len(rows)):
        kept = np.arange(len(rows)) != place
        without = refit(exact[kept], targets[kept], fit.ridge, np.concatenate([exact[[place]], asked]))
        assert fit.without[place] == pytest.approx(without[0], abs=1e-6)
        assert gains[place] == pytest.approx(without[1:] - whole, abs=1e-6)


def test_a_label_that_the_others_contradict_is_the_most_doubtful() -> None:
    random = np.random.default_rng(1)
    rule = random.normal(size=50)
    rows = random.normal(size=(60, 50)) + rule  # chosen less rejected: every pair points along the rule
    rows[7] = -rows[7]
    assert int(np.argmin(LeaveOneOut(rows.astype(np.float32), np.ones(60)).without)) == 7


def test_a_rank_is_the_share_of_the_others_that_are_smaller() -> None:
    assert ranks(np.array([3.0, 1.0, 2.0])).tolist() == [1.0, 0.0, 0.5]
    assert ranks(np.array([2.0, 2.0])).tolist() == [0.5, 0.5]
    assert ranks(np.array([9.0])).tolist() == [0.5]
