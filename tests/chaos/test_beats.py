"""Two beats at once, one of them killed and started again, with a real worker: the schedule starts a round once."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from labeling.models import Campaign, Event, User
from tests.chaos.conftest import PROJECT_DIR, Worker, environment, wait_until
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

StartBeat = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def start_beat(broker: str) -> Iterator[StartBeat]:
    """Starts beats on the test's database, which look every second; those that live at the end are ended."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        log = Path(settings.VAR_DIR) / f"beat-{len(started)}.log"
        command = [sys.executable, "-m", "celery", "--app", "config", "beat", "--max-interval", "1"]
        command += ["--pidfile", "", "--loglevel", "INFO"]
        with open(log, "wb") as file:
            beat = subprocess.Popen(command, cwd=PROJECT_DIR, env=environment(broker), stdout=file, stderr=file)
        started.append(beat)
        wait_until(lambda: "Sending due task" in log.read_text(), "the beat sends its first message")
        return beat

    yield start
    for beat in started:
        if beat.poll() is None:
            beat.kill()
            beat.wait()


def test_two_beats_and_one_that_starts_again_run_a_round_once(
    campaign: Campaign, base: ModelVersion, alice: User, start_worker: Callable[[], Worker], start_beat: StartBeat
) -> None:
    add_written_pairs(campaign)
    judge_all(campaign, alice)
    every_second, _ = IntervalSchedule.objects.get_or_create(every=1, period=IntervalSchedule.SECONDS)
    PeriodicTask.objects.create(
        name="every second", task="training.tasks.consider_retraining_rules", interval=every_second
    )
    start_worker()
    first = start_beat()
    start_beat()
    rule = save_retraining_rule(
        campaign=campaign, acting_user=None, now=campaign.created_at, min_fresh_verdicts=len(QUESTIONS)
    )
    wait_until(lambda: Run.objects.exists(), "a run is started")
    first.kill()
    first.wait()
    start_beat()
    considered = RetrainingRule.objects.get(pk=rule.pk).considered_at
    looks = RetrainingRule.objects.filter(pk=rule.pk, considered_at__gt=considered)
    wait_until(looks.exists, "the rule is looked at again")
    time.sleep(3)  # some more looks
    assert (Run.objects.count(), Round.objects.count()) == (1, 1)
    assert Event.objects.filter(verb="round.opened").count() == 1
