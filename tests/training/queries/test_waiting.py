"""For what jobs wait, as the rows say it."""

from datetime import timedelta
from typing import Any

import pytest

from common.sentences import Sentence
from labeling.models import Campaign, User
from tests.training.conftest import NOW, account
from training import claims
from training.actions.evaluation import EvaluationSpec, start_evaluation
from training.actions.generation import start_generation
from training.actions.runs import start_run
from training.actions.snapshots import take_snapshot
from training.models import (
    BlameJob,
    EvaluationJob,
    GenerationJob,
    JobStatus,
    LabSession,
    LensJob,
    ModelVersion,
    Run,
    Snapshot,
)
from training.queries.waiting import Waiting
from training.versions.retention import why_needed
from training.workers import report

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(seconds=45)


@pytest.fixture
def workers(db: None) -> None:
    """One worker for each queue of training."""
    for queue in ("generate", "train", "lens"):
        report(f"worker-{queue}@here", {queue}, places=1, now=LATER)


@pytest.fixture
def other_job(job: GenerationJob, charlie: User) -> GenerationJob:
    """A queued generation of Charlie's campaign, behind Maya's."""
    from labeling.actions.prompts import PromptDraft, add_prompts

    campaign = Campaign.objects.get(name="Charlie's")
    prompts = [PromptDraft([{"role": "user", "content": "what is red ?"}])]
    add_prompts(campaign=campaign, prompts=prompts, acting_user=charlie, now=NOW)
    return start_generation(campaign=campaign, acting_user=None, now=NOW + timedelta(seconds=1))


def begin(job: GenerationJob, *, rate: float | None = None, done: int = 0) -> None:
    assert claims.claim(GenerationJob, job.pk, now=NOW) is not None
    GenerationJob.objects.filter(pk=job.pk).update(rate=rate, done=done)
    job.refresh_from_db()


def sentence(job: GenerationJob | Run | LensJob | LabSession, reader: User | None) -> str:
    wait = Waiting(reader, now=LATER).of(job)
    return "" if wait is None else wait.sentence


def test_a_job_waits_for_the_one_before_it_with_the_time_that_is_left(
    workers: None, job: GenerationJob, other_job: GenerationJob
) -> None:
    begin(job, rate=0.05, done=job.total - 27)
    root = account("root", "admin")

    wait = Waiting(root, now=LATER).of(other_job)

    assert wait is not None
    assert wait.sentence == "Waits for the generation for Tiny: about 9 minutes left."
    assert wait.as_dict() == {
        "reason": "job",
        "sentence": wait.sentence,
        "place": 1,
        "seconds": 540,
        "job": {"kind": "generation", "id": job.pk, "campaign": "tiny"},
    }
    assert Waiting(root, now=LATER).of(job) is None


def test_a_run_waits_for_an_evaluation_that_only_its_leads_see_by_name(
    workers: None, labeled: Campaign, trained: ModelVersion, maya: User, charlie: User
) -> None:
    take_snapshot(campaign=labeled, acting_user=None, now=NOW)
    spec = EvaluationSpec(campaign=labeled)
    evaluation = start_evaluation(version=trained, acting_user=None, now=NOW, spec=spec)
    assert claims.claim(EvaluationJob, evaluation.pk, now=NOW) is not None
    run = start_run(campaign=labeled, acting_user=None, now=NOW)

    assert sentence(run, maya) == "Waits for the evaluation of tiny-v1."
    assert sentence(run, charlie) == "Waits for an evaluation of another campaign."
    assert why_needed(trained) == f"evaluation {evaluation.pk} measures it"


def test_before_a_job_has_a_pace_others_say_how_long_it_takes(
    workers: None, job: GenerationJob, other_job: GenerationJob
) -> None:
    begin(job)
    root = account("root", "admin")
    assert sentence(other_job, root) == "Waits for the generation for Tiny."
    earlier = GenerationJob.objects.get(pk=other_job.pk)
    earlier.pk, earlier.status, earlier.total = None, JobStatus.FINISHED, 10
    earlier.started_at, earlier.finished_at = NOW, NOW + timedelta(seconds=100)
    earlier.save()
    GenerationJob.objects.filter(pk=job.pk).update(total=60, started_at=NOW, heartbeat_at=LATER)
    assert sentence(other_job, root) == "Waits for the generation for Tiny: about 9 minutes left."
    GenerationJob.objects.filter(pk=job.pk).update(heartbeat_at=LATER - timedelta(minutes=3))
    assert sentence(other_job, root) == "Waits for the generation for Tiny."  # it may have stopped


def test_a_lead_does_not_learn_the_names_of_other_campaigns(
    workers: None, job: GenerationJob, other_job: GenerationJob, charlie: User
) -> None:
    begin(job)
    wait = Waiting(charlie, now=LATER).of(other_job)
    assert wait is not None
    assert wait.sentence == "Waits for a generation of another campaign."
    assert (wait.job, wait.seconds) == (None, None)


def test_the_place_in_the_queue_is_said(
    workers: None, job: GenerationJob, other_job: GenerationJob, maya: User, charlie: User
) -> None:
    begin(job)
    GenerationJob.objects.filter(pk=job.pk).update(status=JobStatus.FINISHED)
    again = start_generation(campaign=job.campaign, acting_user=None, now=NOW + timedelta(seconds=2))
    begin(other_job)
    GenerationJob.objects.filter(pk=other_job.pk).update(status=JobStatus.FINISHED)
    third = start_generation(campaign=other_job.campaign, acting_user=None, now=NOW + timedelta(seconds=3))
    assert sentence(again, maya) == "Starts in a moment."
    assert sentence(third, charlie) == "Waits for the jobs before it. Number 2 in the queue."
    GenerationJob.objects.filter(pk=again.pk).update(held_back_at=None, enqueued_at=NOW + timedelta(seconds=9))
    assert sentence(third, charlie) == "Starts in a moment."


def test_a_second_worker_takes_the_next_job(
    workers: None, job: GenerationJob, other_job: GenerationJob, charlie: User
) -> None:
    begin(job)
    report("worker-generate@there", {"generate"}, places=1, now=LATER)
    assert sentence(other_job, charlie) == "Starts in a moment."


def test_no_worker_and_a_silent_one_are_said(job: GenerationJob, maya: User) -> None:
    assert Waiting(maya, now=NOW + timedelta(seconds=5)).of(job).sentence == "Starts in a moment."  # type: ignore[union-attr]
    assert sentence(job, maya) == (
        "No worker is running for this job. Start worker-generate: "
        ".venv/bin/python -m config.platform.program worker-generate"
    )
    report("worker-generate@here", {"generate"}, places=1, now=NOW - timedelta(minutes=5))
    assert sentence(job, maya).startswith("The worker worker-generate has been silent since 08:55.")


def test_no_worker_is_missed_while_the_platform_starts(job: GenerationJob, maya: User, settings: Any) -> None:
    settings.STARTED_AT = NOW + timedelta(hours=1)
    report("worker-generate@here", {"generate"}, places=1, now=NOW)  # of the platform before
    waits = [
        Waiting(maya, now=settings.STARTED_AT + timedelta(seconds=seconds)).of(job) for seconds in (20, 60, 170, 190)
    ]
    assert [wait and wait.reason for wait in waits] == ["start", "start", "start", "worker"]


def test_a_run_and_a_generation_have_workers_of_their_own(
    workers: None, labeled: Campaign, job: GenerationJob, maya: User
) -> None:
    begin(job)
    run = start_run(campaign=labeled, acting_user=None, now=NOW)
    assert sentence(run, maya) == "Starts in a moment."


def test_a_search_says_beside_which_job_there_is_no_memory_for_it(
    workers: None, job: GenerationJob, base: ModelVersion, maya: User
) -> None:
    begin(job)
    snapshot = Snapshot.objects.create(
        campaign=job.campaign, content_hash="s", manifest={}, train_pairs=1, test_pairs=1, created_at=NOW
    )
    search = BlameJob.objects.create(
        campaign=job.campaign,
        version=base,
        snapshot=snapshot,
        total=1,
        created_at=NOW,
        machine=job.machine,
        held_back_at=NOW,
        error=Sentence("Not beside it."),
    )
    wait = Waiting(maya, now=LATER).of(search)
    assert wait is not None
    assert (wait.reason, wait.job, wait.sentence.endswith("Not beside it.")) == ("memory", job, True)


def test_a_job_that_waits_for_memory_says_for_how_much_and_beside_what(
    workers: None, labeled: Campaign, job: GenerationJob, maya: User
) -> None:
    run = start_run(campaign=labeled, acting_user=None, now=NOW)
    claims.claim(Run, run.pk, now=NOW)
    reason = f"Not beside Run {run.pk}: 3.1 GiB are free, about 4.0 GiB are needed."
    machine = Run.objects.get(pk=run.pk).machine
    GenerationJob.objects.filter(pk=job.pk).update(held_back_at=NOW, machine=machine, error=reason)
    job.refresh_from_db()

    wait = Waiting(maya, now=LATER).of(job)

    assert wait is not None
    assert wait.reason == "memory"
    assert wait.sentence == f"Waits for Run {run.pk} of Tiny. {reason}"


def test_a_run_waits_for_the_evaluation_of_the_one_before_it(
    workers: None, labeled: Campaign, base: ModelVersion, maya: User
) -> None:
    from training.models import RetrainingRule

    first = start_run(campaign=labeled, acting_user=None, now=NOW)
    Run.objects.filter(pk=first.pk).update(status=JobStatus.FINISHED, trigger=Run.Trigger.SCHEDULE)
    RetrainingRule.objects.create(campaign=labeled, auto_promote=True, updated_at=NOW)
    second = start_run(campaign=labeled, acting_user=None, now=NOW)
    assert sentence(second, maya) == f"Waits for the evaluation of Run {first.pk} of Tiny."


def test_a_running_job_without_its_server_says_so(workers: None, job: GenerationJob, maya: User) -> None:
    begin(job)
    GenerationJob.objects.filter(pk=job.pk).update(error="Waiting for the server. http://127.0.0.1:9 is away.")
    job.refresh_from_db()
    wait = Waiting(maya, now=LATER).of(job)
    assert wait is not None
    assert (wait.reason, wait.sentence) == ("server", "Waiting for the server. http://127.0.0.1:9 is away.")


def test_many_jobs_take_as_many_statements_as_one(
    workers: None, job: GenerationJob, other_job: GenerationJob, maya: User, django_assert_max_num_queries: object
) -> None:
    begin(job)
    with django_assert_max_num_queries(13):  # type: ignore[operator]
        waiting = Waiting(maya, now=LATER)
        assert [waiting.of(each) is None for each in (job, other_job, other_job)] == [True, False, False]
    with django_assert_max_num_queries(0):  # type: ignore[operator]
        Waiting(maya, now=LATER).of(GenerationJob(status=JobStatus.FINISHED))
