"""The files of versions are checked before they are loaded."""

import json
import shutil
from pathlib import Path

import pytest
from django.utils import translation

from tests.training.conftest import NOW
from training.errors import VersionDamaged
from training.language_models.folders import LINEAGE
from training.models import ModelVersion
from training.versions import files

pytestmark = pytest.mark.django_db


def test_whole_files_pass_and_changed_ones_do_not(trained: ModelVersion) -> None:
    files.check_version(trained)
    (Path(trained.adapter_dir) / "adapter_model.safetensors").write_bytes(b"other weights")
    for check in (files.check_version, files.check_adapter):
        with pytest.raises(VersionDamaged, match=r"The files of tiny-v1 .* are not those that were registered"):
            check(trained)


def test_a_missing_folder_is_named_in_the_readers_language(trained: ModelVersion) -> None:
    shutil.rmtree(trained.adapter_dir)
    with pytest.raises(VersionDamaged, match="The folder of tiny-v1 is missing: "):
        files.check_adapter(trained)
    with translation.override("de"), pytest.raises(VersionDamaged, match="Der Ordner von tiny-v1 fehlt: "):
        files.check_adapter(trained)


def test_removed_files_are_told_by_the_row_alone(trained: ModelVersion) -> None:
    trained.files_removed_at = NOW
    with pytest.raises(VersionDamaged, match="were removed on 2026-03-02"):
        files.check_kept(trained)


def test_a_folder_tells_its_run(tmp_path: Path) -> None:
    assert files.made_by(tmp_path) == ""
    (tmp_path / LINEAGE).write_text(json.dumps({"run_directory": "7-ab12"}))
    assert files.made_by(tmp_path) == "7-ab12"
