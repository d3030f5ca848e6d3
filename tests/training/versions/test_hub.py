"""A version's files as others load them: the same bytes each time, no pickle, no folder of this machine."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from common.zipping import stream_zip
from training.errors import VersionDamaged
from training.models import ModelVersion
from training.versions import files, hub

pytestmark = pytest.mark.django_db


def unzipped(version: ModelVersion) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(stream_zip(version.name, hub.hub_files(version)))))


def test_the_download_is_a_folder_with_adapter_tokenizer_card_and_lineage(trained: ModelVersion) -> None:
    archive = unzipped(trained)
    assert archive.testzip() is None
    names = {name.removeprefix("tiny-v1/") for name in archive.namelist()}
    assert {"adapter_config.json", "adapter_model.safetensors", "tokenizer.json", "README.md", "lineage.json"} <= names
    weights = Path(trained.adapter_dir) / "adapter_model.safetensors"
    assert archive.read("tiny-v1/adapter_model.safetensors") == weights.read_bytes()
    assert json.loads(archive.read("tiny-v1/adapter_config.json")) == {"base_model_name_or_path": "tiny-base", "r": 4}
    assert json.loads(archive.read("tiny-v1/lineage.json"))["content_hash"] == trained.content_hash
    card = archive.read("tiny-v1/README.md").decode()
    assert card.startswith("---\nbase_model: tiny-base\nlibrary_name: peft\n")
    assert "reward accuracy: 0.75" in card


def test_the_same_version_gives_the_same_bytes(trained: ModelVersion) -> None:
    first, second = (b"".join(stream_zip("v", hub.hub_files(trained))) for _ in range(2))
    assert first == second


def test_pickles_are_left_out_and_damaged_files_are_refused(trained: ModelVersion, base: ModelVersion) -> None:
    (Path(trained.adapter_dir) / "optimizer.pt").write_bytes(b"a pickle")
    with pytest.raises(VersionDamaged):
        hub.hub_files(trained)
    trained.content_hash = files.content_hash(Path(trained.adapter_dir))
    assert "optimizer.pt" not in dict(hub.hub_files(trained))
    assert "model.safetensors" in dict(hub.hub_files(base)), "a base model is a folder of its own"
