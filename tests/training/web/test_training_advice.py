"""Advice on the page before a run starts."""

import re

import pytest

from labeling.models import Campaign, User
from tests.training.conftest import NOW, add_written_pairs, judge_all
from training.actions.snapshots import MIN_TEST_PAIRS, MIN_TRAIN_PAIRS, take_snapshot
from training.queries.overview import campaign_training_overview
from training.web.training_advice import TrainingAdvice, training_advice

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("var_dir")]


def advice_of(campaign: Campaign) -> TrainingAdvice:
    return training_advice(campaign, campaign_training_overview(campaign).preference_pairs)


def test_a_run_that_would_be_refused_cannot_be_started(campaign: Campaign) -> None:
    least = MIN_TRAIN_PAIRS + MIN_TEST_PAIRS
    for pairs in range(least):
        advice = training_advice(campaign, pairs)
        assert not advice.can_start
        assert f"{least - pairs} more" in advice.sentence
    assert training_advice(campaign, least).can_start


@pytest.mark.parametrize("judged", [9, 24])
def test_the_advice_names_as_many_held_out_pairs_as_the_run_then_has(
    campaign: Campaign, alice: User, maya: User, judged: int
) -> None:
    add_written_pairs(campaign, per_prompt=2)
    judge_all(campaign, alice, limit=judged)
    advice = advice_of(campaign)
    assert advice.can_start
    snapshot = take_snapshot(campaign=campaign, acting_user=maya, now=NOW)
    (held_out,) = re.findall(r"a run would hold out (\d+)\.", advice.sentence)
    assert int(held_out) == snapshot.test_pairs
    assert "About 35 are needed" in advice.sentence
    assert "some 117 pairs in all" in advice.sentence
    assert "2 epochs, learning rate 0.0005" in advice.settings


def test_with_many_pairs_nothing_is_counted_or_said(campaign: Campaign) -> None:
    advice = training_advice(campaign, 3 * 175)
    assert (advice.can_start, advice.sentence, advice.settings) == (True, "", "")
