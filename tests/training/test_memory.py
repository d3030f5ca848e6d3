"""Jobs side by side: which start beside another one, why not, and that none waits for ever."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import TestCase

from common import processes
from common.broker import waiting_messages
from labeling.models import Campaign, User
from tests.broker import private_broker
from tests.training.conftest import NOW, add_written_pairs, judge_all
from training import claims, memory
from training.actions.generation import cancel_generation
from training.actions.runs import start_run
from training.memory import GIB, bytes_needed, free_bytes
from training.models import BlameJob, GenerationJob, JobStatus, ModelVersion, PriceJob, Run, SelectionJob

pytestmark = pytest.mark.django_db

SOON = NOW + timedelta(seconds=30)


@pytest.fixture
def run(labeled: Campaign) -> Run:
    """A queued run of the campaign."""
    return start_run(campaign=labeled, acting_user=None, now=NOW)


def plenty(job: object) -> int:
    return 1000 * GIB


def little(job: object) -> int:
    return GIB // 2


def test_a_generation_starts_beside_a_run_where_memory_allows_it(run: Run, job: GenerationJob) -> None:
    assert memory.claim(Run, run.pk, now=NOW, free=plenty) is not None
    assert memory.claim(GenerationJob, job.pk, now=NOW, free=plenty) is not None


def test_a_job_alone_on_its_machine_starts_however_little_is_free(run: Run) -> None:
    assert memory.claim(Run, run.pk, now=NOW, free=lambda job: 0) is not None


def test_a_job_that_would_not_fit_stays_queued_and_says_why(run: Run, job: GenerationJob) -> None:
    memory.claim(Run, run.pk, now=NOW, free=plenty)

    assert memory.claim(GenerationJob, job.pk, now=NOW, free=little) is None

    job.refresh_from_db()
    assert (job.status, job.held_back_at, job.attempts) == (JobStatus.QUEUED, NOW, 0)
    assert job.error == f"Not beside Run {run.pk}: 0.0 GiB are free, about 0.8 GiB are needed."


def test_it_starts_once_the_other_job_has_ended(run: Run, job: GenerationJob) -> None:
    other = memory.claim(Run, run.pk, now=NOW, free=plenty)
    memory.claim(GenerationJob, job.pk, now=NOW, free=little)
    assert other is not None
    other.finish(JobStatus.CANCELLED, now=SOON)

    claimed = memory.claim(GenerationJob, job.pk, now=SOON, free=little)

    assert claimed is not None
    assert (claimed.job.held_back_at, claimed.job.error) == (None, "")


def test_what_another_job_has_yet_to_take_is_not_free(
    run: Run, job: GenerationJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "children_memory", lambda worker: 0)  # the browser of other tests is a child too
    started = memory.claim(Run, run.pk, now=NOW, free=plenty)
    assert started is not None
    both = bytes_needed(run) + bytes_needed(job)

    assert memory.claim(GenerationJob, job.pk, now=NOW, free=lambda job: both) is None  # less the reserve
    settled = NOW + memory.SETTLED_AFTER + timedelta(seconds=1)
    assert memory.claim(GenerationJob, job.pk, now=settled, free=lambda job: both) is not None


def test_a_later_job_does_not_pass_one_that_waits_for_memory(run: Run, job: GenerationJob, second_run: Run) -> None:
    started = memory.claim(Run, run.pk, now=NOW, free=plenty)
    memory.claim(GenerationJob, job.pk, now=NOW, free=little)
    assert started is not None
    started.finish(JobStatus.CANCELLED, now=SOON)

    assert memory.claim(Run, second_run.pk, now=SOON, free=little) is None
    second_run.refresh_from_db()
    assert second_run.error == f"After Generation {job.pk}, which waits for memory."
    assert memory.claim(GenerationJob, job.pk, now=SOON, free=little) is not None


def test_a_job_whose_worker_is_gone_holds_nobody_up(run: Run, job: GenerationJob, second_run: Run) -> None:
    started = memory.claim(Run, run.pk, now=NOW, free=plenty)
    memory.claim(GenerationJob, job.pk, now=NOW, free=little)  # and is never tried again
    assert started is not None
    started.finish(JobStatus.CANCELLED, now=SOON)

    later = NOW + memory.TRIED_WITHIN + timedelta(seconds=1)
    assert memory.claim(Run, second_run.pk, now=later, free=little) is not None


def test_a_job_that_waits_for_memory_is_cancelled_at_once(run: Run, job: GenerationJob, maya: User) -> None:
    memory.claim(Run, run.pk, now=NOW, free=plenty)
    memory.claim(GenerationJob, job.pk, now=NOW, free=little)

    assert cancel_generation(job=job, acting_user=maya, now=SOON).status == JobStatus.CANCELLED
    assert memory.claim(GenerationJob, job.pk, now=SOON, free=plenty) is None


def other_jobs(run: Run) -> list[Any]:
    """A queued one of each other kind that computes gradients."""
    made = {"snapshot": run.snapshot, "total": 1, "created_at": NOW}
    return [
        PriceJob.objects.create(campaign=run.campaign, base=run.parent, draws=1, minutes=1, **made),
        SelectionJob.objects.create(campaign=run.campaign, version=run.parent, minutes=1, **made),
        BlameJob.objects.create(campaign=run.campaign, version=run.parent, **made),
    ]


def test_whatever_computes_gradients_waits_for_memory_and_is_waited_for(run: Run, job: GenerationJob) -> None:
    memory.claim(GenerationJob, job.pk, now=NOW, free=plenty)
    for other in other_jobs(run):
        assert bytes_needed(other) > 0
        assert memory.claim(type(other), other.pk, now=NOW, free=little) is None
        other.refresh_from_db()
        assert other.error == f"Not beside Generation {job.pk}: 0.0 GiB are free, about 0.8 GiB are needed."
        assert memory.claim(type(other), other.pk, now=SOON, free=plenty) is not None
        assert memory.claim(Run, run.pk, now=SOON, free=little) is None
        run.refresh_from_db()
        assert str(run.error).startswith(f"Not beside Generation {job.pk}")
        type(other).objects.filter(pk=other.pk).update(status=JobStatus.FINISHED)


def test_a_gpu_is_asked_before_the_transaction_begins(
    run: Run, job: GenerationJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.claim(GenerationJob, job.pk, now=NOW, free=plenty)
    asked_in: list[bool] = []
    depth = len(connection.savepoint_ids)
    monkeypatch.setattr(memory, "GPU_DRIVER", tmp_path)

    def nothing() -> int:
        asked_in.append(len(connection.savepoint_ids) > depth)
        return 0

    monkeypatch.setattr(memory, "free_on_gpu", nothing)
    assert memory.claim(Run, run.pk, now=NOW) is None
    assert asked_in == [False]


def test_an_installation_may_have_one_job_at_a_time(run: Run, job: GenerationJob, settings: Any) -> None:
    settings.JOBS_SIDE_BY_SIDE = False
    memory.claim(GenerationJob, job.pk, now=NOW, free=plenty)

    assert memory.claim(Run, run.pk, now=NOW, free=plenty) is None

    run.refresh_from_db()
    assert run.error == f"Not beside Generation {job.pk}: jobs run one at a time here."


def test_a_job_on_another_machine_takes_no_memory_here(run: Run, job: GenerationJob) -> None:
    memory.claim(Run, run.pk, now=NOW, free=plenty)
    Run.objects.update(machine="another")

    assert memory.claim(GenerationJob, job.pk, now=NOW, free=little) is not None


def test_a_generation_on_a_server_needs_no_memory_here(run: Run, job: GenerationJob, settings: Any) -> None:
    settings.GENERATOR_URLS = ["http://127.0.0.1:9/v1"]
    memory.claim(Run, run.pk, now=NOW, free=plenty)

    assert bytes_needed(job) == 0
    assert memory.claim(GenerationJob, job.pk, now=NOW, free=little) is not None


def test_a_larger_model_needs_more(run: Run, base: ModelVersion, tmp_path: Path) -> None:
    small = bytes_needed(run)
    (tmp_path / "config.json").write_text('{"num_hidden_layers": 30, "hidden_size": 576, "num_attention_heads": 9}')
    (tmp_path / "model.safetensors").touch()
    run.parent.base_dir = str(tmp_path)
    assert bytes_needed(run) > small + GIB


def test_a_run_beside_a_model_in_four_bits_needs_less(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"num_hidden_layers": 2, "hidden_size": 8, "num_attention_heads": 1}')
    with (tmp_path / "model.safetensors").open("wb") as weights:
        weights.truncate(8 * GIB)
    run.parent.base_dir = str(tmp_path)
    full = bytes_needed(run)
    run.config = {"quantization": "nf4"}
    assert full - bytes_needed(run) >= 4 * GIB


def test_free_memory_is_measured_and_a_limit_of_the_control_group_counts(run: Run, tmp_path: Path) -> None:
    assert 0 < free_bytes(run) < 2**50
    for name, value in (("memory.max", "max"), ("memory.current", "1"), ("memory.stat", "inactive_file 1")):
        (tmp_path / name).write_text(value)
    assert memory._free_in_control_group(tmp_path) > 2**60
    (tmp_path / "memory.max").write_text("1000")
    (tmp_path / "memory.current").write_text("600")
    (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 100\n")
    assert memory._free_in_control_group(tmp_path) == 500


@pytest.fixture
def second_run(charlie: User, base: ModelVersion, alice: User) -> Run:
    """A queued run of another campaign."""
    from labeling.actions.campaigns import change_campaign_status
    from labeling.actions.members import add_member
    from labeling.actions.prompts import PromptDraft, add_prompts

    other = Campaign.objects.get(name="Charlie's")
    prompts = [PromptDraft([{"role": "user", "content": f"what does {word} see ?"}]) for word in "abcdefghij"]
    add_prompts(campaign=other, prompts=prompts, acting_user=charlie, now=NOW)
    add_member(campaign=other, user=alice, role="annotator", acting_user=charlie, now=NOW)
    change_campaign_status(campaign=other, status="active", acting_user=charlie, now=NOW)
    add_written_pairs(other)
    judge_all(other, alice)
    return start_run(campaign=other, acting_user=None, now=NOW)


@pytest.fixture
def broker(embedded_services: None) -> Iterator[None]:
    with private_broker():
        yield


def test_the_end_of_a_job_sends_those_that_wait_for_memory(
    run: Run, job: GenerationJob, broker: None, django_capture_on_commit_callbacks: Any
) -> None:
    with TestCase.captureOnCommitCallbacks(execute=False):
        memory.claim(Run, run.pk, now=NOW, free=plenty)
        memory.claim(GenerationJob, job.pk, now=NOW, free=little)
    assert waiting_messages("generate") == 0

    assert claims.send_held_back(now=SOON) == 1

    assert waiting_messages("generate") == 1
    job.refresh_from_db()
    assert job.enqueued_at == SOON
