"""Reference log-probabilities: computed once before the first step, kept under the name of all that made them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from training.engine.records import TokenPair, digest
from training.engine.run_folder import write_atomically
from training.engine.scoring import SideLogProbs

_FORMAT = 1
_MODEL_FILES = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "adapter_config.json",
)


def pairs_hash(pairs: Sequence[TokenPair]) -> str:
    """SHA-256 over the token ids of all pairs in order."""
    state = hashlib.sha256()
    for pair in pairs:
        for ids in (pair.prompt_ids, pair.chosen_ids, pair.rejected_ids):
            state.update(len(ids).to_bytes(8, "little"))
            state.update(np.asarray(ids, dtype=np.int64).tobytes())
    return state.hexdigest()


def folder_hash(directory: Path) -> str:
    """SHA-256 over the names and contents of the weights, configs and tokenizer in a model's or adapter's folder."""
    state = hashlib.sha256()
    named = (directory / name for name in _MODEL_FILES)
    weights = (path for kind in ("*.safetensors", "*.bin") for path in directory.glob(kind))
    for path in sorted(path for path in (*named, *weights) if path.is_file()):
        state.update(f"{path.name} {digest(path)}\n".encode())
    return state.hexdigest()


def cache_key(ingredients: dict[str, Any]) -> str:
    """The name of a set of reference log-probabilities: a hash of everything that made them."""
    text = json.dumps({"format": _FORMAT, **ingredients}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def save_reference(path: Path, key: str, **splits: SideLogProbs) -> None:
    """Write the log-probabilities of each split, (pairs, 2) each, whole or not at all."""
    tensors = {name: torch.from_numpy(values).contiguous() for name, values in splits.items()}
    write_atomically(path, save(tensors, metadata={"key": key}))


def load_reference(path: Path, key: str, **lengths: int) -> dict[str, SideLogProbs] | None:
    """What ``save_reference`` wrote, or None if there is nothing usable: another key, a torn file, a split of another
    length, a hole."""
    try:
        with safe_open(path, framework="pt") as stream:
            if (stream.metadata() or {}).get("key") != key or set(stream.keys()) != set(lengths):
                return None
            splits: dict[str, SideLogProbs] = {name: stream.get_tensor(name).numpy() for name in lengths}
    except (OSError, SafetensorError):
        return None
    complete = all(
        splits[name].shape == (length, 2) and np.isfinite(splits[name]).all() for name, length in lengths.items()
    )
    return splits if complete else None
