"""The file of reference log-probabilities: named by what made them, and sealed by the hash of its numbers.

The values of a pass that is not over have a file of the same form, so that an interrupted pass goes on from there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from training.engine.errors import EngineError
from training.engine.measuring.scoring import SideLogProbs
from training.engine.model.parallel import ALONE, Ranks
from training.engine.run_folder import write_atomically

PARTIAL_NAME = "reference.partial.safetensors"
PAIRS_BETWEEN = 256


def save_reference(path: Path, key: str, **splits: SideLogProbs) -> None:
    """Write the log-probabilities of each split, (pairs, 2) each, whole or not at all."""
    tensors = {name: torch.from_numpy(values).contiguous() for name, values in splits.items()}
    # One entry: the order of several differs from write to write, and with it the file's bytes.
    write_atomically(path, save(tensors, metadata={"key": _sealed(key, splits)}))


def load_reference(path: Path, key: str, **lengths: int) -> dict[str, SideLogProbs] | None:
    """The log-probabilities that ``save_reference`` wrote; None if the file is missing or damaged, has another key, a
    split of another length, or a hole."""
    splits = load_values(path, key, **lengths)
    return splits if splits is not None and all(np.isfinite(each).all() for each in splits.values()) else None


def load_values(path: Path, key: str, **lengths: int) -> dict[str, SideLogProbs] | None:
    """The same, of a file that may have holes (NaN)."""
    try:
        with safe_open(path, framework="pt") as stream:
            sealed = (stream.metadata() or {}).get("key")
            if set(stream.keys()) != set(lengths):
                return None
            splits: dict[str, SideLogProbs] = {name: stream.get_tensor(name).numpy() for name in lengths}
    except (OSError, SafetensorError):
        return None
    fits = all(splits[name].shape == (length, 2) for name, length in lengths.items())
    return splits if fits and sealed == _sealed(key, splits) else None


def _sealed(key: str, splits: Mapping[str, SideLogProbs]) -> str:
    """The key, and the hash of the numbers under it."""
    state = hashlib.sha256()
    for name in sorted(splits):
        state.update(name.encode() + np.ascontiguousarray(splits[name], dtype="<f8").tobytes())
    return f"{key} {state.hexdigest()}"


class PartialReference:
    """The log-probabilities so far of each split, by name; written after every PAIRS_BETWEEN new pairs.

    A write costs 32 bytes a pair. Each row's values depend on nothing but the row, and the values that a shared cache
    had at the start are kept beside them (other runs add to it), so a pass that goes on ends in the same bits.
    """

    def __init__(self, path: Path, key: str, lengths: dict[str, int], ranks: Ranks = ALONE) -> None:
        """``key``: see ``reference.cache_key``; values under another key, and those of a damaged file, are dropped. Of
        several processes the first one reads and writes, and all have its values."""
        self.path, self.key, self.unsaved, self.writes = path, key, 0, ranks.main
        lengths = lengths | {_cached(name): length for name, length in lengths.items()}
        found = ranks.from_main(load_values(path, key, **lengths) if ranks.main else None)
        self.goes_on = found is not None
        self.splits: dict[str, SideLogProbs] = found or {
            name: np.full((length, 2), np.nan) for name, length in lengths.items()
        }

    def of(self, name: str) -> KeptValues:
        """The values of a split."""
        return KeptValues(self, name, np.arange(len(self.splits[name])))

    def cached(self, name: str, now: SideLogProbs) -> SideLogProbs:
        """The values of a split that the shared cache had when the pass began, where it has ``now``."""
        if not self.goes_on:
            self.splits[_cached(name)] = now
        return self.splits[_cached(name)]

    def note(self, count: int) -> None:
        """So many values are new; write if they are enough."""
        self.unsaved += count
        if self.unsaved >= PAIRS_BETWEEN:
            self.save()

    def save(self) -> None:
        """Write what there is."""
        if self.writes:
            save_reference(self.path, self.key, **self.splits)
        self.unsaved = 0


@contextmanager
def resumable(path: Path, key: str, lengths: dict[str, int], ranks: Ranks) -> Iterator[PartialReference]:
    """The values of a pass of the block, which an earlier one under the same key may have begun; dropped when it is
    over."""
    kept = PartialReference(path, key, lengths, ranks)
    try:
        yield kept
    except EngineError:
        kept.save()
        raise
    if ranks.main:
        path.unlink(missing_ok=True)


def weights_hash(state: Mapping[str, Tensor]) -> str:
    """SHA-256 over names and values, on the CPU."""
    found = hashlib.sha256()
    for name in sorted(state):
        found.update(name.encode() + state[name].contiguous().view(torch.uint8).numpy().tobytes())
    return found.hexdigest()


def _cached(name: str) -> str:
    return f"{name}_cached"


class KeptValues:
    """The values of some pairs of a split; see ``scoring.Kept``."""

    def __init__(self, whole: PartialReference, name: str, places: NDArray[np.int64]) -> None:
        self.whole, self.name, self.places = whole, name, places

    @property
    def values(self) -> SideLogProbs:
        """(pairs, 2), NaN where a pair has none yet."""
        values: SideLogProbs = self.whole.splits[self.name][self.places]
        return values

    def known(self) -> NDArray[np.bool_]:
        """Which pairs have values, (pairs,)."""
        return np.asarray(np.isfinite(self.values).all(axis=1))

    def add(self, places: Sequence[int], values: SideLogProbs) -> None:
        """Keep the values (n, 2) of the pairs at some places."""
        self.whole.splits[self.name][self.places[list(places)]] = values
        self.whole.note(len(places))

    def of(self, places: Sequence[int]) -> KeptValues:
        """The values of some of these pairs."""
        return KeptValues(self.whole, self.name, self.places[list(places)])
