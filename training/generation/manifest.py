"""The contents of a prepared model folder: every file with its size and SHA-256 sum, and one hash over all."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from training.language_models.folders import file_hash

MANIFEST_NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class ModelManifest:
    """The contents of a model folder."""

    name: str
    """The model's name."""
    content_hash: str
    """SHA-256 over "name, sum" of the files, sorted by name: equal if and only if every file is equal."""
    files: dict[str, dict[str, Any]]
    """File name -> {"bytes": size, "sha256": sum}."""
    source: dict[str, Any] = field(default_factory=dict)
    """The wheel and file that it was made from, and the format of the folder."""

    @classmethod
    def of(cls, folder: Path, *, name: str, source: dict[str, Any]) -> Self:
        """Hashes every file of the folder except a manifest."""
        files = {
            path.name: {"bytes": path.stat().st_size, "sha256": file_hash(path)}
            for path in sorted(folder.iterdir())
            if path.is_file() and path.name != MANIFEST_NAME
        }
        lines = "".join(f"{file}\0{entry['sha256']}\n" for file, entry in files.items())
        return cls(name=name, content_hash=hashlib.sha256(lines.encode()).hexdigest(), files=files, source=source)

    def write(self, folder: Path) -> None:
        """Write it beside the files that it lists."""
        text = json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"
        (folder / MANIFEST_NAME).write_text(text, encoding="utf-8")


def read_model_manifest(folder: Path) -> ModelManifest | None:
    """The folder's manifest; None if there is no readable one."""
    try:
        values = json.loads((folder / MANIFEST_NAME).read_text(encoding="utf-8"))
        return ModelManifest(**values) if isinstance(values["files"], dict) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def is_intact(folder: Path, manifest: ModelManifest, *, hashes: bool) -> bool:
    """Whether every listed file exists with its size and, with `hashes`, its sum."""
    for name, entry in manifest.files.items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != entry["bytes"]:
            return False
        if hashes and file_hash(path) != entry["sha256"]:
            return False
    return True
