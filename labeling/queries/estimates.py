"""The estimated errors of annotators, and the posterior of a comparison's verdict under them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from labeling.models import AnnotatorEstimates, Assignment, Campaign, Choice, Comparison, Judgment
from labeling.stats import DEFAULT_ERROR_RATE, FloatArray, common_confusion, posterior

IntArray = NDArray[np.int64]

Vote = tuple[int, str]
"""The id of an annotator, and their choice: a, b, tie or both_bad."""

WITH_TIE = {Choice.A: 0, Choice.TIE: 1, Choice.BOTH_BAD: 1, Choice.B: 2}
WITHOUT_TIE = {Choice.A: 0, Choice.B: 1}


def votes_on(comparison_ids: Iterable[int]) -> dict[int, list[Vote]]:
    """The current votes on these comparisons, in one statement. Judgments of gold and retests are not votes."""
    rows = (
        Judgment.objects.filter(
            comparison__in=list(comparison_ids), kind=Assignment.Kind.NORMAL, superseded_at__isnull=True
        )
        .exclude(choice=Choice.SKIP)
        .order_by("pk")
    )
    votes: dict[int, list[Vote]] = defaultdict(list)
    for comparison, annotator, choice in rows.values_list("comparison", "annotator", "choice"):
        votes[comparison].append((annotator, choice))
    return votes


def all_votes(campaign: Campaign) -> tuple[IntArray, IntArray, NDArray[np.str_]]:
    """All current votes of a campaign, without comparisons that are out: comparison ids, annotator ids, choices.

    Each has shape (votes,).
    """
    rows = (
        Judgment.objects.filter(campaign=campaign, kind=Assignment.Kind.NORMAL, superseded_at__isnull=True)
        .exclude(choice=Choice.SKIP)
        .exclude(comparison__status__in=Comparison.OUT)
        .order_by()
        .values_list("comparison", "annotator", "choice")
    )
    votes = list(rows.iterator(chunk_size=10_000))
    numbers = np.array([vote[:2] for vote in votes], dtype=np.int64).reshape(-1, 2)
    return numbers[:, 0], numbers[:, 1], np.array([vote[2] for vote in votes], dtype=np.str_)


def choice_numbers(*, with_tie: bool) -> dict[Choice, int]:
    """The index of each choice in the estimates. Both bad counts as a tie."""
    return WITH_TIE if with_tie else WITHOUT_TIE


def estimates_of(campaign: Campaign) -> AnnotatorEstimates | None:
    """The estimates that were read with the campaign, if there are any."""
    try:
        return campaign.annotator_estimates
    except AnnotatorEstimates.DoesNotExist:
        return None


def verdict_posterior(votes: Sequence[Vote], estimates: AnnotatorEstimates | None) -> FloatArray:
    """P(a), P(tie or both bad), P(b) after these votes, under the estimated errors; shape (3,).

    An annotator without an estimate errs at DEFAULT_ERROR_RATE.
    """
    has_tie = any(choice in (Choice.TIE, Choice.BOTH_BAD) for _, choice in votes)
    size = len(estimates.priors) if estimates else 3
    if has_tie and size == 2:  # the estimates were made without ties
        estimates, size = None, 3
    numbers = choice_numbers(with_tie=size == 3)
    unknown = common_confusion(size, DEFAULT_ERROR_RATE)
    confusions = estimates.confusions if estimates else {}
    matrices = np.array([confusions.get(str(annotator), unknown) for annotator, _ in votes]).reshape(-1, size, size)
    priors = np.array(estimates.priors) if estimates else np.full(size, 1 / size)
    probabilities = posterior([numbers[Choice(choice)] for _, choice in votes], matrices, priors)
    return probabilities if size == 3 else np.array([probabilities[0], 0.0, probabilities[1]])
