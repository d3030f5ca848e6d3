"""export_version writes a folder that others load."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.labeling.a_hub import hub
from tests.training.conftest import NOW
from tests.training.generation.test_loading import write_adapter
from training.generation import MANIFEST_NAME
from training.models import ModelVersion, Run
from training.versions import files
from training.versions.hub import complete_merged, facts

pytestmark = pytest.mark.django_db


def test_peft_loads_the_folder_as_it_is(base: ModelVersion, var_dir: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    adapter = write_adapter(Path(base.base_dir), var_dir / "versions" / "real" / "adapter")
    version = ModelVersion.objects.create(
        name="real",
        base_dir=base.base_dir,
        adapter_dir=str(adapter),
        content_hash=files.content_hash(adapter),
        parent=base,
        created_at=NOW,
    )
    call_command("export_version", "real", "--out", str(var_dir / "hub"))
    ids = AutoTokenizer.from_pretrained(var_dir / "hub")("the red cat", return_tensors="pt").input_ids
    with torch.inference_mode():
        loaded, original = (
            PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base.base_dir), folder)(ids).logits
            for folder in (var_dir / "hub", adapter)
        )
    assert torch.equal(loaded, original)
    with pytest.raises(CommandError, match="exists already"):
        call_command("export_version", version.name, "--out", str(var_dir / "hub"))


def test_a_whole_model_has_nothing_to_merge(base: ModelVersion, var_dir: Path) -> None:
    with pytest.raises(CommandError, match="tiny-base is a whole model already"):
        call_command("export_version", "tiny-base", "--merged", "--out", str(var_dir / "merged"))
    assert not (var_dir / "merged").exists()


@pytest.mark.parametrize("public", [False, True])
def test_a_push_sends_the_folder_with_its_card_to_a_model_that_others_see_only_if_asked(
    trained: ModelVersion, var_dir: Path, monkeypatch: pytest.MonkeyPatch, public: bool
) -> None:
    folder, said = var_dir / "pushed", StringIO()
    arguments = ["tiny-v1", "--push", "me/kind", *(["--public"] if public else [])]
    monkeypatch.setenv("HF_TOKEN", "hf_test")
    with hub() as kept:
        monkeypatch.setenv("HF_ENDPOINT", kept.address)
        call_command("export_version", *arguments, "--out", str(folder), stdout=said)
        assert f"Uploaded: {kept.address}/me/kind" in said.getvalue()
        (created,) = kept.repositories
        assert created["name"] == "kind"
        assert created.get("type", "model") == "model"
        assert created["visibility"] == ("public" if public else "private")
        assert kept.files == {each.name: each.read_bytes() for each in folder.iterdir()}
        assert b"library_name: peft" in kept.files["README.md"]
        kept.refuses = True
        with pytest.raises(CommandError, match="The folder is written, but was not uploaded"):
            call_command("export_version", *arguments, "--out", str(var_dir / "again"), stdout=StringIO())


def test_a_push_without_a_token_is_refused_before_anything_is_written(
    trained: ModelVersion, var_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("HF_HOME", str(var_dir))
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(var_dir / "token"))
    with pytest.raises(CommandError, match="HF_TOKEN"):
        call_command("export_version", "tiny-v1", "--push", "me/kind", "--out", str(var_dir / "unsent"))
    assert not (var_dir / "unsent").exists()


def test_the_card_of_a_merged_model_says_so_and_how_the_version_learned(trained: ModelVersion) -> None:
    card = facts(trained, merged=True)["README.md"].decode()
    assert "library_name: transformers" in card
    assert "added to the weights of the base" in card
    assert "four bits" not in card
    trained.run = Run(config={"quantization": "nf4"})
    assert "beside the full one it answers a little differently" in facts(trained)["README.md"].decode()
    merged = facts(trained, merged=True)["README.md"].decode()
    assert "added to the base's weights as four bits (NF4) have them" in merged
    assert "beside the full one" not in merged
    assert "added to the weights of the base" not in merged


def test_a_merged_folder_lies_where_the_caller_stands_and_has_no_pickle_and_no_manifest(
    base: ModelVersion, var_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = write_adapter(Path(base.base_dir), var_dir / "versions" / "real" / "adapter")
    ModelVersion.objects.create(
        name="real",
        base_dir=base.base_dir,
        adapter_dir=str(adapter),
        content_hash=files.content_hash(adapter),
        parent=base,
        created_at=NOW,
    )
    monkeypatch.chdir(var_dir)
    call_command("export_version", "real", "--merged", "--out", "merged", stdout=StringIO())
    assert {"README.md", "lineage.json", "model.safetensors"} <= {each.name for each in (var_dir / "merged").iterdir()}
    for name in ("more.bin", MANIFEST_NAME):
        (var_dir / "merged" / name).write_bytes(b"x")
    complete_merged(ModelVersion.objects.get(name="real"), var_dir / "merged")
    assert not {"more.bin", MANIFEST_NAME} & {each.name for each in (var_dir / "merged").iterdir()}
