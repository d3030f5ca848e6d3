"""How often each annotator errs, by Dawid-Skene, with intervals by a bootstrap over comparisons."""

from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np

from labeling.stats.agreement import NO_PAIRS
from labeling.stats.bootstrap import Bootstrap, FloatArray
from labeling.stats.dawid_skene import DawidSkene, EmSettings, IntArray, VoteTable, dawid_skene
from labeling.stats.estimate import Estimate

TIE = 1
RESAMPLES = Bootstrap(resamples=40)
"""Enough for a standard error, which is all that is taken from them."""


@dataclass(frozen=True, slots=True)
class AnnotatorErrors:
    """accuracies: of each annotator, P(said the truth). confusions: P(said | true) over (a, tie, b),
        0 throughout for tie where nobody said it.

    noise: how often a preference is for the worse completion, over all annotators by how much they judged.
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
    """From sets of votes that comparisons have, choices over (a, tie, b), and how many comparisons have each set.

    Where nobody said tie, no tie is true either: as a truth of its own it would explain every split vote away, and the
    noise with it.
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

    found = estimate(weights, None)
    given = np.bincount(annotators, weights[sets], n_annotators).astype(np.float64)
    total, generator = int(weights.sum()), np.random.default_rng(bootstrap.seed)
    figures = np.array(
        [
            _figures(estimate(drawn.astype(np.float64), found), given)
            for drawn in generator.multinomial(total, weights / total, size=bootstrap.resamples)
        ]
    )
    values, errors = _figures(found, given), figures.std(axis=0, ddof=1)
    shown = [
        _estimate(float(value), float(error), int(votes), int(votes))
        for value, error, votes in zip(values[:-1], errors[:-1], given, strict=True)
    ]
    noise = _estimate(float(values[-1]), float(errors[-1]), total, int(given.sum()))
    confusions = found.confusions if ties else np.insert(np.insert(found.confusions, TIE, 0.0, 1), TIE, 0.0, 2)
    return AnnotatorErrors(shown, confusions.tolist(), noise)


def _figures(found: DawidSkene, given: FloatArray) -> FloatArray:
    """Accuracy of each annotator, then the noise of all."""
    preferred = found.priors[0] * found.confusions[:, 0] + found.priors[-1] * found.confusions[:, -1, ::-1]
    wrong, either = given @ preferred[:, -1], given @ (preferred[:, 0] + preferred[:, -1])
    return np.append(found.accuracies, wrong / either)


def _estimate(value: float, error: float, comparisons: int, votes: int) -> Estimate:
    """The normal interval on the scale of log odds, which stays within 0 and 1.

    error: the standard error of value; no less is taken than if the truths were known.
    """
    if not votes:
        return Estimate(None, None, None, 0, NO_PAIRS)
    spread = value * (1 - value)
    centre, half = log(value / (1 - value)), 1.959964 * max(error, sqrt(spread / votes)) / spread
    low, high = (1 / (1 + exp(min(-end, 700))) for end in (centre - half, centre + half))
    return Estimate(value, low, high, comparisons, None, votes)
