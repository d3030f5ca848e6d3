"""Doing a run: the real engine on a tiny model, as a child process."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from common import processes
from labeling.models import Campaign, Event, User
from tests.training.conftest import NOW, add_written_pairs
from training import claims
from training.actions.runs import RunSpec, cancel_run, resume_run, start_run
from training.jobs import run as run_job
from training.jobs.run import run_training_job
from training.models import JobStatus, ModelVersion, Run, RunMetric

pytestmark = pytest.mark.django_db

# 18 prompts, a fifth of them held out: about 14 pairs, so about 7 steps.
QUICK = {"epochs": 1, "pairs_per_step": 2, "dtype": "float32", "checkpoint_every": 1, "lora_rank": 2, "threads": 1}
PROBED = {**QUICK, "probe_prompts": 2, "probe_tokens": 4}


@pytest.fixture
def run(campaign: Campaign, base: ModelVersion) -> Run:
    add_written_pairs(campaign, preference="first")
    return start_run(campaign=campaign, acting_user=None, now=NOW, spec=RunSpec(config=QUICK))


def when_step(number: int, act: Callable[[processes.LineChild], None]) -> type[run_job.RunWork]:
    """A worker that does something, once, when it hears of a step."""

    class Watching(run_job.RunWork):
        child: processes.LineChild
        acted = False

        def _tick(self, child: processes.LineChild) -> None:
            if self.progress.get("step", 0) >= number and not Watching.acted:
                Watching.acted = True
                act(child)
            super()._tick(child)

    return Watching


def test_a_run_ends_in_an_immutable_version_with_its_lineage(
    campaign: Campaign, base: ModelVersion, var_dir: Path, maya: User, client: Client
) -> None:
    add_written_pairs(campaign, preference="first")
    run = start_run(campaign=campaign, acting_user=None, now=NOW, spec=RunSpec(config=PROBED))
    done = run_training_job(run.pk)

    assert done is not None
    assert (done.status, done.error, done.engine) == (JobStatus.FINISHED, "", "")
    assert done.unused == {"train": {}, "test": {}}
    assert done.done == done.total > 0
    version = ModelVersion.objects.get(run=run)
    assert (version.name, version.parent, version.base_dir) == ("tiny-v1", base, base.base_dir)
    folder = var_dir / "versions" / "tiny-v1"
    assert sorted(path.name for path in (folder / "adapter").iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    lineage = json.loads((folder / "lineage.json").read_text())
    assert lineage == version.lineage
    assert lineage["snapshot"] == run.snapshot.content_hash
    assert (lineage["parent"], lineage["config"]) == ("tiny-base", PROBED)
    assert lineage["code_version"]
    assert lineage["base_hash"] == base.content_hash
    assert version.metrics["pairs"] == run.snapshot.test_pairs
    assert 0 <= version.metrics["reward_accuracy"] <= 1
    assert version.metrics["samples"] == 2
    client.force_login(maya)
    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert f"<dd>{version.metrics['kl']:.3f}</dd>" in page
    assert list((var_dir / "reference").glob("*/*.safetensors"))  # for the next run
    steps = RunMetric.objects.filter(run=run, event="progress").order_by("step")
    assert [metric.step for metric in steps] == list(range(1, done.total + 1))
    assert steps[0].values["loss"] == pytest.approx(0.6931, abs=1e-3)  # ln 2: policy and reference are still one
    assert RunMetric.objects.filter(run=run, event="evaluated").exists()
    assert done.latest["step"] == done.total
    assert run_training_job(run.pk) is None  # what is finished is not claimed again
    assert Event.objects.filter(verb="run.finished", subject_id=str(run.pk)).count() == 1


def test_the_reference_pass_is_seen_before_the_first_step(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_job, "SECONDS_PER_WRITE", 0.0)
    seen: list[dict[str, Any]] = []

    class Watching(run_job.RunWork):
        def _take(self, message: dict[str, Any]) -> None:
            super()._take(message)
            if message["event"] in ("scoring", "progress"):
                self._write()
                written = Run.objects.get(pk=self.run.pk)
                seen.append({"done": written.done, **written.latest})

    monkeypatch.setattr(run_job, "RunWork", Watching)
    done = run_training_job(run.pk)
    first_step = next(number for number, one in enumerate(seen) if "step" in one)
    before = seen[:first_step]
    pairs = run.snapshot.train_pairs + run.snapshot.test_pairs
    assert [(one["what"], one["of"], one["done"]) for one in before] == [("reference", pairs, 0)] * len(before)
    assert [one["pairs"] for one in before] == sorted({one["pairs"] for one in before})
    assert before[-1]["pairs"] == pairs
    assert done is not None
    assert (seen[-1]["what"], seen[-1]["done"]) == ("final_test", done.total)


def test_reading_a_long_file_is_a_phase_with_its_progress(run: Run) -> None:
    work = run_job.RunWork(claims.Claim(run), lambda: NOW, lambda run: None)
    work._take({"event": "reading", "what": "train", "lines": 4096, "of": 100_000})
    assert work.latest == {"what": "reading_train", "pairs": 4096, "of": 100_000, "at": NOW.isoformat()}


def test_a_killed_engine_goes_on_from_its_checkpoint_by_itself(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[int] = []

    def kill(child: processes.LineChild) -> None:
        killed.append(child.process.pid)
        os.kill(child.process.pid, signal.SIGKILL)

    monkeypatch.setattr(run_job, "RunWork", when_step(2, kill))
    given_up = [RunMetric(run=run, event="progress", step=step, values={"loss": 99.0}) for step in (1, 500)]
    RunMetric.objects.bulk_create(given_up)  # as if an earlier engine had come so far
    done = run_training_job(run.pk)

    assert len(killed) == 1
    assert done is not None
    assert (done.status, done.attempts) == (JobStatus.FINISHED, 1)
    assert "resuming after step" in Path(f"{run.directory}.log").read_text()
    assert list(
        RunMetric.objects.filter(run=run, event="progress").order_by("step").values_list("step", flat=True)
    ) == (list(range(1, done.total + 1)))
    of_engine = [json.loads(line) for line in (Path(run.directory) / "metrics.jsonl").read_text().splitlines()]
    losses = {(one["event"], one["step"]): one["loss"] for one in of_engine}
    assert {(one.event, one.step): one.values["loss"] for one in RunMetric.objects.filter(run=run)} == losses


def test_cancelling_stops_after_the_step_and_resuming_goes_on_from_there(
    run: Run, maya: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "HEARTBEAT_SECONDS", 0.0)

    def cancel(child: processes.LineChild) -> None:
        cancel_run(run=run, acting_user=maya, now=NOW)

    watching = when_step(2, cancel)
    with monkeypatch.context() as patch:
        patch.setattr(run_job, "RunWork", watching)
        stopped = run_training_job(run.pk)
    assert stopped is not None
    assert stopped.status == JobStatus.CANCELLED
    assert 2 <= stopped.done < stopped.total
    assert not ModelVersion.objects.filter(run=run).exists()

    resume_run(run=run, acting_user=maya, now=NOW)
    done = run_training_job(run.pk)

    assert done is not None
    assert (done.status, done.attempts) == (JobStatus.FINISHED, 2)
    assert f"resuming after step {stopped.done}" in Path(f"{run.directory}.log").read_text()


def test_the_engine_names_what_is_wrong_with_the_input_and_is_not_started_again(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(config={**QUICK, "max_length": 4})

    done = run_training_job(run.pk)

    assert done is not None
    assert done.status == JobStatus.FAILED
    assert "no usable preference pair" in done.error
    assert done.log_tail


def test_a_damaged_snapshot_or_parent_fails_the_run_before_the_engine_starts(run: Run) -> None:
    train = Path(run.snapshot.directory) / "train.jsonl"
    train.write_bytes(train.read_bytes() + b"\n")

    done = run_training_job(run.pk)

    assert done is not None
    assert (done.status, done.log_tail) == (JobStatus.FAILED, "")
    assert "train.jsonl is not the file" in done.error


def test_a_second_round_starts_from_the_first_ones_adapter(run: Run, campaign: Campaign, base: ModelVersion) -> None:
    run_training_job(run.pk)
    first = ModelVersion.objects.get(run=run)
    add_written_pairs(campaign, preference="first", per_prompt=2)

    second = start_run(campaign=campaign, acting_user=None, now=NOW, spec=RunSpec(parent=first, config=QUICK))
    done = run_training_job(second.pk)

    assert done is not None
    assert done.error == ""
    version = ModelVersion.objects.get(run=second)
    assert (version.name, version.parent) == ("tiny-v2", first)
    assert version.lineage["base_hash"] == base.content_hash
    inputs = json.loads((Path(second.directory) / "inputs.json").read_text())
    assert inputs["adapter_sha256"]
    assert RunMetric.objects.get(run=second, event="progress", step=1).values["loss"] == pytest.approx(0.6931, abs=1e-3)


def test_after_a_crash_between_the_folder_and_the_row_the_next_attempt_finds_folder_and_orphaned_engine(
    run: Run, monkeypatch: pytest.MonkeyPatch, var_dir: Path
) -> None:
    class Killed(BaseException):
        """As SIGKILL: nothing on the way out may write."""

    def die(run: Run) -> None:
        raise Killed

    with pytest.raises(Killed):
        run_training_job(run.pk, on_finished=die)
    assert not ModelVersion.objects.filter(run=run).exists()
    assert (var_dir / "versions" / "tiny-v1").exists()

    orphan = processes.LineChild(["sleep", "100"], log=Path(f"{run.directory}.orphan.log"))
    Run.objects.filter(pk=run.pk).update(worker="", engine=orphan.identity)
    done = run_training_job(run.pk)

    assert done is not None
    assert done.status == JobStatus.FINISHED
    assert ModelVersion.objects.get(run=run).name == "tiny-v1"
    assert [path.name for path in (var_dir / "versions").iterdir()] == ["tiny-v1"]
    assert not processes.is_alive(orphan.identity)
