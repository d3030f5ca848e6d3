"""The learning curve of a model: its accuracy after n labels, fitted to short trainings, and what more labels bring.

The law is the inverse power law of learning curves, shifted so that no label gives one half, the accuracy of a model
without any preference:

    accuracy(n) = 1/2 + gain (1 - (1 + n / scale)^-rate)

Sources: Figueroa et al. 2012, "Predicting sample size required for classification performance" (the power law, fitted
to trainings on subsets); Domhan et al. 2015, "Speeding up automatic hyperparameter optimization [...] by extrapolation
of learning curves" (a posterior over curves instead of one curve); Viering and Loog 2022, "The shape of learning
curves: a review" (which laws hold, and that extrapolation needs an interval).

The posterior is computed on a grid, so nothing has to converge. The errors of its points are correlated: all are
measured on the same held-out pairs, of which those of one prompt are not independent, and all subsets come from the
same labels.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeling.stats.clustered import by_cluster, clustered_covariance, effective_units

FloatArray = NDArray[np.float64]

LEVEL = 0.9
"""Of all intervals here."""
FEWEST_SIZES = 3
"""The law has three unknowns."""
FEWEST_DRAWS = 2
"""Trainings of a size: one alone does not show how much trainings differ, and every interval would be too narrow."""
WORTH = 0.01
"""One point of accuracy: a smaller gain from twice the labels counts as nothing."""
FARTHEST = 20
"""The farthest that a curve is extrapolated, in multiples of the labels measured."""
DRAWS = 4000

GAINS = np.linspace(0.0, 0.5, 101)
RATES = np.array([0.3, 0.5, 0.7, 1.0, 1.4, 2.0])
SCALES = 32


@dataclass(frozen=True, slots=True)
class ShortTraining:
    """One training on a subset. labels: its size. draw: the number of its order of the labels, whose first ones it had.

    right: of each held-out pair, 1 if the model prefers the chosen text, 0.5 if neither, else 0; shape (pairs,).
    """

    labels: int
    draw: int
    right: FloatArray


@dataclass(frozen=True, slots=True)
class Range:
    """A figure with its interval of LEVEL."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Point:
    """The mean accuracy of the trainings of one size, with the interval that their held-out pairs and draws give."""

    labels: int
    trainings: int
    accuracy: Range


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """Curves that the trainings allow, as draws from the posterior; gain, scale, rate: shape (DRAWS,).

    labels: the largest size. spread: the variance between trainings on independent sets of one label each, which falls
    with their size; chance: the variance between two trainings on the same labels. luck: standard normal, shape
    (DRAWS,).
    """

    labels: int
    points: tuple[Point, ...]
    gain: FloatArray
    scale: FloatArray
    rate: FloatArray
    spread: float
    chance: float
    luck: FloatArray

    def mean(self, labels: float) -> FloatArray:
        """The accuracy after so many labels, on average over trainings, of each curve; shape (DRAWS,)."""
        return 0.5 + self.gain * (1 - (1 + labels / self.scale) ** -self.rate)

    def accuracy(self, labels: float) -> Range:
        """The accuracy after so many labels, on average over trainings."""
        return _range(self.mean(labels))

    def next_accuracy(self, labels: float) -> Range:
        """The accuracy of one training on so many labels: wider, since trainings differ."""
        noise = np.sqrt(self.spread / max(labels, 1.0) + self.chance)
        return _range(np.clip(self.mean(labels) + noise * self.luck, 0.0, 1.0))

    def gain_between(self, labels: float, more: float) -> Range:
        """The accuracy that `more` labels add to `labels`, on average over trainings."""
        return _range(self.mean(labels + more) - self.mean(labels))

    def is_exhausted(self, labels: float) -> bool:
        """Whether twice as many as these labels bring less than WORTH, even at the upper end of the interval."""
        return self.gain_between(labels, labels).high < WORTH

    def labels_for(self, target: float) -> FloatArray:
        """The labels after which the mean accuracy reaches a target, of each curve; infinite: not within FARTHEST."""
        wanted = target - 0.5
        if wanted <= 0:
            return np.zeros_like(self.gain)
        needed = np.full(self.gain.shape, np.inf)
        can = self.gain > wanted
        left = 1 - wanted / self.gain[can]
        needed[can] = self.scale[can] * (left ** (-1 / self.rate[can]) - 1)
        needed[needed > FARTHEST * self.labels] = np.inf
        return needed


def learning_curve(
    trainings: Sequence[ShortTraining], clusters: Sequence[Hashable] | None = None
) -> LearningCurve | None:
    """The posterior of the curve.

    clusters: what is independent among the held-out pairs (their prompts); None: each pair is. Sizes of fewer than
    FEWEST_DRAWS trainings do not count. None: fewer than FEWEST_SIZES are left, or the held-out pairs are of fewer than
    two clusters.
    """
    of_size = Counter(one.labels for one in trainings if one.labels > 0)
    sizes = sorted(size for size, count in of_size.items() if count >= FEWEST_DRAWS)
    if len(sizes) < FEWEST_SIZES:
        return None
    by_size = [np.array([one.right for one in trainings if one.labels == size]) for size in sizes]
    prompts = range(by_size[0].shape[1]) if clusters is None else clusters
    if len(set(prompts)) < 2:
        return None
    labels, means = np.array(sizes, dtype=np.float64), np.array([rows.mean() for rows in by_size])
    spread, chance = _between_trainings(labels, by_size, prompts)
    errors = _held_out_errors(by_size, prompts) + _training_errors(labels, by_size, spread, chance)
    gain, scale, rate, weights = _posterior(labels, means, errors)
    generator = np.random.default_rng(0)
    drawn = generator.choice(weights.size, size=DRAWS, p=weights)
    half = 1.6449 * np.sqrt(np.diag(errors))
    points = tuple(
        Point(size, len(rows), Range(float(mean), max(0.0, float(mean - one)), min(1.0, float(mean + one))))
        for size, rows, mean, one in zip(sizes, by_size, means, half, strict=True)
    )
    luck = generator.standard_normal(DRAWS)
    return LearningCurve(sizes[-1], points, gain[drawn], scale[drawn], rate[drawn], spread, chance, luck)


def quantiles(values: FloatArray) -> Range:
    """The median with the interval of LEVEL; an end may be infinite."""
    low, value, high = np.quantile(values, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2], method="inverted_cdf")
    return Range(float(value), float(low), float(high))


def _range(values: FloatArray) -> Range:
    low, value, high = np.quantile(values, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2])
    return Range(float(value), float(low), float(high))


def _between_trainings(
    labels: FloatArray, by_size: Sequence[FloatArray], prompts: Sequence[Hashable]
) -> tuple[float, float]:
    """`spread` and `chance` of the curve, from how trainings of one size differ beyond their held-out pairs.

    Subsets of n out of N labels differ by spread (1/n - 1/N), as samples without replacement do; with all N labels only
    chance remains. Held-out pairs on which trainings differ make their accuracies differ too: that part is subtracted.
    """
    beyond = []
    for rows in by_size:
        by_pairs = by_cluster(rows, prompts).var(axis=0, ddof=1).sum() / rows.shape[1] ** 2
        beyond.append(rows.mean(axis=1).var(ddof=1) - by_pairs)
    chance = max(0.0, float(beyond[-1]))
    share = 1 / labels[:-1] - 1 / labels[-1]
    weight = np.array([len(rows) - 1 for rows in by_size[:-1]])
    spread = float(np.sum(weight * (np.array(beyond[:-1]) - chance) / share) / weight.sum())
    return max(0.0, spread), chance


def _held_out_errors(by_size: Sequence[FloatArray], prompts: Sequence[Hashable]) -> FloatArray:
    """The covariance of the sizes' means over samples of held-out prompts, shape (sizes, sizes).

    No variance is below that of the share with two more successes and two more failures (Agresti and Coull 1998), of as
    many pairs as are worth as much as independent ones: a few pairs that are all right do not prove that every pair is.
    """
    rows = np.array([each.mean(axis=0) for each in by_size])
    errors = clustered_covariance(rows, prompts)
    pairs = np.array([effective_units(row, float(row.var()), prompts) for row in rows])
    shares = (rows.mean(axis=1) * pairs + 2) / (pairs + 4)
    floor = shares * (1 - shares) / (pairs + 4)
    missing = np.maximum(0.0, floor - np.diag(errors))
    return errors + np.sqrt(np.outer(missing, missing))


def _training_errors(labels: FloatArray, by_size: Sequence[FloatArray], spread: float, chance: float) -> FloatArray:
    """The covariance of the sizes' means over samples of labels, shape (sizes, sizes).

    Two draws share the labels that all come from, 1/N; two sizes of one draw are nested, and share those of the larger.
    """
    draws = np.array([len(rows) for rows in by_size], dtype=np.float64)
    nested = 1 / np.maximum.outer(labels, labels)
    shared = 1 / labels[-1]
    errors = spread * (shared + (nested - shared) / np.maximum.outer(draws, draws))
    return np.asarray(errors + np.diag(chance / draws))


def _posterior(
    labels: FloatArray, means: FloatArray, errors: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """gain, scale, rate and weight of every curve of the grid, flat. The prior is even in gain, log scale and rate."""
    scales = np.geomspace(labels[0] / 10, labels[-1] * 10, SCALES)
    gain, scale, rate = (grid.ravel() for grid in np.meshgrid(GAINS, scales, RATES, indexing="ij"))
    # The law is no more than a law: a thousandth keeps a huge held-out set from choosing a single curve.
    precision = np.linalg.inv(errors + 0.003**2 * np.eye(len(labels)))
    curves = 0.5 + gain[:, None] * (1 - (1 + labels[None, :] / scale[:, None]) ** -rate[:, None])
    residuals = curves - means
    log_weight = -0.5 * np.einsum("ij,jk,ik->i", residuals, precision, residuals)
    weight = np.exp(log_weight - log_weight.max())
    return gain, scale, rate, weight / weight.sum()
