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


def test_pairs_of_one_prompt_count_as_little_as_the_prompt() -> None:
    """Four pairs of each prompt that are all alike say no more than one of them."""
    alone = trainings(100)
    fourfold = [ShortTraining(one.labels, one.draw, np.repeat(one.right, 4)) for one in alone]
    prompts = np.repeat(np.arange(100), 4).tolist()
    curves = learning_curve(alone), learning_curve(fourfold, prompts), learning_curve(fourfold)
    widths = []
    for curve in curves:
        assert curve is not None
        widths.append([one.high - one.low for one in (curve.accuracy(512), curve.points[-1].accuracy)])
    assert widths[1] == pytest.approx(widths[0], rel=0.05)
    assert widths[2][1] < 0.6 * widths[0][1]  # as if they were independent
    assert learning_curve(fourfold, [0] * 400) is None  # one prompt tells nothing about others


def test_luck_that_pairs_of_a_prompt_share_is_not_taken_for_differences_between_trainings() -> None:
    generator = np.random.default_rng(7)
    prompts = np.repeat(np.arange(60), 5)
    rows = [
        ShortTraining(size, draw, (np.repeat(generator.random(60), 5) < law(size)).astype(np.float64))
        for draw in range(6)
        for size in SIZES
    ]
    together, apart = learning_curve(rows, prompts.tolist()), learning_curve(rows)
    assert together is not None
    assert apart is not None
    assert together.chance + together.spread / 512 < 0.5 * (apart.chance + apart.spread / 512)


def test_a_size_that_was_measured_once_does_not_show_how_much_runs_differ() -> None:
    assert learning_curve(trainings(200, draws=1)) is None
    both = trainings(200, draws=2)
    curve = learning_curve([one for one in both if one.draw == 0 or one.labels < 200])
    assert curve is not None
    assert [point.labels for point in curve.points] == [32, 64, 128]
    assert curve.labels == 128


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
