"""A version in the format of a model hub, which PEFT and vLLM load: its files, and a folder of them."""

import json
import secrets
import shutil
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop as _

from common.sentences import Sentence
from common.zipping import Content
from training.engine.config import UNQUANTIZED
from training.errors import VersionDamaged
from training.generation import MANIFEST_NAME, read_model_manifest
from training.language_models.folders import LINEAGE
from training.models import ModelVersion
from training.versions.files import check_version

ADAPTER_CONFIG = "adapter_config.json"
TEXT_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja")
NEVER = (".bin", ".pt", ".pth", ".pkl", ".ckpt")  # pickles can run code


def hub_files(version: ModelVersion) -> list[tuple[str, Content]]:
    """Name and content of every file, sorted: weights, configuration, tokenizer, a model card and the lineage.

    Raises VersionDamaged if the version's files are not those that were registered.
    """
    check_version(version)
    base = Path(version.base_dir)
    files: dict[str, Content] = {}
    if version.adapter_dir:
        files |= {name: base / name for name in TEXT_FILES if (base / name).is_file()}
        files |= _files_of(Path(version.adapter_dir))
        files[ADAPTER_CONFIG] = _adapter_config(version)
    else:
        files |= _files_of(base)
    return sorted((files | facts(version)).items())


def facts(version: ModelVersion, *, merged: bool = False) -> dict[str, bytes]:
    """A model card and the lineage, by file name. merged: of its adapter and its base as one model."""
    lineage = json.dumps(_lineage(version), indent=2, sort_keys=True) + "\n"
    return {"lineage.json": lineage.encode(), "README.md": _card(version, merged=merged).encode()}


def _files_of(folder: Path) -> dict[str, Content]:
    return {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in NEVER and path.name not in (MANIFEST_NAME, LINEAGE)
    }


def base_name(version: ModelVersion) -> str:
    """The public name of the base model, if its folder has it; else the folder's name."""
    manifest = read_model_manifest(Path(version.base_dir))
    return manifest.name if manifest else Path(version.base_dir).name


def _adapter_config(version: ModelVersion) -> bytes:
    """PEFT's configuration, with the public name of the base instead of a folder of this machine."""
    try:
        config = json.loads((Path(version.adapter_dir) / ADAPTER_CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        details = {"name": version.name, "file": ADAPTER_CONFIG, "error": str(error)}
        raise VersionDamaged(Sentence(_("%(name)s has no readable %(file)s: %(error)s"), details)) from error
    config["base_model_name_or_path"] = base_name(version)
    return (json.dumps(config, indent=2, sort_keys=True) + "\n").encode()


def _lineage(version: ModelVersion) -> dict[str, Any]:
    return {
        **version.lineage,
        "name": version.name,
        "content_hash": version.content_hash,
        "created_at": version.created_at.isoformat(),
    }


def _card(version: ModelVersion, *, merged: bool) -> str:
    """The model card: the header that hubs read, and the essentials for people."""
    header = ["---", f"base_model: {base_name(version)}"]
    if merged:
        header += ["library_name: transformers", "tags: [dpo]"]
    elif version.adapter_dir:
        header += ["library_name: peft", "tags: [lora, dpo]"]
    lines = [*header, "pipeline_tag: text-generation", "---", "", f"# {version.name}", ""]
    if version.parent is not None:
        lines += [f"Trained by DPO from {version.parent.name} on human preferences.", ""]
    is_quantized = version.run is not None and version.run.config.get("quantization", UNQUANTIZED) != UNQUANTIZED
    if merged and is_quantized:
        lines += ["Its adapter is added to the base's weights as four bits (NF4) have them: it learned so.", ""]
    elif merged:
        lines += ["Its adapter is added to the weights of the base.", ""]
    elif is_quantized:
        lines += [
            "It learned beside a base in four bits (NF4): beside the full one it answers a little differently.",
            "",
        ]
    figures = {name: version.metrics[name] for name in ("reward_accuracy", "loss", "margin") if name in version.metrics}
    if figures:
        lines += [f"On {version.metrics.get('pairs')} held-out pairs, against its parent:", ""]
        lines += [f"- {name.replace('_', ' ')}: {value:.4g}" for name, value in figures.items()] + [""]
    if version.held_out is not None:
        lines += [version.held_out.sentence, ""]
    lines += [f"Content (SHA-256): `{version.content_hash}`. Where it comes from: `lineage.json`.", ""]
    return "\n".join(lines)


def complete_merged(version: ModelVersion, folder: Path) -> None:
    """Leaves in the folder of a merged model only what a hub gets, and adds its card and lineage."""
    kept = _files_of(folder).values()
    for path in [each for each in folder.rglob("*") if each.is_file() and each not in kept]:
        path.unlink()
    for name, content in facts(version, merged=True).items():
        (folder / name).write_bytes(content)


def write_hub_folder(version: ModelVersion, target: Path) -> None:
    """Writes the folder, whole or not at all. Raises FileExistsError, VersionDamaged."""
    if target.exists():
        raise FileExistsError(f"{target} exists already: choose another folder.")
    files = hub_files(version)
    target.parent.mkdir(parents=True, exist_ok=True)
    building = target.parent / f".{target.name}-{secrets.token_hex(6)}"
    try:
        for name, content in files:
            path = building / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                path.write_bytes(content)
            else:
                shutil.copyfile(content, path)
        building.rename(target)
    finally:
        shutil.rmtree(building, ignore_errors=True)
