"""One machine for generation and training: never two owners, and the servers make room."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from labeling.models import Campaign
from tests.training.conftest import NOW, add_written_pairs
from tests.training.jobs.scripted import Scripted
from tests.training.stub import StubServer
from training import claims
from training.actions.generation import cancel_generation
from training.actions.runs import start_run
from training.jobs import handover
from training.jobs.generation import run_generation_job
from training.models import GenerationJob, JobStatus, ModelVersion, Run
from training.queries.serving import training_now

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shared(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.GENERATOR_HANDOVER = "sleep"
    monkeypatch.setattr(handover, "POLL_SECONDS", 0.0)


@pytest.fixture
def claimed(campaign: Campaign, base: ModelVersion) -> "claims.Claim[Run]":
    add_written_pairs(campaign, preference="first")
    run = start_run(campaign=campaign, acting_user=None, now=NOW)
    claim = claims.claim(Run, run.pk, now=timezone.now())
    assert claim is not None
    return claim


def test_the_servers_sleep_while_a_run_trains_and_wake_after_it(
    claimed: "claims.Claim[Run]", server: StubServer
) -> None:
    with handover.training(claimed, timezone.now):
        assert server.calls == ["/sleep?level=1"]
        assert training_now() == claimed.job
    assert training_now() is None
    assert server.calls == ["/sleep?level=1", "/wake_up"]


def test_they_wake_after_a_run_that_failed_too(claimed: "claims.Claim[Run]", server: StubServer) -> None:
    with pytest.raises(RuntimeError), handover.training(claimed, timezone.now):
        raise RuntimeError
    assert not server.sleeping


def test_a_run_waits_for_a_generation_and_says_so(
    claimed: "claims.Claim[Run]", job: GenerationJob, server: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    GenerationJob.objects.filter(pk=job.pk).update(status=JobStatus.RUNNING, holds_machine=True)
    messages: list[str] = []

    def sleep(seconds: float) -> None:
        messages.append(Run.objects.get(pk=claimed.job.pk).error)
        assert not server.sleeping
        if len(messages) == 3:
            GenerationJob.objects.filter(pk=job.pk).update(status=JobStatus.FINISHED)

    monkeypatch.setattr("training.jobs.handover.time.sleep", sleep)
    with handover.training(claimed, timezone.now):
        assert claimed.job.error == ""
    assert messages == [f"Waiting for the machine: generation {job.pk} is using it."] * 3


def test_a_generation_waits_for_a_run_and_can_be_cancelled_meanwhile(
    claimed: "claims.Claim[Run]", job: GenerationJob, server: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Scripted(lambda request, _: "text")

    def sleep(seconds: float) -> None:
        assert "Waiting for the machine: run" in GenerationJob.objects.get(pk=job.pk).error
        cancel_generation(job=job, acting_user=None, now=NOW)

    monkeypatch.setattr("training.jobs.handover.time.sleep", sleep)
    with handover.training(claimed, timezone.now):
        done = run_generation_job(job.pk, source_of=script.source)
    assert done is not None
    assert (done.status, script.asked, done.holds_machine) == (JobStatus.CANCELLED, [], False)


def test_generations_share_the_machine_with_each_other(job: GenerationJob, server: StubServer) -> None:
    claim = claims.claim(GenerationJob, job.pk, now=timezone.now())
    assert claim is not None
    GenerationJob.objects.create(
        campaign=Campaign.objects.exclude(pk=job.campaign_id).first() or job.campaign,
        strategy="two_seeds",
        status=JobStatus.FINISHED,
        holds_machine=True,
        created_at=NOW,
    )
    with handover.generating(claim, timezone.now):
        assert GenerationJob.objects.get(pk=job.pk).holds_machine


def test_what_a_dead_worker_sent_to_sleep_is_woken_by_the_sweep(
    claimed: "claims.Claim[Run]", server: StubServer
) -> None:
    server.sleeping = True
    Run.objects.filter(pk=claimed.job.pk).update(holds_machine=True)
    handover.restore()
    assert server.sleeping, "the run still has the machine"

    Run.objects.filter(pk=claimed.job.pk).update(status=JobStatus.QUEUED)
    handover.restore()
    assert not server.sleeping


def test_servers_are_not_woken_beside_the_next_run(claimed: "claims.Claim[Run]", server: StubServer) -> None:
    with handover.training(claimed, timezone.now):
        run = claimed.job
        Run.objects.filter(pk=run.pk).update(status=JobStatus.FINISHED)
        following = {"campaign": run.campaign, "snapshot": run.snapshot, "parent": run.parent, "created_at": NOW}
        Run.objects.create(**following, status=JobStatus.RUNNING, holds_machine=True)
    assert server.sleeping


def test_who_waits_while_the_servers_come_back_is_not_taken_for_dead(
    claimed: "claims.Claim[Run]", server: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, lock = [False, False], handover._lock
    messages: list[str] = []

    def sleep(seconds: float) -> None:
        row = Run.objects.get(pk=claimed.job.pk)
        assert row.heartbeat_at is not None
        messages.append(f"{row.error} {row.heartbeat_at:%H:%M}")

    monkeypatch.setattr(handover, "_lock", lambda *, wait: lock(wait=wait) if wait or not answers else answers.pop())
    monkeypatch.setattr("training.jobs.handover.time.sleep", sleep)
    with handover.training(claimed, lambda: NOW):
        assert claimed.job.error == ""
    assert messages == ["Waiting for the machine: its servers are coming back. 09:00"] * 2


def test_a_server_that_is_not_there_keeps_no_run_waiting(claimed: "claims.Claim[Run]", server: StubServer) -> None:
    server.deaf = True
    with handover.training(claimed, timezone.now):
        assert training_now() == claimed.job


def test_a_managed_server_is_stopped_and_started_by_its_commands(
    claimed: "claims.Claim[Run]", server: StubServer, settings: Any, tmp_path: Path
) -> None:
    settings.GENERATOR_HANDOVER = "stop"
    log = tmp_path / "log"
    settings.GENERATOR_STOP_COMMAND = f"sh -c 'echo stop >> {log}'"
    settings.GENERATOR_START_COMMAND = f"sh -c 'echo start >> {log}'"
    with handover.training(claimed, timezone.now):
        server.deaf = True  # as a stopped one is
        assert log.read_text() == "stop\n"
    assert log.read_text() == "stop\nstart\n"


def test_a_command_that_fails_fails_the_run_in_a_sentence(claimed: "claims.Claim[Run]", settings: Any) -> None:
    settings.GENERATOR_HANDOVER = "stop"
    settings.GENERATOR_STOP_COMMAND = "sh -c 'echo no such unit >&2; exit 5'"
    settings.GENERATOR_START_COMMAND = "true"
    refused = pytest.raises(handover.HandoverFailed, match=r"could not be stopped or started: .* no such unit")
    with refused, handover.training(claimed, timezone.now):
        pytest.fail("it must not begin")
    assert training_now() is None


def test_without_a_shared_machine_nobody_waits(
    claimed: "claims.Claim[Run]", job: GenerationJob, settings: Any, server: StubServer
) -> None:
    settings.GENERATOR_HANDOVER = ""
    with handover.training(claimed, timezone.now), nullcontext():
        done = run_generation_job(job.pk, source_of=Scripted(lambda request, _: f"text {request.seed}").source)
    assert done is not None
    assert (done.status, server.calls) == (JobStatus.FINISHED, [])
