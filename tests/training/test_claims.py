"""Claims on jobs, heartbeats, and the sweep that finds lost jobs, with a real broker where one is needed."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.test import TestCase

from common import processes
from common.broker import waiting_messages
from common.storage import progress
from labeling.models import Campaign, Event
from tests.broker import private_broker, unreachable_broker
from tests.training.conftest import NOW, add_written_pairs
from training import claims
from training.actions.generation import start_generation
from training.actions.runs import start_run
from training.models import GenerationJob, JobStatus, ModelVersion, Run

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=10)


@pytest.fixture
def job(campaign: Campaign, base: ModelVersion) -> GenerationJob:
    return start_generation(campaign=campaign, acting_user=None, now=NOW)


@pytest.fixture
def broker(embedded_services: None) -> Iterator[None]:
    """The real broker, in a database of this test process's own, empty before and after."""
    with private_broker():
        yield


def sent(name: str) -> int:
    """How many messages wait in a queue of the real broker."""
    waiting = waiting_messages(name)
    assert waiting is not None
    return waiting


def test_two_workers_with_the_same_message_one_gets_the_job(job: GenerationJob) -> None:
    first = claims.claim(GenerationJob, job.pk, now=NOW)
    second = claims.claim(GenerationJob, job.pk, now=NOW)

    assert first is not None
    assert second is None
    assert (first.job.status, first.job.attempts, first.job.worker) == (
        JobStatus.RUNNING,
        1,
        processes.this_process(),
    )


def test_what_is_over_or_not_there_is_not_claimed(job: GenerationJob) -> None:
    GenerationJob.objects.update(status=JobStatus.FINISHED)

    assert claims.claim(GenerationJob, job.pk, now=NOW) is None
    assert claims.claim(GenerationJob, 10**9, now=NOW) is None


def test_the_job_of_a_worker_that_is_gone_is_taken_at_once(job: GenerationJob) -> None:
    claims.claim(GenerationJob, job.pk, now=NOW)
    dead_process = processes.this_process().rsplit("|", 1)[0] + "|1.00"  # this process id, but started at another time
    GenerationJob.objects.update(worker=dead_process)

    claim = claims.claim(GenerationJob, job.pk, now=NOW)

    assert claim is not None
    assert (claim.job.attempts, claim.job.worker_deaths) == (2, 1)


def test_a_worker_elsewhere_is_taken_for_dead_only_when_it_is_silent_for_long(job: GenerationJob) -> None:
    claims.claim(GenerationJob, job.pk, now=NOW)
    GenerationJob.objects.update(worker="another-machine/pid:[1]|4711|1.00")

    assert claims.claim(GenerationJob, job.pk, now=NOW + claims.STALE_AFTER) is None
    assert claims.claim(GenerationJob, job.pk, now=NOW + claims.STALE_AFTER + timedelta(seconds=1)) is not None


def test_a_worker_that_lost_its_claim_can_neither_show_itself_nor_write_nor_finish(job: GenerationJob) -> None:
    old = claims.claim(GenerationJob, job.pk, now=NOW)
    new = claims.claim(GenerationJob, job.pk, now=LATER)
    assert old is not None
    assert new is not None

    for attempt in (
        lambda: old.beat(LATER),
        lambda: old.write(done=99),
        lambda: old.finish(JobStatus.FINISHED, now=LATER),
        old.lock,
    ):
        with pytest.raises(claims.ClaimLost):
            attempt()
    job.refresh_from_db()
    assert (job.status, job.done, job.attempts) == (JobStatus.RUNNING, 0, 2)
    new.finish(JobStatus.FINISHED, now=LATER)


@pytest.mark.django_db(transaction=True)
def test_while_large_files_travel_a_worker_shows_that_it_lives(
    job: GenerationJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = claims.claim(GenerationJob, job.pk, now=NOW)
    assert claim is not None
    with claims.ending(claim, lambda: LATER, gives_up_on=()):
        progress.moved()
        assert GenerationJob.objects.get().heartbeat_at == NOW  # too soon
        monkeypatch.setattr(claims, "HEARTBEAT_SECONDS", 0.0)
        with transaction.atomic():
            progress.moved()
        assert GenerationJob.objects.get().heartbeat_at == NOW
        progress.moved()
        assert GenerationJob.objects.get().heartbeat_at == LATER
        GenerationJob.objects.update(attempts=7)
        progress.moved()  # it is another worker's now: the next own write tells
    progress.moved()
    assert GenerationJob.objects.get().status == JobStatus.RUNNING


def test_a_job_that_kills_its_workers_is_given_up_with_a_sentence(job: GenerationJob) -> None:
    now = NOW
    for _ in range(claims.MAX_WORKER_DEATHS + 1):
        assert claims.claim(GenerationJob, job.pk, now=now) is not None
        now += claims.STALE_AFTER + timedelta(seconds=1)

    assert claims.claim(GenerationJob, job.pk, now=now) is None
    job.refresh_from_db()
    assert job.status == JobStatus.FAILED
    assert f"{claims.MAX_WORKER_DEATHS + 1} workers died" in job.error
    assert Event.objects.filter(verb="generation.failed").count() == 1


def test_losing_workers_now_and_then_is_no_reason_to_give_up(job: GenerationJob) -> None:
    now = NOW
    for _ in range(3 * claims.MAX_WORKER_DEATHS):
        claim = claims.claim(GenerationJob, job.pk, now=now)
        assert claim is not None
        claim.write(worker_deaths=0)  # it moved on
        now += claims.STALE_AFTER + timedelta(seconds=1)


def test_a_job_that_was_to_be_cancelled_when_its_worker_died_is_cancelled(job: GenerationJob, broker: None) -> None:
    claims.claim(GenerationJob, job.pk, now=NOW)
    GenerationJob.objects.update(status=JobStatus.CANCELLING)

    assert claims.sweep(now=LATER).freed == 1
    job.refresh_from_db()
    assert job.status == JobStatus.CANCELLED
    assert sent("generate") == 0


def test_starting_sends_the_id_when_the_transaction_is_committed_and_not_before(
    campaign: Campaign, base: ModelVersion, broker: None
) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        start_generation(campaign=campaign, acting_user=None, now=NOW)
        assert sent("generate") == 0
    assert sent("generate") == 1


def test_a_broker_that_is_down_fails_nothing(campaign: Campaign, base: ModelVersion) -> None:
    with unreachable_broker(), TestCase.captureOnCommitCallbacks(execute=True):
        job = start_generation(campaign=campaign, acting_user=None, now=NOW)
        assert waiting_messages("generate") is None
        assert claims.sweep(now=LATER).sent == 0
    job.refresh_from_db()
    assert job.status == JobStatus.QUEUED


def test_the_sweep_sends_again_what_an_emptied_broker_forgot_once(
    campaign: Campaign, job: GenerationJob, broker: None
) -> None:
    add_written_pairs(campaign, preference="first")
    run = start_run(campaign=campaign, acting_user=None, now=NOW)
    assert claims.sweep(now=NOW + timedelta(seconds=5)).sent == 0  # the message may still be on its way

    assert claims.sweep(now=LATER).sent == 2
    assert (sent("generate"), sent("train")) == (1, 1)
    assert claims.sweep(now=LATER + timedelta(hours=1)).sent == 0  # they wait in the broker: no copies pile up
    assert (sent("generate"), sent("train")) == (1, 1)
    assert Run.objects.get(pk=run.pk).status == JobStatus.QUEUED


def test_the_sweep_frees_and_sends_what_a_dead_worker_had(job: GenerationJob, broker: None) -> None:
    claims.claim(GenerationJob, job.pk, now=NOW)
    assert claims.sweep(now=NOW).freed == 0  # this process lives

    swept = claims.sweep(now=LATER)

    assert (swept.freed, swept.sent, sent("generate")) == (1, 1, 1)
    job.refresh_from_db()
    assert (job.status, job.worker, job.worker_deaths) == (JobStatus.QUEUED, "", 1)


@pytest.mark.django_db(transaction=True)
def test_a_job_whose_worker_loses_the_database_goes_back_to_the_queue(job: GenerationJob, broker: None) -> None:
    claim = claims.claim(GenerationJob, job.pk, now=NOW)
    assert claim is not None
    ending = claims.ending(claim, lambda: NOW, gives_up_on=())
    with pytest.raises(OperationalError), ending, connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    job.refresh_from_db()
    assert (job.status, job.worker, job.worker_deaths) == (JobStatus.QUEUED, "", 1)
    assert sent("generate") == 1
