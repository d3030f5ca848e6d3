"""The time that running jobs still need."""

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from labeling.models import Campaign
from tests.training.conftest import NOW, QUESTIONS
from training.actions.runs import start_run
from training.models import GenerationJob, JobStatus, Run
from training.queries.remaining import about, remaining_seconds, run_remaining_seconds, time_left

pytestmark = pytest.mark.django_db


def test_the_rate_says_how_long_it_will_still_take(job: GenerationJob) -> None:
    assert remaining_seconds(job) is None
    GenerationJob.objects.filter(pk=job.pk).update(
        status=JobStatus.RUNNING, rate=2.0, done=10, heartbeat_at=timezone.now() + timedelta(days=1)
    )
    job.refresh_from_db()
    assert remaining_seconds(job) == pytest.approx((2 * len(QUESTIONS) - 10) / 2)


@pytest.fixture
def run(labeled: Campaign) -> Run:
    """A run of two epochs over 100 pairs, measured on 20, in steps of 8 pairs: 26 steps."""
    run = start_run(campaign=labeled, acting_user=None, now=NOW)
    run.snapshot.train_pairs, run.snapshot.test_pairs = 100, 20
    run.status, run.heartbeat_at, run.total = JobStatus.RUNNING, NOW, 26
    return run


def test_a_run_that_learns_needs_its_steps_and_then_scores_all_pairs(run: Run) -> None:
    run.done, run.latest = 13, {"step": 13, "pairs_per_second": 2.0, "remaining_seconds": 52.0}
    # Scoring goes at 5 pairs a second: the 20 held-out pairs, then all 120 again.
    assert run_remaining_seconds(run, now=NOW) == pytest.approx(52 + 20 / 5 + 120 / 5)
    run.config = {"final_margins": False}
    assert run_remaining_seconds(run, now=NOW) == pytest.approx(52 + 20 / 5)
    assert run_remaining_seconds(run, now=NOW + timedelta(seconds=6)) == pytest.approx(52 + 4 - 6)


def test_the_first_pass_of_a_run_already_says_how_long_all_of_it_takes(run: Run) -> None:
    run.latest = {"what": "reference", "pairs": 60, "of": 120, "pairs_per_second": 5.0, "remaining_seconds": 12.0}
    assert run_remaining_seconds(run, now=NOW) == pytest.approx(12 + 200 * 2.5 / 5 + 20 / 5 + 120 / 5)


def test_the_last_passes_of_a_run_count_down(run: Run) -> None:
    run.done = 26
    run.latest = {"what": "final_train", "pairs": 50, "of": 100, "pairs_per_second": 5.0, "remaining_seconds": 10.0}
    assert run_remaining_seconds(run, now=NOW) == pytest.approx(10 + 4)
    run.latest = {"what": "final_test", "pairs": 10, "of": 20, "pairs_per_second": 5.0, "remaining_seconds": 2.0}
    assert run_remaining_seconds(run, now=NOW) == pytest.approx(2)


@pytest.mark.parametrize(
    "change",
    [{"status": JobStatus.QUEUED}, {"latest": {}}, {"heartbeat_at": None}, {"heartbeat_at": NOW - timedelta(hours=1)}],
)
def test_nothing_is_said_of_a_run_that_is_not_known_to_advance(run: Run, change: dict[str, object]) -> None:
    run.latest = {"step": 1, "pairs_per_second": 2.0, "remaining_seconds": 52.0}
    for name, value in change.items():
        setattr(run, name, value)
    assert run_remaining_seconds(run, now=NOW) is None


@pytest.mark.parametrize(
    ("seconds", "english", "german"),
    [
        (3, "a few seconds", "wenige Sekunden"),
        (70, "about a minute", "etwa eine Minute"),
        (530, "about 9 minutes", "etwa 9 Minuten"),
        (11000, "about 3 hours", "etwa 3 Stunden"),
    ],
)
def test_times_are_said_as_people_say_them(seconds: float, english: str, german: str) -> None:
    assert about(seconds) == english
    with translation.override("de"):
        assert about(seconds) == german


def test_heartbeats_do_not_hold_the_estimate_and_one_that_ran_out_says_so(run: Run) -> None:
    at = (NOW - timedelta(seconds=60)).isoformat()  # the run lives, and has reported no progress for a minute
    run.latest = {"what": "probes", "pairs": 0, "of": 8, "after_seconds": 90.0, "at": at}
    assert run_remaining_seconds(run, now=NOW) == pytest.approx(30)
    assert run_remaining_seconds(run, now=NOW + timedelta(seconds=40)) == 0.0
    assert time_left(0.0) == "longer than estimated"
    assert time_left(70.0) == "about a minute left"
