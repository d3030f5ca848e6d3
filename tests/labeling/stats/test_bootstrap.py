"""Resampling comparisons by their counts."""

import numpy as np
import pytest

from labeling.stats import Bootstrap, FloatArray


def first_share(drawn: FloatArray) -> FloatArray:
    return np.asarray(drawn[:, 0] / drawn.sum(axis=1), dtype=np.float64)


def test_the_interval_is_the_binomials_and_the_same_every_time() -> None:
    counts = np.array([30.0, 70.0])
    interval = Bootstrap().interval(counts, first_share)
    assert interval == Bootstrap().interval(counts, first_share)
    assert interval == pytest.approx((0.3 - 1.96 * 0.0458, 0.3 + 1.96 * 0.0458), abs=0.012)
    assert len({Bootstrap(seed=seed).interval(counts, first_share) for seed in range(20)}) > 1


@pytest.mark.parametrize("counts", [[1.0, 0.0], [5.0, 0.0]])
def test_comparisons_that_are_all_alike_have_no_interval(counts: list[float]) -> None:
    assert Bootstrap().interval(np.array(counts), first_share) is None


def test_a_figure_that_is_undefined_too_often_has_no_interval() -> None:
    def sometimes(drawn: FloatArray) -> FloatArray:
        figures = first_share(drawn)
        figures[: int(len(figures) * share)] = np.nan
        return figures

    counts = np.array([30.0, 70.0])
    share = 0.04
    assert Bootstrap().interval(counts, sometimes) is not None
    share = 0.06
    assert Bootstrap().interval(counts, sometimes) is None
