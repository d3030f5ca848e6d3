"""Whatever dies in the middle of a job, the job ends as if nothing had happened."""

import os
import signal
from collections.abc import Callable
from typing import Any

import psutil
import pytest
import redis
from django.utils import timezone

from common import processes
from labeling.models import Campaign, Completion, User
from tests.chaos.conftest import Worker, wait_until
from tests.training.conftest import add_written_pairs
from training import claims
from training.actions.generation import start_generation
from training.actions.lab import Experiment, ask_for_steps, end_lab, start_lab
from training.actions.lens import start_lens_job
from training.actions.planning import GenerationSpec
from training.actions.runs import RunSpec, start_run
from training.jobs.run import run_training_job
from training.lens.figures import views
from training.lens.pairs import LensSubject, pair_of_texts
from training.models import GenerationJob, JobStatus, LensJob, ModelVersion, Run, RunMetric

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.serial, pytest.mark.slow, pytest.mark.timeout(900)]

StartWorker = Callable[[], Worker]
# Two thousand steps of a few milliseconds each: long enough to be killed twice in between on a fast machine too.
LONG_ENOUGH = {"epochs": 300, "pairs_per_step": 2, "dtype": "float32", "lora_rank": 2, "threads": 1}


def reached(run: Run, step: int) -> bool:
    run.refresh_from_db()
    assert run.status != JobStatus.FAILED, run.error
    assert run.status != JobStatus.FINISHED, "it was over before it could be killed"
    return run.done >= step and bool(run.engine)


def finished(job: Run | GenerationJob | LensJob) -> bool:
    """Whether it is over; beat's part, the sweep, is done here meanwhile."""
    claims.sweep(now=timezone.now())
    job.refresh_from_db()
    assert job.status != JobStatus.FAILED, job.error
    return bool(job.status == JobStatus.FINISHED)


def engine_pid(run: Run) -> int:
    """The engine's process, which must live."""
    assert processes.is_alive(run.engine)
    return int(run.engine.split("|")[1])


@pytest.mark.long
def test_engine_and_worker_are_killed_in_the_middle_and_the_run_ends_in_the_same_adapter(
    campaign: Campaign, base: ModelVersion, start_worker: StartWorker
) -> None:
    add_written_pairs(campaign, preference="first")
    worker = start_worker()
    run = start_run(campaign=campaign, acting_user=None, now=timezone.now(), spec=RunSpec(config=LONG_ENOUGH))

    wait_until(lambda: reached(run, 20), "the run is on its way")
    first = engine_pid(run)
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: reached(run, run.done + 20), "the run goes on by itself")
    second = engine_pid(run)
    assert second != first
    assert run.attempts == 1

    orphan = psutil.Process(second)
    worker.kill()
    wait_until(lambda: not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE, "the engine ends too")
    start_worker()
    wait_until(lambda: finished(run), "the next worker finishes the run")

    assert run.attempts == 2
    version = ModelVersion.objects.get(run=run)
    steps = RunMetric.objects.filter(run=run, event="progress").order_by("step").values_list("step", flat=True)
    assert list(steps) == list(range(1, run.total + 1))

    undisturbed = start_run(
        campaign=campaign, acting_user=None, now=timezone.now(), spec=RunSpec(config=LONG_ENOUGH, parent=base)
    )
    done = run_training_job(undisturbed.pk) or undisturbed  # here, unless the worker was faster
    wait_until(lambda: finished(done), "a run that nobody disturbs")
    assert done.snapshot == run.snapshot
    assert ModelVersion.objects.get(run=done).content_hash == version.content_hash
    assert ModelVersion.objects.get(run=done).metrics == version.metrics
    looked_into(version)


def looked_into(version: ModelVersion) -> None:
    """An experiment in the lab and a job of the lens, by the worker that is there."""
    alice, maya = (User.objects.get(username=name) for name in ("alice", "maya"))
    texts: dict[str, Any] = {"chosen": "the cat sees bread", "rejected": "the old dog slowly walks"}
    lesson = Experiment("what does the cat see ?", **texts)
    session = start_lab(experiment=lesson, acting_user=alice, now=timezone.now())

    def taken(steps: int) -> bool:
        session.refresh_from_db()
        assert session.is_active, session.error
        return session.done == steps and bool(session.wrote) and session.wrote[-1]["step"] == steps

    wait_until(lambda: taken(1), "the experiment takes its step")
    ask_for_steps(session=session, steps=2, acting_user=alice, now=timezone.now())
    wait_until(lambda: taken(3), "the same engine takes two more")
    assert (session.attempts, [point["step"] for point in session.points]) == (1, [0, 1, 2, 3])
    pair = pair_of_texts([{"role": "user", "content": "what does the cat see ?"}], **texts)
    lens_job = start_lens_job(version=version, subject=LensSubject(pair), acting_user=maya, now=timezone.now())
    end_lab(session=session, acting_user=alice, now=timezone.now())  # there is one worker here, and it stays with it
    wait_until(lambda: finished(lens_job), "the lens job comes after it")
    session.refresh_from_db()
    assert (session.status, lens_job.attempts) == (JobStatus.CANCELLED, 1)
    assert lens_job.result is not None
    view, before = views(lens_job.result)
    assert (view.version, before) == (version.name, None)
    assert view.figures(lens_job.beta).margin > 0, "as it was trained"


@pytest.mark.long
def test_a_broker_that_lost_everything_is_told_again_and_nothing_is_written_twice(
    campaign: Campaign, base: ModelVersion, start_worker: StartWorker, broker: str
) -> None:
    job = start_generation(
        campaign=campaign,
        acting_user=None,
        now=timezone.now(),
        spec=GenerationSpec(settings={"max_tokens": 32, "temperature": 1.0}, pairs_per_prompt=60, seed=1),
    )
    client = redis.Redis.from_url(broker)
    assert client.dbsize() > 0
    client.flushdb()
    client.close()
    worker = start_worker()
    GenerationJob.objects.filter(pk=job.pk).update(enqueued_at=timezone.now() - claims.FORGOTTEN_AFTER * 2)
    claims.sweep(now=timezone.now())  # what beat does every half minute

    def under_way() -> bool:
        job.refresh_from_db()
        assert job.is_active, f"it was over before it could be killed: {job.status} {job.error}"
        return job.done > 0

    wait_until(under_way, "the job is on its way")
    worker.kill()
    job.refresh_from_db()
    written = job.done
    assert 0 < written < job.total
    start_worker()
    wait_until(lambda: finished(job), "the next worker writes the rest")

    assert job.attempts == 2
    assert job.done == job.total
    items = job.items.all()
    assert not items.filter(status="waiting").exists()
    assert items.filter(status="done").count() + job.dropped + job.failed == job.total // 2
    comparisons = list(items.filter(status="done").values_list("comparison", flat=True))
    assert campaign.comparisons.count() == len(set(comparisons))
    # Every completion has the seed that was planned for it, and no seed was used for two of a prompt.
    seeds = list(Completion.objects.values_list("prompt", "seed", "text_hash"))
    assert len({(prompt, seed) for prompt, seed, _ in seeds}) == len(seeds)
