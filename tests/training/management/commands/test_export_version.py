"""export_version writes a folder that others load."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.training.conftest import NOW
from tests.training.generation.test_loading import write_adapter
from training.models import ModelVersion
from training.versions import files

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
