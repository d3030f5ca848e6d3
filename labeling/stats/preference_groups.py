"""Groups of annotators with different preferences, found from their votes: a mixture over annotators, fitted by EM.

Each group g has a utility of a comparison j with features x_j (a less b):

    u_gj = w_g . x_j + b_gj,    b_gj ~ Normal(0, SPREAD^2),    P(annotator i of g votes a) = sigmoid(s_i u_gj)

The weights w_g carry what form explains (length, lists, refusals), across comparisons that nobody shares. The offsets
b_gj carry the rest: direct agreement on shared comparisons. The scale s_i is how decided an annotator is: without it a
careless annotator would look like a group of their own.

An annotator's own vote must not speak for itself, or every start would confirm itself. So a vote is always weighed with
the offset that the others' votes give, by one Newton step from b = 0:

    b_gj without i = sum r_kg s_k (y_kj - p_kj) / h,  h = 1 / SPREAD^2 + sum r_kg s_k^2 p_kj (1 - p_kj),  over k != i

and predicted with what remains unknown of it: sigmoid(s u / sqrt(1 + pi / 8 s^2 / h)).

The number of groups is the smallest whose likelihood of held-out votes nothing larger surely beats (paired over
annotators). So one group is the usual answer: differences must be proven on votes that the fit has not seen. Each
number of groups is compared at its own best temperature, so that none wins by being less sure of itself, and a group
needs FEWEST_MEMBERS.

Sources: mixtures of reward models over people by EM: Chakraborty et al. 2024, "MaxMin-RLHF" (2402.08925); clusters of
annotators for personal policies: Park et al. 2024, "RLHF from heterogeneous feedback" (2405.00254); a worker's ability
beside the item: Whitehill et al. 2009 (GLAD).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeling.stats.bootstrap import FloatArray
from labeling.stats.errors import InvalidCounts

IntArray = NDArray[np.int64]

MOST_GROUPS = 4
FEWEST_ANNOTATORS = 4
"""With fewer people, two groups are two persons."""
FEWEST_VOTES = 20
"""Annotators with fewer votes belong nowhere: their group would be a guess."""
SPREAD = 1.5
"""Standard deviation of the offsets: a pair on which form says nothing is still won by 80 % of like-minded people."""
RIDGE = 1.0
STARTS, ROUNDS, FOLDS = 6, 40, 5
GAIN, LARGE = 0.015, 0.05
SURE, SURER = 2.0, 2.5
"""More groups must win by GAIN nats for each vote and by SURER standard errors; SURE are enough for a LARGE gain, which
is uneven where a minority alone has it. In simulated campaigns without groups chance reached 2 errors at a gain of
0.023, and 2.8 at one of 0.012."""
FEWEST_MEMBERS = 2
TEMPERATURES = np.linspace(0.4, 2.0, 33)
TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Votes:
    """Votes without ties. annotator, comparison: numbers from 0, shape (votes,). for_a: 1 or 0, shape (votes,).

    features: of each comparison, a less b, about standardised, shape (comparisons, features); may have none.
    """

    annotator: IntArray
    comparison: IntArray
    for_a: FloatArray
    features: FloatArray

    def part(self, chosen: NDArray[np.bool_]) -> "Votes":
        """The chosen votes, of the same annotators and comparisons."""
        return Votes(self.annotator[chosen], self.comparison[chosen], self.for_a[chosen], self.features)


@dataclass(frozen=True, slots=True)
class FoundGroups:
    """The groups that the votes support.

    groups: how many; 1: one is enough. member_of: the group of each annotator, the largest group first; -1: too few
    votes. certainty: the probability of that group. profiles: w_g, shape (groups, features). gain: the mean
    log-likelihood of a held-out vote above that of one group, with its standard error, by the number of groups tried.
    """

    groups: int
    member_of: list[int]
    certainty: list[float]
    profiles: FloatArray
    gain: dict[int, tuple[float, float]]


@dataclass(slots=True)
class _Fit:
    """shares: of the groups. belongs: r, shape (annotators, groups). weights: (groups, features). scale: s."""

    shares: FloatArray
    belongs: FloatArray
    weights: FloatArray
    scale: FloatArray
    likelihood: float


def _nothing() -> None:
    pass


def preference_groups(
    votes: Votes, *, most: int = MOST_GROUPS, seed: int = 0, at_each_start: Callable[[], None] = _nothing
) -> FoundGroups:
    """The groups behind votes. Raises InvalidCounts with fewer than FEWEST_ANNOTATORS who have FEWEST_VOTES.

    at_each_start: called before each start of EM; whatever it raises ends the search.
    """
    people = int(votes.annotator.max(initial=-1)) + 1
    counted = np.bincount(votes.annotator, minlength=people) >= FEWEST_VOTES
    if counted.sum() < FEWEST_ANNOTATORS:
        raise InvalidCounts(f"Groups need {FEWEST_ANNOTATORS} annotators with {FEWEST_VOTES} votes each.")
    numbers = np.flatnonzero(counted)
    index = np.full(people, -1)
    index[numbers] = np.arange(numbers.size)
    kept = votes.part(counted[votes.annotator])
    kept = Votes(index[kept.annotator], kept.comparison, kept.for_a, kept.features)
    most = min(most, numbers.size // 2)
    predicted = {number: _held_out(kept, number, seed, at_each_start) for number in range(1, most + 1)}
    fits = {1: _best_fit(kept, 1, np.random.default_rng(seed), at_each_start)}
    groups = 1
    for number in range(2, most + 1):
        fits[number] = _best_fit(kept, number, np.random.default_rng(seed), at_each_start)
        members = int(np.bincount(fits[number].belongs.argmax(axis=1), minlength=number).min())
        # Each further group must surely win against the last number kept, by the error of that very difference.
        if _is_sure(*_gain_over(predicted[number], predicted[groups])) and members >= FEWEST_MEMBERS:
            groups = number
    gain = {number: _gain_over(predicted[number], predicted[1]) for number in range(2, most + 1)}
    fit = fits[groups]
    order = np.argsort(-fit.belongs.sum(axis=0), kind="stable")
    belongs = fit.belongs[:, order]
    member_of, certainty = [-1] * people, [0.0] * people
    for row, place in enumerate(numbers):
        member_of[place] = int(belongs[row].argmax())
        certainty[place] = float(belongs[row].max())
    return FoundGroups(groups, member_of, certainty, fit.weights[order], gain)


def _is_sure(gain: float, error: float) -> bool:
    return gain > max(GAIN, (SURE if gain >= LARGE else SURER) * error)


def _gain_over(predicted: FloatArray, other: FloatArray) -> tuple[float, float]:
    """How much better held-out votes are predicted, on average over annotators, and its standard error."""
    difference = predicted - other
    return float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(difference.size))


def _held_out(votes: Votes, groups: int, seed: int, at_each_start: Callable[[], None]) -> FloatArray:
    """The mean log-likelihood of each annotator's held-out votes, shape (annotators,)."""
    generator = np.random.default_rng(seed)
    fold = generator.permutation(votes.annotator.size) % FOLDS
    people = int(votes.annotator.max()) + 1
    for_a = np.empty(votes.annotator.size)  # predicted
    for number in range(FOLDS):
        train, held = votes.part(fold != number), fold == number
        fit = _best_fit(train, groups, np.random.default_rng(seed), at_each_start)
        utility, stiffness = _utilities(train, fit, votes.features)
        at, scale = votes.comparison[held], fit.scale[votes.annotator[held], None]
        chance = _chance(scale, utility[:, at].T, stiffness[:, at].T)
        for_a[held] = (fit.belongs[votes.annotator[held]] * chance).sum(axis=1)
    for_a = np.clip(for_a, 1e-6, 1 - 1e-6)
    logit = np.log(for_a / (1 - for_a)) * np.where(votes.for_a > 0.5, 1.0, -1.0)
    logs = max((np.log(_sigmoid(warmth * logit)) for warmth in TEMPERATURES), key=lambda each: float(each.sum()))
    total = np.bincount(votes.annotator, logs, minlength=people)
    return np.asarray(total / np.bincount(votes.annotator, minlength=people), dtype=np.float64)


def _chance(scale: FloatArray, utility: FloatArray, stiffness: FloatArray) -> FloatArray:
    """P(a) where the offset is known up to a variance of 1 / stiffness (MacKay 1992)."""
    return _sigmoid(scale * utility / np.sqrt(1 + np.pi / 8 * scale**2 / stiffness))


def _utilities(votes: Votes, fit: _Fit, features: FloatArray) -> tuple[FloatArray, FloatArray]:
    """u of every comparison for every group from all votes, and h; each of shape (groups, comparisons)."""
    found = np.asarray(fit.weights @ features.T, dtype=np.float64)
    stiffness = np.empty_like(found)
    for group in range(len(found)):
        pull, stiffness[group], _own, _of_own = _pulls(votes, found[group], fit.belongs[:, group], fit.scale)
        found[group] += pull / stiffness[group]
    return found, stiffness


def _pulls(
    votes: Votes, utility: FloatArray, belongs: FloatArray, scale: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Numerator and denominator of b for each comparison, and each vote's own part of the two."""
    s, r = scale[votes.annotator], belongs[votes.annotator]
    chance = _sigmoid(s * utility[votes.comparison])
    own, own_stiffness = r * s * (votes.for_a - chance), r * s**2 * chance * (1 - chance)
    size = utility.size
    pull = np.bincount(votes.comparison, own, minlength=size)
    stiffness = np.bincount(votes.comparison, own_stiffness, minlength=size) + SPREAD**-2
    return np.asarray(pull, dtype=np.float64), np.asarray(stiffness, dtype=np.float64), own, own_stiffness


def _best_fit(votes: Votes, groups: int, generator: np.random.Generator, at_each_start: Callable[[], None]) -> _Fit:
    """The most likely of several starts; one group needs only one."""
    fits = []
    for start in _starts(votes, groups, generator):
        at_each_start()
        fits.append(_em(votes, start))
    return max(fits, key=lambda fit: fit.likelihood)


def _starts(votes: Votes, groups: int, generator: np.random.Generator) -> Iterator[FloatArray]:
    """Memberships to start from, shape (annotators, groups): by who agrees with whom and who prefers which form, then
    at random."""
    people = int(votes.annotator.max()) + 1
    if groups == 1:
        yield np.ones((people, 1))
        return
    kinship = _kinship(votes, people)
    values, vectors = np.linalg.eigh(kinship)
    places = vectors[:, -groups:] * np.sqrt(np.maximum(values[-groups:], 1e-9))
    for start in range(STARTS):
        if start < STARTS // 2:
            member_of = _clusters(places, groups, generator)
        else:
            member_of = generator.integers(groups, size=people)
        yield np.where(member_of[:, None] == np.arange(groups), 0.9, 0.1 / max(1, groups - 1))


def _kinship(votes: Votes, people: int) -> FloatArray:
    """How alike two annotators vote, from -1 to 1: shrunken agreement on shared comparisons, and their leanings."""
    sign = 2 * votes.for_a - 1
    table = np.zeros((people, votes.features.shape[0]))
    table[votes.annotator, votes.comparison] = sign
    shared = np.abs(table) @ np.abs(table).T
    alike = (table @ table.T) / (shared + 5)
    if votes.features.shape[1]:
        leanings = np.zeros((people, votes.features.shape[1]))
        np.add.at(leanings, votes.annotator, sign[:, None] * votes.features[votes.comparison])
        leanings /= np.sqrt(np.bincount(votes.annotator, minlength=people))[:, None]
        leanings -= leanings.mean(axis=0)
        alike = alike + leanings @ leanings.T / max(1e-9, float(np.square(leanings).sum(axis=1).mean()))
    return np.asarray(alike - alike.mean(axis=0)[None] - alike.mean(axis=1)[:, None] + alike.mean())


def _clusters(places: FloatArray, groups: int, generator: np.random.Generator) -> IntArray:
    """k-means of rows: numbers from 0, shape (rows,)."""
    centres = places[generator.choice(len(places), groups, replace=False)]
    member_of = np.zeros(len(places), dtype=np.int64)
    for _round in range(10):
        member_of = np.square(places[:, None] - centres[None]).sum(axis=2).argmin(axis=1)
        for group in range(groups):
            if (member_of == group).any():
                centres[group] = places[member_of == group].mean(axis=0)
    return member_of


def _em(votes: Votes, belongs: FloatArray) -> _Fit:
    people, groups = belongs.shape
    fit = _Fit(
        np.full(groups, 1 / groups), belongs, np.zeros((groups, votes.features.shape[1])), np.ones(people), -np.inf
    )
    for _round in range(ROUNDS):
        likelihood = _step(votes, fit)
        if likelihood - fit.likelihood < TOLERANCE * votes.for_a.size and _round > 5:
            fit.likelihood = likelihood
            break
        fit.likelihood = likelihood
    return fit


def _step(votes: Votes, fit: _Fit) -> float:
    """One round: weights, offsets without each vote's own part, memberships, scales. Returns the log-likelihood."""
    people, groups = fit.belongs.shape
    others, left = np.empty((votes.for_a.size, groups)), np.empty((votes.for_a.size, groups))
    for group in range(groups):
        belongs = fit.belongs[:, group]
        fit.weights[group] = _weights(votes, fit.weights[group], belongs, fit.scale)
        utility = votes.features @ fit.weights[group]
        pull, stiffness, own, own_stiffness = _pulls(votes, utility, belongs, fit.scale)
        at = votes.comparison
        left[:, group] = stiffness[at] - own_stiffness
        others[:, group] = utility[at] + (pull[at] - own) / left[:, group]
    chance = _chance(fit.scale[votes.annotator, None], others, left)
    logs = np.log(np.maximum(np.where(votes.for_a[:, None] > 0.5, chance, 1 - chance), 1e-9))
    by_person = np.stack([np.bincount(votes.annotator, logs[:, g], minlength=people) for g in range(groups)], axis=1)
    weighed = by_person + np.log(fit.shares)
    top = weighed.max(axis=1, keepdims=True)
    summed = top[:, 0] + np.log(np.exp(weighed - top).sum(axis=1))
    fit.belongs = np.exp(weighed - summed[:, None])
    fit.shares = (fit.belongs.sum(axis=0) + 1) / (people + groups)
    fit.scale = _scales(votes, others, fit)
    return float(summed.sum())


def _weights(votes: Votes, weights: FloatArray, belongs: FloatArray, scale: FloatArray) -> FloatArray:
    """One Newton step of ridge logistic regression over a group's votes."""
    if not weights.size:
        return weights
    s, r = scale[votes.annotator], belongs[votes.annotator]
    x = votes.features[votes.comparison] * s[:, None]
    # Offsets that nobody knows flatten the curve: the usual correction of a probit for an unknown normal part.
    flat = 1 / np.sqrt(1 + np.pi / 8 * (s * SPREAD) ** 2)
    x = x * flat[:, None]
    chance = _sigmoid(x @ weights)
    gradient = x.T @ (r * (votes.for_a - chance)) - RIDGE * weights
    curvature = (x * (r * chance * (1 - chance))[:, None]).T @ x + RIDGE * np.eye(weights.size)
    return np.asarray(weights + np.linalg.solve(curvature, gradient), dtype=np.float64)


def _scales(votes: Votes, utility: FloatArray, fit: _Fit) -> FloatArray:
    """One Newton step of each annotator's scale, with a prior of Normal(1, 0.5); from 0.05 to 3."""
    people = fit.scale.size
    chance = _sigmoid(fit.scale[votes.annotator, None] * utility)
    r = fit.belongs[votes.annotator]
    slope = (r * utility * (votes.for_a[:, None] - chance)).sum(axis=1)
    bend = (r * utility**2 * chance * (1 - chance)).sum(axis=1)
    slopes = np.bincount(votes.annotator, slope, minlength=people) - 4 * (fit.scale - 1)
    bends = np.bincount(votes.annotator, bend, minlength=people) + 4
    return np.clip(fit.scale + slopes / bends, 0.05, 3.0)


def _sigmoid(values: FloatArray) -> FloatArray:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -30, 30))), dtype=np.float64)


def same_membership(found: Sequence[int], true: Sequence[int]) -> float:
    """The share of annotators in the right group, with the best naming of the found ones."""
    from itertools import permutations

    names = range(max(max(found), max(true)) + 1)
    known = [(one, other) for one, other in zip(found, true, strict=True) if one >= 0]
    return max(sum(naming[one] == other for one, other in known) / max(1, len(known)) for naming in permutations(names))
