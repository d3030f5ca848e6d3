"""Two beats at once, one of them killed and started again, with a real worker: the schedule starts a round once."""

import time
from collections.abc import Callable

import pytest

from labeling.models import Campaign, Event, User
from tests.chaos.conftest import StartBeat, Worker, wait_until
from tests.training.conftest import QUESTIONS, add_written_pairs, judge_all
from training.actions.retraining import save_retraining_rule
from training.models import ModelVersion, RetrainingRule, Round, Run

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.serial,
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.timeout(900),
]
LOOK = "training.tasks.consider_retraining_rules"


def test_two_beats_and_one_that_starts_again_run_a_round_once(
    campaign: Campaign, base: ModelVersion, alice: User, start_worker: Callable[[], Worker], start_beat: StartBeat
) -> None:
    add_written_pairs(campaign)
    judge_all(campaign, alice)
    start_worker()
    first = start_beat(LOOK)
    start_beat(LOOK)
    rule = save_retraining_rule(
        campaign=campaign, acting_user=None, now=campaign.created_at, min_fresh_verdicts=len(QUESTIONS)
    )
    wait_until(lambda: Run.objects.exists(), "a run is started")
    first.kill()
    first.wait()
    start_beat(LOOK)
    considered = RetrainingRule.objects.get(pk=rule.pk).considered_at
    looks = RetrainingRule.objects.filter(pk=rule.pk, considered_at__gt=considered)
    wait_until(looks.exists, "the rule is looked at again")
    time.sleep(3)  # some more looks
    assert (Run.objects.count(), Round.objects.count()) == (1, 1)
    assert Event.objects.filter(verb="round.opened").count() == 1
