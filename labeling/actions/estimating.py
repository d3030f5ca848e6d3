"""Estimates of the annotators' errors from a campaign's judgments, stored for later verdicts."""

from datetime import datetime

import numpy as np

from labeling.models import AnnotatorEstimates, Campaign, Choice
from labeling.queries.agreement import vote_patterns
from labeling.queries.estimates import all_votes, choice_numbers
from labeling.stats import EmSettings, VoteTable, dawid_skene, estimated_error_rate
from labeling.tally import read_tally

DIGITS = 6


def estimate_annotators(campaign: Campaign, now: datetime) -> None:
    """Estimates each annotator's errors (for Dawid-Skene) and the error rate of a vote (for adaptive overlap).

    It uses all current votes of the campaign. A hash chooses which completion is a, so errors are assumed to be alike
    under an exchange of a and b.
    """
    offers_tie = campaign.allow_tie or campaign.allow_both_bad
    if campaign.max_overlap is not None:
        patterns = vote_patterns(campaign, include_simulated=True, include_imported=True)
        ties = offers_tie or any(pattern[1] for pattern in patterns)
        Campaign.objects.filter(pk=campaign.pk).update(error_rate=estimated_error_rate(patterns, ties=ties))
    priors, confusions = _confusions(campaign, offers_tie)
    AnnotatorEstimates.objects.update_or_create(
        campaign=campaign,
        defaults={
            "priors": priors,
            "confusions": confusions,
            "judgments": read_tally(campaign.pk).judgments,
            "made_at": now,
        },
    )


def _confusions(campaign: Campaign, offers_tie: bool) -> tuple[list[float], dict[str, list[list[float]]]]:
    if campaign.verdict_rule != Campaign.VerdictRule.DAWID_SKENE:
        return [1 / 3] * 3, {}
    items, annotators, choices = all_votes(campaign)
    with_tie = offers_tie or bool(np.isin(choices, [Choice.TIE, Choice.BOTH_BAD]).any())
    numbers = choice_numbers(with_tie=with_tie)
    votes = np.array([numbers[Choice(choice)] for choice in choices], dtype=np.int64)
    _, item_numbers = np.unique(items, return_inverse=True)
    people, annotator_numbers = np.unique(annotators, return_inverse=True)
    table = VoteTable(item_numbers, annotator_numbers, votes, n_choices=3 if with_tie else 2)
    result = dawid_skene(table, EmSettings(mirror=(2, 1, 0) if with_tie else (1, 0)))
    matrices = result.confusions.round(DIGITS).clip(10.0**-DIGITS).tolist()
    return result.priors.tolist(), {str(person): matrix for person, matrix in zip(people, matrices, strict=True)}
