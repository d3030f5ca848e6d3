"""Reference log-probabilities that runs share: each run looks up those of earlier runs with the same reference.

A folder for each reference (named by the hash of everything that determines its numbers) holds a file from each run
that computed new values, named by the hash of its own bytes. A file whose bytes do not match its name is ignored. The
folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load, save

from training.engine.data.records import TokenPair
from training.engine.events import log
from training.engine.measuring.scoring import SideLogProbs
from training.engine.run_folder import write_atomically


def completion_key(
    prompt_ids: Sequence[int], completion_ids: Sequence[int], is_scored: Sequence[bool] | None = None
) -> bytes:
    """SHA-256 over the token ids of a prompt and its completion, over the length of the prompt, and over which tokens
    count, where not all do."""
    state = hashlib.sha256(len(prompt_ids).to_bytes(8, "little"))
    state.update(np.asarray([*prompt_ids, *completion_ids], dtype="<i8").tobytes())
    if is_scored is not None:
        state.update(np.asarray(is_scored, dtype=np.uint8).tobytes())
    return state.digest()


class ReferenceCache:
    """The stored log-probabilities of one reference, by completion."""

    def __init__(self, directory: Path, scope: str) -> None:
        """``scope``: the name of the reference, see ``reference.cache_key``."""
        self.folder = directory / scope
        self.stored: dict[bytes, float] = {}
        for path in sorted(self.folder.glob("*.safetensors")):
            self._read(path)

    def _read(self, path: Path) -> None:
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != path.stem:
            log(f"{path} is damaged: its values are computed again")
            return
        tensors = load(content)
        keys, values = tensors["keys"].numpy(), tensors["values"].numpy()
        self.stored.update(zip(map(bytes, keys), map(float, values), strict=True))

    def find(self, pairs: Sequence[TokenPair]) -> SideLogProbs:
        """The stored values of some pairs, (pairs, 2), with NaN where there is none."""
        values = [[self.stored.get(key, np.nan) for key in _keys(pair)] for pair in pairs]
        return np.array(values, dtype=np.float64).reshape(len(pairs), 2)

    def add(self, pairs: Sequence[TokenPair], values: SideLogProbs) -> None:
        """Store the values of completions that have none yet. Raises ValueError for a number that is not finite: no
        hole is ever stored."""
        if not np.isfinite(values).all():
            raise ValueError("a reference log-probability is missing")
        fresh = {
            key: float(value)
            for pair, sides in zip(pairs, values, strict=True)
            for key, value in zip(_keys(pair), sides, strict=True)
            if key not in self.stored
        }
        if not fresh:
            return
        keys = np.frombuffer(b"".join(fresh), dtype=np.uint8).reshape(-1, 32).copy()
        content = save(
            {"keys": torch.from_numpy(keys), "values": torch.tensor(list(fresh.values()), dtype=torch.float64)}
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self.folder / f"{hashlib.sha256(content).hexdigest()}.safetensors", content)
        self.stored |= fresh


def _keys(pair: TokenPair) -> tuple[bytes, bytes]:
    chosen, rejected = pair.is_scored
    return (
        completion_key(pair.prompt_ids, pair.chosen_ids, chosen),
        completion_key(pair.prompt_ids, pair.rejected_ids, rejected),
    )
