"""Two machines that share the database, the broker and the storage, and no disk."""

import io
import json
import os
import shutil
import signal
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from common import processes
from common.storage import artifacts
from labeling.actions.uploads import UploadGone, discard_upload, keep_upload, opened_upload
from labeling.models import Campaign, KeptUpload, User
from tests.machines import Machines, new_bucket, object_store, two_machines
from tests.training.conftest import NOW, add_written_pairs, alice, base, campaign, make_version, maya, tiny_model
from training.actions.runs import RunSpec, resume_run, start_run
from training.actions.snapshots import take_snapshot
from training.actions.versions import register_base_version
from training.jobs import run as run_job
from training.jobs.engine import score_pairs
from training.jobs.run import run_training_job
from training.lens.surprises import has_margins
from training.models import JobStatus, ModelVersion, Run, RunMetric, Snapshot
from training.queries.snapshots import read_side
from training.versions.files import check_version

__all__ = ["alice", "base", "campaign", "maya", "object_store", "tiny_model", "two_machines"]

pytestmark = pytest.mark.django_db

SLOW = {"epochs": 3, "pairs_per_step": 2, "dtype": "float32", "checkpoint_every": 1, "lora_rank": 2, "threads": 1}


class MachineGone(BaseException):
    """Nothing of the worker is left: it writes no row and cleans up nothing."""


@pytest.fixture
def var_dir(two_machines: Machines) -> Path:
    """The first machine's."""
    return two_machines.first


def test_a_version_of_one_machine_is_loaded_and_downloaded_on_the_other(
    two_machines: Machines, base: ModelVersion, maya: User, client: Client
) -> None:
    made = make_version(base, two_machines.first, "tiny-v1")
    artifacts.publish(two_machines.first / "versions" / "tiny-v1")
    client.force_login(maya)
    with two_machines.on(two_machines.second):
        version = ModelVersion.objects.get(pk=made.pk)
        assert version.adapter_dir == str(two_machines.second / "versions" / "tiny-v1" / "adapter")
        check_version(version)
        response = client.get("/api/v1/versions/tiny-v1/download/")
        archive = zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))  # type: ignore[attr-defined]
        weights = next(name for name in archive.namelist() if name.endswith("adapter_model.safetensors"))
        assert archive.read(weights) == b"weights of tiny-v1" * 1000


def test_a_damaged_version_is_mended_from_the_storage(two_machines: Machines, base: ModelVersion) -> None:
    version = make_version(base, two_machines.first, "tiny-v1")
    artifacts.publish(two_machines.first / "versions" / "tiny-v1")
    (Path(version.adapter_dir) / "adapter_model.safetensors").write_bytes(b"wreckage")
    check_version(version)


def test_a_base_model_in_the_data_directory_is_brought_too(
    two_machines: Machines, maya: User, tiny_model: Path
) -> None:
    shutil.copytree(tiny_model, two_machines.first / "models" / "small")
    register_base_version(name="small", directory=two_machines.first / "models" / "small", acting_user=None, now=NOW)
    with two_machines.on(two_machines.second) as var:
        check_version(ModelVersion.objects.get(name="small"))
        assert (var / "models" / "small" / "config.json").is_file()


def test_a_snapshot_of_one_machine_is_read_on_the_other(two_machines: Machines, campaign: Campaign) -> None:
    add_written_pairs(campaign, preference="first")
    taken = take_snapshot(campaign=campaign, acting_user=None, now=NOW)
    with two_machines.on(two_machines.second):
        snapshot = Snapshot.objects.get(pk=taken.pk)
        assert snapshot.verified().sha256 == taken.content_hash
        (snapshot.folder / "train.jsonl").write_bytes(b"wreckage")
        assert snapshot.verified().sha256 == taken.content_hash
        assert len(list(read_side(snapshot, "train"))) == taken.train_pairs


def test_a_file_that_was_sent_to_one_machine_is_read_by_the_other(two_machines: Machines, maya: User) -> None:
    sent = keep_upload(stream=io.BytesIO(b"pairs"), name="pairs.jsonl", acting_user=maya, now=NOW)
    with two_machines.on(two_machines.second):
        upload = KeptUpload.objects.get(pk=sent.pk)
        with opened_upload(upload, acting_user=maya) as file:
            assert file.read() == b"pairs"
        assert (two_machines.second / "uploads").stat().st_mode & 0o777 == 0o700


def test_a_file_that_was_discarded_on_one_machine_is_gone_for_the_others(
    two_machines: Machines, maya: User, django_capture_on_commit_callbacks: pytest.FixtureRequest
) -> None:
    sent = keep_upload(stream=io.BytesIO(b"pairs"), name="pairs.jsonl", acting_user=maya, now=NOW)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        discard_upload(sent)
    with (
        two_machines.on(two_machines.second),
        pytest.raises(UploadGone),
        opened_upload(sent, acting_user=maya),
    ):
        raise AssertionError


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_run_goes_on_elsewhere_when_its_machine_is_gone_with_its_disk(
    two_machines: Machines,
    object_store: dict[str, Any],
    campaign: Campaign,
    base: ModelVersion,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    two_machines.settings.STORAGE_URL = new_bucket(object_store)
    two_machines.settings.STORAGE_OPTIONS = json.dumps(object_store)
    add_written_pairs(campaign, preference="first")
    run = start_run(campaign=campaign, acting_user=None, now=NOW, spec=RunSpec(config=SLOW))

    class Doomed(run_job.RunWork):
        def _tick(self, child: processes.LineChild) -> None:
            super()._tick(child)
            if self.progress.get("step", 0) >= 2:
                os.kill(child.process.pid, signal.SIGKILL)
                self.copies.keep_newest()
                raise MachineGone

    with monkeypatch.context() as patch:
        patch.setattr(run_job, "RunWork", Doomed)
        patch.setattr(run_job, "TICK_SECONDS", 0.05)
        with pytest.raises(MachineGone):
            run_training_job(run.pk)
    shutil.rmtree(two_machines.first)
    Run.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=10))

    with two_machines.on(two_machines.second) as var:
        done = run_training_job(run.pk)
        assert done is not None
        assert (done.status, done.error, done.attempts) == (JobStatus.FINISHED, "", 2)
        assert "resuming after step" in Path(f"{done.directory}.log").read_text()
        steps = RunMetric.objects.filter(run=run, event="progress").order_by("step")
        assert [metric.step for metric in steps] == list(range(1, done.total + 1))
        version = ModelVersion.objects.get(run=run)
        check_version(version)
        assert (var / "versions" / "tiny-v1" / "lineage.json").is_file()

    third = two_machines.first  # a new machine, with an empty disk
    third.mkdir()
    version.refresh_from_db()
    check_version(version)
    assert has_margins(Run.objects.get(pk=run.pk))
    pairs = list(read_side(Snapshot.objects.get(pk=run.snapshot_id), "test"))
    assert len(score_pairs(version, pairs)) == len(pairs)
    assert not (third / "runs" / Path(done.directory).name / "checkpoints").exists()


@pytest.mark.long
def test_a_run_goes_on_while_the_storage_is_away_and_fails_with_a_sentence_at_its_end(
    two_machines: Machines, campaign: Campaign, base: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_written_pairs(campaign, preference="first")
    run = start_run(campaign=campaign, acting_user=None, now=NOW, spec=RunSpec(config=SLOW))
    right = two_machines.settings.STORAGE_URL

    class LosesStorage(run_job.RunWork):
        def _engine(self) -> int:
            two_machines.settings.STORAGE_URL = "s3://no-such-bucket/x"
            options = {"endpoint_url": "http://127.0.0.1:9", "config_kwargs": {"retries": {"max_attempts": 0}}}
            two_machines.settings.STORAGE_OPTIONS = json.dumps(options)
            return super()._engine()

    with monkeypatch.context() as patch:
        patch.setattr(run_job, "RunWork", LosesStorage)
        done = run_training_job(run.pk)
    assert done is not None
    assert done.status == JobStatus.FAILED
    assert done.done == done.total
    assert "The storage of files cannot be used now" in done.error

    two_machines.settings.STORAGE_URL, two_machines.settings.STORAGE_OPTIONS = right, "{}"
    resume_run(run=run, acting_user=None, now=NOW)
    done = run_training_job(run.pk)
    assert done is not None
    assert (done.status, done.error) == (JobStatus.FINISHED, "")
    assert artifacts.stored(two_machines.first / "versions" / "tiny-v1") is not None
