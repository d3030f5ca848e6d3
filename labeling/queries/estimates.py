"""What is known of how annotators err, and what the votes on a comparison come to under it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from labeling.models import AnnotatorEstimates, Assignment, Campaign, Choice, Comparison, Judgment
from labeling.stats import FloatArray, common_confusion, posterior

IntArray = NDArray[np.int64]

Vote = tuple[int, str]
"""Who (the id of an annotator), and what: a, b, tie or both_bad."""

WITH_TIE = {Choice.A: 0, Choice.TIE: 1, Choice.BOTH_BAD: 1, Choice.B: 2}
WITHOUT_TIE = {Choice.A: 0, Choice.B: 1}
PRIOR_ERROR_RATE = 0.25
"""Of somebody nothing is known about."""


def votes_on(comparison_ids: Iterable[int]) -> dict[int, list[Vote]]:
    """The current votes on these comparisons, in one statement. Gold and retests are no votes."""
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
    """Every current vote of a campaign, of comparisons that are not out: comparison ids, annotator ids and choices."""
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
    """The number of each choice in the estimates; both bad counts as a tie."""
    return WITH_TIE if with_tie else WITHOUT_TIE


def estimates_of(campaign: Campaign) -> AnnotatorEstimates | None:
    """The estimates read with the campaign, if there are any."""
    try:
        return campaign.annotator_estimates
    except AnnotatorEstimates.DoesNotExist:
        return None


def verdict_posterior(votes: Sequence[Vote], estimates: AnnotatorEstimates | None) -> FloatArray:
    """P(a), P(tie or both bad), P(b) after these votes under the estimated errors; shape (3,).

    Somebody without an estimate errs as PRIOR_ERROR_RATE says.
    """
    has_tie = any(choice in (Choice.TIE, Choice.BOTH_BAD) for _, choice in votes)
    size = len(estimates.priors) if estimates else 3
    if has_tie and size == 2:  # ties were not offered when the estimates were made
        estimates, size = None, 3
    numbers = choice_numbers(with_tie=size == 3)
    unknown = common_confusion(size, PRIOR_ERROR_RATE)
    known = estimates.confusions if estimates else {}
    matrices = np.array([known.get(str(annotator), unknown) for annotator, _ in votes]).reshape(-1, size, size)
    priors = np.array(estimates.priors) if estimates else np.full(size, 1 / size)
    found = posterior([numbers[Choice(choice)] for _, choice in votes], matrices, priors)
    return found if size == 3 else np.array([found[0], 0.0, found[1]])
