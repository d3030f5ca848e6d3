"""Dawid-Skene: estimates the true choice of each item and the errors of each annotator together, from votes alone.

Every annotator has a confusion matrix, P(chose c | true k); every item a true choice, drawn from the class priors. EM
alternates between the posterior of the truths and the most probable matrices and priors. It works in log space, so a
thousand votes on one item do not underflow. Missing votes need no care: the sums simply do not contain them.

**The prior.** Each row of a confusion matrix starts with `prior_weight` pseudo-votes: `prior_accuracy` of them on the
truth, the rest spread evenly over the other choices. It is the same for every choice and annotator, so permuting the
choices permutes the result. The prior decides where the votes cannot: with one vote for each item any accuracy explains
the data equally well, and the estimate stays at the prior's instead of calling every annotator perfect.

**Votes are whole.** The size that an imported vote may state (p = 0.7, "slightly better") is left to majority rules:
the confusion matrices already say how far an annotator's choices can be trusted, and a fractional vote would count the
annotator's own statement of it a second time, in units that differ from file to file.

**The start** is a soft majority: the posterior with every annotator at the prior's matrix.

Source: Dawid & Skene 1979, "Maximum likelihood estimation of observer error-rates using the EM algorithm"; the
smoothing is the maximum a posteriori variant with Dirichlet priors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeling.stats.bootstrap import FloatArray
from labeling.stats.errors import InvalidCounts

IntArray = NDArray[np.integer]

PRIOR_ACCURACY = 0.75
"""One vote of an unknown annotator gives a posterior of 0.75, as `preference_probability` does for one vote."""
PRIOR_WEIGHT = 4.0


@dataclass(frozen=True, slots=True)
class VoteTable:
    """Votes: vote v says that `annotators[v]` chose `choices[v]` for `items[v]`, each a number from 0.

    items, annotators, choices: shape (votes,). n_items, n_annotators: how many exist; None: the largest number plus
    one. item_weights: how often each item counts, shape (items,); None: once. So distinct patterns of votes can stand
    with their counts.
    """

    items: IntArray
    annotators: IntArray
    choices: IntArray
    n_choices: int
    n_items: int | None = None
    n_annotators: int | None = None
    item_weights: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class EmSettings:
    """How EM runs.

    mirror: a permutation of the choices under which errors are alike, (2, 1, 0) over (a, tie, b). A hash chooses which
    completion is a, so no annotator confuses a with b more than b with a; this halves the parameters. prior_accuracy,
    prior_weight: see the module. It ends when no posterior moves by more than `tolerance`, or after `max_iterations`.
    """

    mirror: Sequence[int] | None = None
    prior_accuracy: float = PRIOR_ACCURACY
    prior_weight: float = PRIOR_WEIGHT
    max_iterations: int = 500
    tolerance: float = 1e-5


DEFAULT_SETTINGS = EmSettings()


@dataclass(frozen=True, slots=True)
class DawidSkene:
    """The estimate. K choices; items and annotators in the order of their numbers.

    posteriors: P(true k | votes), shape (items, K), rows sum to 1; an item without votes has the class priors.
    priors: how often each choice is true, shape (K,).
    confusions: P(chose c | true k), shape (annotators, K true, K chosen).
    votes: how many votes each annotator gave, shape (annotators,).
    log_posterior: log likelihood plus log prior (up to a constant), in nats; never falls from one iteration to another.
    converged: whether the last iteration moved no posterior by more than the tolerance.
    """

    posteriors: FloatArray
    priors: FloatArray
    confusions: FloatArray
    votes: NDArray[np.int64]
    log_posterior: float
    iterations: int
    converged: bool

    @property
    def accuracies(self) -> FloatArray:
        """P(chose the truth) of each annotator, over the class priors; shape (annotators,)."""
        return np.asarray(np.einsum("k,jkk->j", self.priors, self.confusions), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _CheckedVotes:
    """Checked votes: item, annotator and choice of each, shape (votes,); weight of each item, shape (items,)."""

    items: NDArray[np.int64]
    annotators: NDArray[np.int64]
    choices: NDArray[np.int64]
    weights: FloatArray
    n_annotators: int
    n_choices: int


def dawid_skene(
    table: VoteTable, settings: EmSettings = DEFAULT_SETTINGS, *, start: DawidSkene | None = None
) -> DawidSkene:
    """Runs EM over votes.

    start: an earlier estimate to start from; annotators that it does not contain start at the prior. Raises
    InvalidCounts if the arrays do not fit together, a number is out of its range, or the prior is.
    """
    votes = _checked(table)
    if not 0 < settings.prior_accuracy < 1 or settings.prior_weight <= 0:
        raise InvalidCounts("The prior's accuracy lies between 0 and 1 and its weight above 0.")
    pseudo = _pseudo_votes(votes.n_choices, settings.prior_accuracy) * settings.prior_weight
    priors, confusions = _start(votes, pseudo, start)
    posteriors, evidence = _expect(votes, priors, confusions)
    converged = votes.choices.size == 0
    iteration = 0
    while not converged and iteration < settings.max_iterations:
        iteration += 1
        priors, confusions = _maximise(votes, posteriors, pseudo, settings.mirror)
        before = posteriors
        posteriors, evidence = _expect(votes, priors, confusions)
        converged = float(np.abs(posteriors - before).max(initial=0.0)) <= settings.tolerance
    given = np.bincount(votes.annotators, minlength=votes.n_annotators)
    prior_term = float((np.log(confusions) * pseudo).sum() + np.log(priors).sum())
    return DawidSkene(posteriors, priors, confusions, given, evidence + prior_term, iteration, converged)


def posterior(choices: Sequence[int], confusions: FloatArray, priors: FloatArray) -> FloatArray:
    """P(true k) of one item from its votes, with known errors; shape (K,).

    choices: shape (votes,). confusions: the matrix of each vote's annotator, shape (votes, K true, K chosen), or one
    for all of them, shape (K, K). Without votes: the class priors.
    """
    chosen = np.asarray(choices, dtype=np.int64)
    log = np.log(priors)
    if chosen.size:
        matrices = np.broadcast_to(confusions, (chosen.size, log.size, log.size))
        log = log + np.log(matrices[np.arange(chosen.size), :, chosen]).sum(axis=0)
    likely = np.exp(log - log.max())
    return np.asarray(likely / likely.sum(), dtype=np.float64)


def common_confusion(n_choices: int, error_rate: float) -> FloatArray:
    """The confusion matrix of an annotator who errs at this rate, evenly over all wrong choices; shape (K, K)."""
    return _pseudo_votes(n_choices, 1 - error_rate)


def _pseudo_votes(n_choices: int, accuracy: float) -> FloatArray:
    if n_choices < 2:
        raise InvalidCounts("There must be at least two choices.")
    spread = np.full((n_choices, n_choices), (1 - accuracy) / (n_choices - 1))
    np.fill_diagonal(spread, accuracy)
    return spread


def _checked(table: VoteTable) -> _CheckedVotes:
    items, annotators, choices = table.items, table.annotators, table.choices
    if not items.shape == annotators.shape == choices.shape or items.ndim != 1:
        raise InvalidCounts("Items, annotators and choices are one list each, all of the same length.")
    n_items = _size("item", items, table.n_items)
    n_annotators = _size("annotator", annotators, table.n_annotators)
    _size("choice", choices, table.n_choices)
    weights = np.ones(n_items) if table.item_weights is None else np.asarray(table.item_weights, dtype=np.float64)
    if weights.shape != (n_items,) or (weights < 0).any():
        raise InvalidCounts("There is one weight for each item, and none is negative.")
    of, by, chosen = (np.asarray(numbers, dtype=np.int64) for numbers in (items, annotators, choices))
    return _CheckedVotes(of, by, chosen, weights, n_annotators, table.n_choices)


def _size(noun: str, numbers: IntArray, size: int | None) -> int:
    """How many of something exist. Raises InvalidCounts for a number that is negative or too large."""
    if size is None:
        size = int(numbers.max()) + 1 if numbers.size else 0
    if numbers.size and (int(numbers.min()) < 0 or int(numbers.max()) >= size):
        raise InvalidCounts(f"There are {size} {noun}s, numbered from 0; another number was found.")
    return size


def _start(votes: _CheckedVotes, pseudo: FloatArray, start: DawidSkene | None) -> tuple[FloatArray, FloatArray]:
    one = pseudo / pseudo.sum(axis=1, keepdims=True)
    confusions = np.repeat(one[None], votes.n_annotators, axis=0)
    if start is None:
        return np.full(votes.n_choices, 1 / votes.n_choices), confusions
    if start.priors.size != votes.n_choices:
        raise InvalidCounts("The estimate to start from has another number of choices.")
    known = min(len(start.confusions), votes.n_annotators)
    confusions[:known] = start.confusions[:known]
    return start.priors, confusions


def _expect(votes: _CheckedVotes, priors: FloatArray, confusions: FloatArray) -> tuple[FloatArray, float]:
    """Posteriors, shape (items, K), and the log likelihood of the votes."""
    n_items, by_choice = votes.weights.size, np.log(confusions).transpose(0, 2, 1)
    evidence = by_choice[votes.annotators, votes.choices]  # (votes, K true)
    log = np.stack([np.bincount(votes.items, evidence[:, k], n_items) for k in range(votes.n_choices)], axis=1)
    log = log + np.log(priors)
    largest = log.max(axis=1, keepdims=True, initial=-np.inf)
    likely = np.exp(log - largest)
    total = likely.sum(axis=1, keepdims=True)
    likelihood = float(votes.weights @ (np.log(total) + largest)[:, 0]) if n_items else 0.0
    return likely / total, likelihood


def _maximise(
    votes: _CheckedVotes, posteriors: FloatArray, pseudo: FloatArray, mirror: Sequence[int] | None
) -> tuple[FloatArray, FloatArray]:
    """The class priors (with one pseudo-item each) and confusion matrices that explain the posteriors best."""
    size, k = votes.n_annotators, votes.n_choices
    weighted = posteriors * votes.weights[:, None]
    cells = votes.annotators * k + votes.choices  # one number for each annotator and choice
    shares = weighted[votes.items]
    by_truth = [np.bincount(cells, shares[:, true], size * k).reshape(size, k) for true in range(k)]
    counted: FloatArray = np.stack(by_truth, axis=1).astype(np.float64)
    truths: FloatArray = weighted.sum(axis=0)
    if mirror is not None:
        order = list(mirror)
        counted = (counted + counted[:, order][:, :, order]) / 2
        truths = (truths + truths[order]) / 2
    counted = counted + pseudo
    return (truths + 1) / (truths.sum() + k), counted / counted.sum(axis=2, keepdims=True)
