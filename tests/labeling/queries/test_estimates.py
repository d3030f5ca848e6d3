"""The posterior of a verdict under the estimated errors of its annotators."""

import numpy as np
import pytest

from labeling.models import AnnotatorEstimates
from labeling.queries.estimates import all_votes, estimates_of, verdict_posterior, votes_on
from tests.people import stage

RELIABLE = [[0.98, 0.01, 0.01], [0.01, 0.98, 0.01], [0.01, 0.01, 0.98]]
RANDOM = [[1 / 3] * 3] * 3


def test_a_reliable_annotator_outweighs_several_who_guess() -> None:
    estimates = AnnotatorEstimates(priors=[1 / 3] * 3, confusions={"1": RELIABLE, "2": RANDOM, "3": RANDOM})
    posterior = verdict_posterior([(1, "a"), (2, "b"), (3, "b")], estimates)
    assert posterior[0] == pytest.approx(0.98)


def test_without_estimates_everybody_errs_at_one_rate_and_no_vote_leaves_the_prior() -> None:
    assert verdict_posterior([], None) == pytest.approx([1 / 3] * 3)
    one = verdict_posterior([(1, "a")], None)
    assert one == pytest.approx([0.75, 0.125, 0.125])
    assert verdict_posterior([(1, "both_bad")], None) == pytest.approx([0.125, 0.75, 0.125])


def test_estimates_without_ties_serve_until_somebody_votes_for_one() -> None:
    estimates = AnnotatorEstimates(priors=[0.5, 0.5], confusions={"1": [[0.9, 0.1], [0.1, 0.9]]})
    assert verdict_posterior([(1, "a")], estimates) == pytest.approx([0.9, 0.0, 0.1])
    assert verdict_posterior([(1, "tie")], estimates)[1] == pytest.approx(0.75)


def test_only_current_votes_are_read() -> None:
    scene = stage(comparisons=2, overlap=2)
    first = scene.vote(scene.given(scene.alice), "a")
    scene.judge(scene.given(scene.alice), "skip")
    votes = votes_on([first.comparison_id])
    assert votes[first.comparison_id] == [(scene.alice.pk, "a")]
    comparisons, annotators, choices = all_votes(scene.campaign)
    assert (comparisons.tolist(), annotators.tolist()) == ([first.comparison_id], [scene.alice.pk])
    assert np.array_equal(choices, ["a"])
    assert estimates_of(scene.campaign) is None
