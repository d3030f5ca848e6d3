"""A manifest notices a missing, shortened or altered file."""

from pathlib import Path

import pytest

from training.generation.manifest import ModelManifest, is_intact, read_model_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "b.txt").write_text("two")
    return tmp_path


def test_it_survives_the_disk_and_leaves_itself_out(folder: Path) -> None:
    manifest = ModelManifest.of(folder, name="tiny", source={"format": 1})
    manifest.write(folder)
    assert read_model_manifest(folder) == manifest
    assert ModelManifest.of(folder, name="tiny", source={"format": 1}) == manifest
    assert set(manifest.files) == {"a.txt", "b.txt"}


def test_an_altered_file_of_the_same_size_is_noticed_by_its_hash_alone(folder: Path) -> None:
    manifest = ModelManifest.of(folder, name="tiny", source={})
    (folder / "b.txt").write_text("TWO")
    assert is_intact(folder, manifest, hashes=False)
    assert not is_intact(folder, manifest, hashes=True)
    assert ModelManifest.of(folder, name="tiny", source={}).content_hash != manifest.content_hash


@pytest.mark.parametrize("content", [None, "t"])
def test_a_missing_and_a_shortened_file_are_noticed(folder: Path, content: str | None) -> None:
    manifest = ModelManifest.of(folder, name="tiny", source={})
    (folder / "b.txt").unlink()
    if content is not None:
        (folder / "b.txt").write_text(content)
    assert not is_intact(folder, manifest, hashes=False)


@pytest.mark.parametrize("text", [None, "not json", "{}", '{"files": []}', '{"files": {}, "more": 1}'])
def test_without_a_readable_manifest_there_is_none(folder: Path, text: str | None) -> None:
    if text is not None:
        (folder / "manifest.json").write_text(text)
    assert read_model_manifest(folder) is None
