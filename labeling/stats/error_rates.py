"""The error rates of annotators by Dawid-Skene, with intervals by a bootstrap over comparisons."""

from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np

from labeling.stats.agreement import NO_PAIRS
from labeling.stats.bootstrap import Bootstrap, FloatArray
from labeling.stats.dawid_skene import DawidSkene, EmSettings, IntArray, VoteTable, dawid_skene
from labeling.stats.estimate import Estimate

TIE = 1
RESAMPLES = Bootstrap(resamples=40)
"""Enough for a standard error: nothing else is computed from them."""


@dataclass(frozen=True, slots=True)
class AnnotatorErrors:
    """The errors of annotators.

    accuracies: P(chose the truth) of each annotator. confusions: P(chose | true) over (a, tie, b), shape (annotators,
    3, 3); without votes for a tie, its rows and columns are 0. noise: how often a preference is for the worse
    completion, over all annotators, weighted by their votes.
    """

    accuracies: list[Estimate]
    confusions: list[list[list[float]]]
    noise: Estimate


def annotator_errors(
    sets: IntArray,
    annotators: IntArray,
    choices: IntArray,
    weights: FloatArray,
    *,
    n_annotators: int,
    bootstrap: Bootstrap = RESAMPLES,
) -> AnnotatorErrors:
    """Estimates errors from distinct sets of votes.

    sets, annotators, choices (over a, tie, b): of each vote, shape (votes,). weights: how many comparisons have each
    set of votes, shape (sets,). Without votes for a tie, a tie cannot be the truth either: it would explain every split
    vote, and with it the noise.
    """
    undefined = Estimate(None, None, None, 0, NO_PAIRS)
    if not weights.size:
        return AnnotatorErrors([undefined] * n_annotators, [], undefined)

    ties = bool((choices == TIE).any())
    numbers = choices if ties else choices // 2

    def estimate(drawn: FloatArray, start: DawidSkene | None) -> DawidSkene:
        table = VoteTable(sets, annotators, numbers, 3 if ties else 2, weights.size, n_annotators, drawn)
        # A hash chooses which completion is a, so errors are alike under an exchange of a and b.
        mirror = (2, 1, 0) if ties else (1, 0)
        settings = EmSettings(mirror=mirror, tolerance=1e-4, max_iterations=500 if start is None else 30)
        return dawid_skene(table, settings, start=start)

    fitted = estimate(weights, None)
    given = np.bincount(annotators, weights[sets], n_annotators).astype(np.float64)
    total, generator = int(weights.sum()), np.random.default_rng(bootstrap.seed)
    figures = np.array(
        [
            _figures(estimate(drawn.astype(np.float64), fitted), given)
            for drawn in generator.multinomial(total, weights / total, size=bootstrap.resamples)
        ]
    )
    values, errors = _figures(fitted, given), figures.std(axis=0, ddof=1)
    accuracies = [
        _estimate(float(value), float(error), int(votes), int(votes))
        for value, error, votes in zip(values[:-1], errors[:-1], given, strict=True)
    ]
    noise = _estimate(float(values[-1]), float(errors[-1]), total, int(given.sum()))
    confusions = fitted.confusions if ties else np.insert(np.insert(fitted.confusions, TIE, 0.0, 1), TIE, 0.0, 2)
    return AnnotatorErrors(accuracies, confusions.tolist(), noise)


def _figures(fitted: DawidSkene, given: FloatArray) -> FloatArray:
    """The accuracy of each annotator, then the noise of all; shape (annotators + 1,). given: votes of each."""
    preferred = fitted.priors[0] * fitted.confusions[:, 0] + fitted.priors[-1] * fitted.confusions[:, -1, ::-1]
    wrong, either = given @ preferred[:, -1], given @ (preferred[:, 0] + preferred[:, -1])
    return np.append(fitted.accuracies, wrong / either)


def _estimate(value: float, error: float, comparisons: int, votes: int) -> Estimate:
    """The normal interval on the scale of log odds, which stays within 0 and 1.

    error: the standard error of the value; at least the one that known truths would give is used.
    """
    if not votes:
        return Estimate(None, None, None, 0, NO_PAIRS)
    spread = value * (1 - value)
    centre, half = log(value / (1 - value)), 1.959964 * max(error, sqrt(spread / votes)) / spread
    low, high = (1 / (1 + exp(min(-end, 700))) for end in (centre - half, centre + half))
    return Estimate(value, low, high, comparisons, None, votes)
