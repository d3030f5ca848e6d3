"""A folder's hash, and folders that appear whole or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from training.language_models.folders import LINEAGE, file_hash, folder_hash, publish_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "model"
    (made / "deep").mkdir(parents=True)
    (made / "model.safetensors").write_bytes(b"weights")
    (made / "deep" / "config.json").write_bytes(b"{}")
    return made


def test_every_files_name_and_content_count(folder: Path) -> None:
    seen = {folder_hash(folder)}
    (folder / "model.safetensors").write_bytes(b"weightz")
    seen.add(folder_hash(folder))
    (folder / "deep" / "config.json").rename(folder / "deep" / "config")
    seen.add(folder_hash(folder))
    (folder / "deep" / "config").rename(folder / "config")
    seen.add(folder_hash(folder))
    (folder / "new").touch()
    seen.add(folder_hash(folder))
    assert len(seen) == 5


def test_times_and_where_it_lies_and_where_it_comes_from_do_not_count(folder: Path, tmp_path: Path) -> None:
    before = folder_hash(folder)
    os.utime(folder / "model.safetensors", (1, 1))
    (folder / LINEAGE).write_text("{}")
    folder.rename(tmp_path / "moved")
    assert folder_hash(tmp_path / "moved") == before


def test_the_hash_of_a_folder_is_that_of_its_sorted_lines(folder: Path) -> None:
    """Versions are registered under it: it must never change. `sha256sum` of both files gives the two lines."""
    assert folder_hash(folder) == "b707b8bf56d205c326a48d824054cb72eb663b39d96f14c6639a35065fa05078"


def test_a_file_is_read_again_when_it_has_changed(folder: Path) -> None:
    path = folder / "model.safetensors"
    before = file_hash(path)
    path.write_bytes(b"other and longer")
    assert file_hash(path) != before


def test_a_published_folder_replaces_what_was_there_only_where_that_is_wanted(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "published"
    target.mkdir()
    (target / "old").touch()
    with pytest.raises(OSError, match="not empty"):
        publish_folder(folder, target, replace=False)
    assert sorted(path.name for path in target.iterdir()) == ["old"]
    publish_folder(folder, target, replace=True)
    assert sorted(path.name for path in target.iterdir()) == ["deep", "model.safetensors"]
    assert not folder.exists()


def test_neither_torch_nor_transformers_is_loaded_for_folders_and_messages() -> None:
    code = "import sys, training.language_models.folders, training.language_models.messages; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "transformers", "django"} & set(loaded)
