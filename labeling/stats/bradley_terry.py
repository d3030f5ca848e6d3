"""Ranks models by judgments: Bradley-Terry with Davidson's ties, regularised, with intervals.

    P(i preferred to j) : P(tie) : P(j preferred to i)  =  exp(d / 2) : exp(t) : exp(-d / 2),
    d = s_i - s_j + g * log(length of i's completion / length of j's)

with a strength s for each model, one tie parameter t, and in the length-controlled variant the length effect g. The
strengths are then those at equal length.

**Prior.** s ~ N(0, 1.5^2), t ~ N(0, 3^2), g ~ N(0, 3^2). Without a prior, a model that never lost would be infinitely
strong. 1.5 in log odds is 261 Elo points. The prior also centres the strengths on 0.

**Intervals** take the wider of two at each end. One is by the observed information; it is wide for an undefeated model,
but treats the votes on one comparison as independent. The other is by a bootstrap over comparisons; it does not, but an
undefeated model is undefeated in every resample.

Source: Davidson 1970, "On extending the Bradley-Terry model to accommodate ties in paired comparison experiments".
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from labeling.stats.bootstrap import Bootstrap, FloatArray
from labeling.stats.estimate import Estimate
from labeling.stats.sentences import gettext_noop

MatchCounts = Mapping[tuple[str, str, float, int, int, int], int]
"""The number of comparisons by model of a, model of b, log(length of a / length of b), and votes for a, tie and b."""

STRENGTH_PRIOR, TIE_PRIOR, LENGTH_PRIOR = 1.5, 3.0, 3.0
"""Standard deviations, in log odds."""

ELO = 400 / log(10)
"""Elo points for one unit of log odds."""

TOO_FEW_MODELS = gettext_noop("Two models must have been compared.")
NO_LENGTHS = gettext_noop("Length is not controlled here.")
Z = 1.959964


@dataclass(frozen=True, slots=True)
class Rated:
    """One model.

    rating: Elo points around a mean of 0. wins, ties, losses: votes. group: models with the same number are connected
    by comparisons; between groups nothing was measured, and only the prior decides.
    """

    model: str
    rating: Estimate
    wins: int
    ties: int
    losses: int
    group: int


@dataclass(frozen=True, slots=True)
class Ranking:
    """Models, the best first.

    win_rates: for each two models, in the order of `models`, P(first preferred) + P(tie) / 2 at equal length.
    length_effect: g; undefined unless length is controlled. groups: 1: all models are connected. reason: why there is
    no ranking; None: there is one.
    """

    models: list[Rated]
    win_rates: list[list[float]]
    length_effect: Estimate
    groups: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Data:
    """One row for each pattern. features: of d, shape (rows, M or M + 1). votes: for a, ties and b, shape (rows, 3)."""

    names: list[str]
    features: FloatArray
    votes: FloatArray
    counts: FloatArray
    length_controlled: bool

    @property
    def prior(self) -> FloatArray:
        """The precisions of the strengths, of the length effect if there is one, and of the tie parameter."""
        deviations = [STRENGTH_PRIOR] * len(self.names) + [LENGTH_PRIOR] * self.length_controlled + [TIE_PRIOR]
        return np.array(deviations) ** -2.0


def ranking(matches: MatchCounts, *, length_controlled: bool = False, bootstrap: Bootstrap | None = None) -> Ranking:
    """Ranks the models. Comparisons of a model with itself are left out: they do not depend on its strength."""
    data = _data(matches, length_controlled)
    if len(data.names) < 2:
        return Ranking([], [], Estimate(None, None, None, 0, TOO_FEW_MODELS), 0, TOO_FEW_MODELS)
    weights = data.counts[:, None] * data.votes
    parameters, information = _fit(data, weights)
    errors = _standard_errors(information, len(data.names)) * Z
    resampled = _resampled(data, parameters, bootstrap or Bootstrap(resamples=200))
    low, high = _widest(parameters - errors, parameters + errors, *resampled)
    groups = _groups(data)
    rated = [_rated(data, weights, m, (parameters, low, high), groups[m]) for m in range(len(data.names))]
    order = sorted(range(len(rated)), key=lambda m: (-parameters[m], data.names[m]))
    rates = _win_rates(parameters[: len(rated)], parameters[-1])
    effect = Estimate(None, None, None, 0, NO_LENGTHS)
    if length_controlled:
        at = len(rated)
        effect = Estimate(parameters[at], low[at], high[at], int(data.counts.sum()), None, int(weights.sum()))
    return Ranking([rated[m] for m in order], rates[np.ix_(order, order)].tolist(), effect, len(set(groups)))


def log_posterior(parameters: FloatArray, data: _Data, weights: FloatArray) -> float:
    """The log posterior, up to a constant. parameters: strengths, length effect if there is one, tie parameter."""
    return float((weights * _log_probabilities(parameters, data)).sum() - (data.prior * parameters**2).sum() / 2)


def _data(matches: MatchCounts, length_controlled: bool) -> _Data:
    """Rows with the two models in the order of their names, because the ranking must not depend on which one is a."""
    in_order: Counter[tuple[str, str, float, int, int, int]] = Counter()
    for (one, other, ratio, a, tie, b), count in matches.items():
        if count and one != other and a + tie + b:
            in_order[(one, other, ratio, a, tie, b) if one < other else (other, one, -ratio, b, tie, a)] += count
    rows = sorted(in_order.items())
    names = sorted({name for key, _ in rows for name in key[:2]})
    features = np.zeros((len(rows), len(names) + length_controlled))
    for row, ((one, other, ratio, *_), _) in enumerate(rows):
        features[row, names.index(one)], features[row, names.index(other)] = 1, -1
        if length_controlled:
            features[row, -1] = ratio
    votes = np.array([key[3:] for key, _ in rows], dtype=np.float64).reshape(-1, 3)
    return _Data(names, features, votes, np.array([float(count) for _, count in rows]), length_controlled)


def _log_probabilities(parameters: FloatArray, data: _Data) -> FloatArray:
    """Log probabilities of a, tie and b, shape (rows, 3)."""
    half = data.features @ parameters[:-1] / 2
    logits = np.stack([half, np.full_like(half, parameters[-1]), -half], axis=1)
    largest = logits.max(axis=1, keepdims=True)
    return np.asarray(logits - largest - np.log(np.exp(logits - largest).sum(axis=1, keepdims=True)), dtype=np.float64)


def _fit(data: _Data, weights: FloatArray, start: FloatArray | None = None) -> tuple[FloatArray, FloatArray]:
    """The most probable parameters, by Newton's method with step halving, and the observed information at them.

    weights: votes for a, tie and b of each row, shape (rows, 3). The log of a softmax plus that of a normal prior is
    concave, so there is one maximum.
    """
    size = data.features.shape[1] + 1
    parameters = np.zeros(size) if start is None else start.copy()
    trials, value = weights.sum(axis=1), log_posterior(parameters, data, weights)
    for _ in range(100):
        gradient, information = _derivatives(parameters, data, weights, trials)
        step = np.linalg.solve(information, gradient)
        rounding = 1e-12 * abs(value)
        while (reached := log_posterior(parameters + step, data, weights)) < value - rounding:
            step = step / 2
        parameters, value = parameters + step, reached
        if np.abs(step).max() < 1e-9:
            break
    return parameters, _derivatives(parameters, data, weights, trials)[1]


def _derivatives(
    parameters: FloatArray, data: _Data, weights: FloatArray, trials: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Gradient and negative Hessian of the log posterior.

    The logits are (d/2, t, -d/2). So the sufficient statistic of d is u = (1/2, 0, -1/2), and of t it is v = (0, 1, 0).
    The gradient is the observed minus the expected statistic; the information is its covariance.
    """
    probability = np.exp(_log_probabilities(parameters, data))
    lean, tied = (probability[:, 0] - probability[:, 2]) / 2, probability[:, 1]
    by_d, by_t = (weights[:, 0] - weights[:, 2]) / 2 - trials * lean, weights[:, 1] - trials * tied
    gradient = np.append(data.features.T @ by_d, by_t.sum()) - data.prior * parameters
    d_d, t_t, d_t = (1 - tied) / 4 - lean**2, tied * (1 - tied), -lean * tied
    information = np.diag(data.prior)
    information[:-1, :-1] += (data.features * (trials * d_d)[:, None]).T @ data.features
    information[:-1, -1] += data.features.T @ (trials * d_t)
    information[-1, :-1] = information[:-1, -1]
    information[-1, -1] += (trials * t_t).sum()
    return gradient, information


def _standard_errors(information: FloatArray, models: int) -> FloatArray:
    """The standard error of every parameter; of a strength, that of its distance from the mean of all strengths.

    No comparison determines the mean itself, so its uncertainty is that of the prior and not of any model.
    """
    centre = np.eye(len(information))
    centre[:models, :models] -= 1 / models
    covariance = centre @ np.linalg.inv(information) @ centre.T
    return np.asarray(np.sqrt(np.diag(covariance)), dtype=np.float64)


def _resampled(data: _Data, start: FloatArray, bootstrap: Bootstrap) -> tuple[FloatArray, FloatArray]:
    """The percentile interval of every parameter, by a bootstrap over comparisons."""
    generator, total = np.random.default_rng(bootstrap.seed), int(data.counts.sum())
    drawn = generator.multinomial(total, data.counts / total, size=bootstrap.resamples)
    figures = np.array([_fit(data, row[:, None] * data.votes, start)[0] for row in drawn])
    tail = (1 - bootstrap.level) / 2
    low, high = np.quantile(figures, [tail, 1 - tail], axis=0)
    return low, high


def _widest(low: FloatArray, high: FloatArray, low2: FloatArray, high2: FloatArray) -> tuple[FloatArray, FloatArray]:
    return np.minimum(low, low2), np.maximum(high, high2)


def _rated(
    data: _Data, weights: FloatArray, m: int, ends: tuple[FloatArray, FloatArray, FloatArray], group: int
) -> Rated:
    as_a, as_b = data.features[:, m] > 0, data.features[:, m] < 0
    wins = weights[as_a, 0].sum() + weights[as_b, 2].sum()
    losses = weights[as_a, 2].sum() + weights[as_b, 0].sum()
    ties = weights[as_a | as_b, 1].sum()
    value, low, high = (float(ELO * one[m]) for one in ends)
    comparisons = int(data.counts[as_a | as_b].sum())
    estimate = Estimate(value, low, high, comparisons, None, int(wins + ties + losses))
    return Rated(data.names[m], estimate, int(wins), int(ties), int(losses), group)


def _win_rates(strengths: FloatArray, tie: float) -> FloatArray:
    half = (strengths[:, None] - strengths[None, :]) / 2
    won, lost, drawn = np.exp(half), np.exp(-half), np.exp(tie)
    return np.asarray((won + drawn / 2) / (won + drawn + lost), dtype=np.float64)


def _groups(data: _Data) -> list[int]:
    """The number, from 1, of each model's group: the models that comparisons connect it with."""
    edges: NDArray[np.bool_] = data.features[:, : len(data.names)] != 0
    return _connected(len(data.names), (np.flatnonzero(row).tolist() for row in edges))


def _connected(size: int, edges: Iterable[list[int]]) -> list[int]:
    leader = list(range(size))

    def leader_of(one: int) -> int:
        while leader[one] != one:
            one = leader[one]
        return one

    for one, other in edges:
        leader[leader_of(one)] = leader_of(other)
    numbers: dict[int, int] = {}
    return [numbers.setdefault(leader_of(one), len(numbers) + 1) for one in range(size)]
