"""Uploads kept for their owner until they expire."""

import io
import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from pytest_django import DjangoCaptureOnCommitCallbacks

from labeling.actions.uploads import KEPT_FOR, UploadGone, discard_upload, forget_uploads, keep_upload, opened_upload
from labeling.models import KeptUpload
from tests.people import NOON, Stage, stage

BYTES = bytes(range(256)) * 10_000


@pytest.fixture(autouse=True)
def _folder(settings: LazySettings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path


def kept(scene: Stage) -> KeptUpload:
    return keep_upload(stream=io.BytesIO(BYTES), name="../../a/../pairs.jsonl", acting_user=scene.maya, now=NOON)


def test_an_upload_is_kept_byte_by_byte_for_its_owner_alone(tmp_path: Path) -> None:
    scene = stage()
    upload = kept(scene)
    assert upload.size == len(BYTES)
    with opened_upload(upload, acting_user=scene.maya) as file:
        assert file.read() == BYTES
    with pytest.raises(UploadGone), opened_upload(upload, acting_user=scene.root):
        pass
    (path,) = (tmp_path / "uploads").iterdir()
    assert path.name == upload.key


def test_a_discarded_upload_is_gone(
    tmp_path: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    scene = stage()
    upload = kept(scene)
    with django_capture_on_commit_callbacks(execute=True):
        discard_upload(upload)
        discard_upload(upload)
    assert not list((tmp_path / "uploads").iterdir())
    with pytest.raises(UploadGone), opened_upload(upload, acting_user=scene.maya):
        pass


def test_the_sweep_deletes_what_has_expired_and_files_without_a_row(
    tmp_path: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    scene = stage()
    upload = kept(scene)
    leftover = tmp_path / "uploads" / "leftover"
    leftover.write_bytes(b"?")
    os.utime(leftover, (NOON.timestamp(), NOON.timestamp()))
    assert forget_uploads(now=NOON + KEPT_FOR - timedelta(seconds=1)) == 0
    assert (tmp_path / "uploads" / upload.key).exists()
    with django_capture_on_commit_callbacks(execute=True):
        assert forget_uploads(now=NOON + KEPT_FOR + timedelta(seconds=1)) == 1
    assert not list((tmp_path / "uploads").iterdir())
