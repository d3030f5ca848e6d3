"""The gradient of every pair's margin at one point of a run, as a sketch: the raw material of blame and doubt.

For a pair i the gradient of its margin, ``g_i = d m_i / d theta`` over the adapter's A and B, needs no reference,
because the reference is a constant. Its loss enters by one number, the slope ``s_i = - dL_i / dm_i`` (sigmoid loss:
``p - sigma(m)``): the gradient of its loss is ``- s_i g_i``. So gradients are kept per pair and point, whatever is
asked of them later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load, save

from training.engine.attribution.sketch import Sketch
from training.engine.config import RunConfig
from training.engine.data.packing import PackedRow, pack_row
from training.engine.data.records import TokenPair
from training.engine.events import log
from training.engine.learning.reference_cache import completion_key
from training.engine.loss_settings import PER_TOKEN
from training.engine.measuring.scoring import SideLogProbs, check_finite
from training.engine.model.policy import Policy
from training.engine.run_folder import write_atomically

Vectors = NDArray[np.float32]  # (pairs, places)
AfterPair = Callable[[int], None]

PAIRS_BETWEEN = 64
"""New gradients in one file of the cache: as many may be lost to a kill."""


@dataclass(frozen=True)
class PairGradients:
    """Some pairs at one point of a run. ``vectors``: (pairs, places), the sketch of d margin / d theta for a beta of 1;
    ``log_probs``: (pairs, 2), nats, of chosen and rejected under the adapter there."""

    vectors: Vectors
    log_probs: SideLogProbs


def pair_gradients(
    policy: Policy,
    pairs: Sequence[TokenPair],
    config: RunConfig,
    *,
    sketch: Sketch,
    cache: GradientCache | None = None,
    after_pair: AfterPair = lambda done: None,
) -> PairGradients:
    """The gradients of all pairs under the policy as it is now; those in the cache are not computed again.

    One pair is one row, so no pair's gradient is mixed with another's. ``after_pair``: is called with the number of
    pairs that are done; it may raise to stop: finished pairs stay in the cache. Raises Diverged.
    """
    found = GradientTable(len(pairs), sketch.places)
    keys = [pair_key(pair) for pair in pairs]
    missing = found.fill(keys, cache)
    parameters = list(policy.adapter.parameters().values())
    shares, per_token = policy.shares_prefix(config), config.loss in PER_TOKEN
    done = len(pairs) - len(missing)
    after_pair(done)

    def work(part: tuple[int, PackedRow]) -> tuple[NDArray[np.float64], Vectors]:
        sides = policy.side_values(part[1])  # (2,)
        tokens = sides.new_tensor([len(ids) for ids in pairs[part[0]].scored_ids]) if per_token else 1.0
        means = sides / tokens
        gradients = torch.autograd.grad(means[0] - means[1], parameters)
        return sides.detach().cpu().numpy(), sketch.of(gradients).float().cpu().numpy()

    rows = ((index, pack_row(pairs, [index], share=shares, keep_last=policy.keeps_last)) for index in missing)
    try:
        for (index, _), (values, vector) in policy.lanes.each(work, rows):
            check_finite(values.reshape(1, 2), [pairs[index]])
            found.set(index, vector, values)
            if cache is not None:
                cache.add(keys[index], vector, values)
            done += 1
            after_pair(done)
    finally:
        if cache is not None:
            cache.flush()
    return PairGradients(found.vectors, found.log_probs)


class GradientTable:
    """The gradients of some pairs in their order, as they come in."""

    def __init__(self, pairs: int, places: int) -> None:
        self.vectors: Vectors = np.zeros((pairs, places), dtype=np.float32)
        self.log_probs: SideLogProbs = np.zeros((pairs, 2))

    def fill(self, keys: Sequence[bytes], cache: GradientCache | None) -> list[int]:
        """Take what the cache has; returns the places of the others."""
        missing = []
        for index, key in enumerate(keys):
            kept = None if cache is None else cache.get(key)
            if kept is None:
                missing.append(index)
            else:
                self.set(index, *kept)
        return missing

    def set(self, index: int, vector: Vectors, log_probs: NDArray[np.float64]) -> None:
        """The gradient of the pair at a place."""
        self.vectors[index], self.log_probs[index] = vector, log_probs


def pair_key(pair: TokenPair) -> bytes:
    """SHA-256 over the token ids of both sides, and over which of them count."""
    sides = zip((pair.chosen_ids, pair.rejected_ids), pair.is_scored, strict=True)
    return hashlib.sha256(b"".join(completion_key(pair.prompt_ids, ids, mask) for ids, mask in sides)).digest()


class GradientCache:
    """The gradients at one point of a run, on disk: files of up to PAIRS_BETWEEN pairs, each named by its own hash.

    A vector is kept in fp16, scaled to length 1, with its length beside it: 8 KiB a pair. A file whose bytes do not
    match its name is ignored; the folder may be deleted at any time.
    """

    def __init__(self, directory: Path, scope: str, places: int) -> None:
        """``scope``: the hash of everything that determines the gradients but the pair itself."""
        self.folder = directory / scope
        self.stored: dict[bytes, tuple[Vectors, NDArray[np.float64]]] = {}
        self.fresh: dict[bytes, tuple[Vectors, NDArray[np.float64]]] = {}
        self.places = places
        for path in sorted(self.folder.glob("*.safetensors")):
            self._read(path)

    def _read(self, path: Path) -> None:
        content = path.read_bytes()
        try:
            if hashlib.sha256(content).hexdigest() != path.stem:
                raise ValueError("its bytes are not as written")
            tensors = {name: tensor.numpy() for name, tensor in load(content).items()}
        except (ValueError, SafetensorError) as error:
            log(f"{path} is damaged ({error}): its gradients are computed again")
            return
        for key, vector, length, log_probs in zip(*(tensors[name] for name in _COLUMNS), strict=True):
            if len(vector) == self.places:
                self.stored[bytes(key)] = (vector.astype(np.float32) * length, log_probs)

    def get(self, key: bytes) -> tuple[Vectors, NDArray[np.float64]] | None:
        """The vector and the log-probabilities of a pair."""
        return self.stored.get(key)

    def add(self, key: bytes, vector: Vectors, log_probs: NDArray[np.float64]) -> None:
        """Keep a pair's; it is on disk after the next ``flush``."""
        self.fresh[key] = (vector, log_probs)
        if len(self.fresh) >= PAIRS_BETWEEN:
            self.flush()

    def flush(self) -> None:
        """Write what is not on disk yet."""
        if not self.fresh:
            return
        vectors = np.stack([vector for vector, _ in self.fresh.values()])
        lengths = np.maximum(np.linalg.norm(vectors, axis=1), np.finfo(np.float32).tiny).astype(np.float32)
        columns = {
            "keys": np.frombuffer(b"".join(self.fresh), dtype=np.uint8).reshape(-1, 32).copy(),
            "directions": (vectors / lengths[:, None]).astype(np.float16),
            "lengths": lengths,
            "log_probs": np.stack([log_probs for _, log_probs in self.fresh.values()]),
        }
        content = save({name: torch.from_numpy(column) for name, column in columns.items()})
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self.folder / f"{hashlib.sha256(content).hexdigest()}.safetensors", content)
        self.stored |= self.fresh
        self.fresh = {}


_COLUMNS = ("keys", "directions", "lengths", "log_probs")
