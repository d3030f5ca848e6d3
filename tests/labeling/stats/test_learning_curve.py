"""The learning curve: the law, its posterior, and what follows from it."""

from math import inf

import numpy as np
import pytest

from labeling.stats import LearningCurve, ShortTraining, learning_curve, quantiles
from labeling.stats.learning_curve import FARTHEST, WORTH

SIZES = (32, 64, 128, 256, 512)


def law(labels: float, gain: float = 0.3, scale: float = 60.0, rate: float = 1.0) -> float:
    return 0.5 + gain * (1 - float((1 + labels / scale) ** -rate))


def trainings(
    pairs: int, *, draws: int = 4, gain: float = 0.3, scale: float = 60.0, seed: int = 1
) -> list[ShortTraining]:
    """Short trainings that are right as often as the law says. A held-out pair is as hard for all of them."""
    hardness = np.random.default_rng(seed).random(pairs)
    return [
        ShortTraining(size, draw, (hardness < law(size, gain, scale)).astype(np.float64))
        for draw in range(draws)
        for size in SIZES
    ]


def fitted(pairs: int = 4000, **how: float) -> LearningCurve:
    curve = learning_curve(trainings(pairs, **how))  # type: ignore[arg-type]
    assert curve is not None
    return curve


def test_it_finds_the_curve_behind_its_points_and_beyond_them() -> None:
    curve = fitted(20_000)
    for labels in (512, 1024, 2048):
        found = curve.accuracy(labels)
        assert found.low <= law(labels) <= found.high
        assert found.high - found.low < 0.05


def test_without_labels_it_is_a_half_and_with_more_it_never_falls() -> None:
    curve = fitted(100)
    assert curve.mean(0) == pytest.approx(np.full(curve.gain.shape, 0.5))
    assert (curve.mean(1024) >= curve.mean(512)).all()
    assert curve.gain_between(512, 512).low >= 0


def test_fewer_held_out_pairs_give_a_wider_interval() -> None:
    widths = [one.high - one.low for one in (fitted(pairs).accuracy(1024) for pairs in (50, 500, 5000))]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 0.1


def test_one_run_is_less_certain_than_the_mean_of_runs() -> None:
    generator = np.random.default_rng(5)
    rows = [
        ShortTraining(size, draw, (generator.random(3000) < law(size) + generator.normal(0, 0.03)).astype(np.float64))
        for draw in range(6)
        for size in SIZES
    ]
    curve = learning_curve(rows)
    assert curve is not None
    assert 0.01**2 < curve.chance + curve.spread / 512 < 0.1**2
    mean, one = curve.accuracy(1024), curve.next_accuracy(1024)
    assert one.high - one.low > mean.high - mean.low


def test_a_curve_that_has_levelled_off_is_exhausted_and_a_steep_one_is_not() -> None:
    level, steep = fitted(8000, scale=4.0), fitted(8000, scale=400.0)
    assert level.is_exhausted(level.labels)
    assert not steep.is_exhausted(steep.labels)
    assert steep.gain_between(512, 512).low > WORTH


def test_a_target_is_reached_where_the_law_reaches_it_and_beyond_its_end_never() -> None:
    curve = fitted(50_000)
    needed = quantiles(curve.labels_for(law(900)))
    assert needed.low <= 900 <= needed.high
    assert quantiles(curve.labels_for(0.95)).value == inf
    assert (curve.labels_for(0.5) == 0).all()
    far = curve.labels_for(0.79)
    assert far[np.isfinite(far)].max(initial=0) <= FARTHEST * 512


def test_held_out_pairs_that_are_all_right_are_no_certainty() -> None:
    sure = [ShortTraining(size, draw, np.ones(20)) for draw in range(3) for size in SIZES]
    curve = learning_curve(sure)
    assert curve is not None
    assert curve.accuracy(512).low < 0.97


def test_two_sizes_are_too_few() -> None:
    assert learning_curve([one for one in trainings(50) if one.labels < 100]) is None
    assert learning_curve([]) is None


def test_the_same_trainings_give_the_same_curve() -> None:
    assert fitted(60).accuracy(1024) == fitted(60).accuracy(1024)
