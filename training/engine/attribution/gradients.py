"""The gradient of every pair's margin at one point of a run, as a sketch: the raw material of blame and doubt.

For a pair i the gradient of its margin, ``g_i = d m_i / d theta`` over the adapter's A and B, needs no reference,
because the reference is a constant. Its loss enters by one number, the slope ``s_i = - dL_i / dm_i`` (sigmoid loss:
``p - sigma(m)``): the gradient of its loss is ``- s_i g_i``. So gradients are kept per pair and point, whatever is
asked of them later.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor
from torch.utils.hooks import RemovableHandle

from training.engine.attribution.sketch import Sketch
from training.engine.config import RunConfig
from training.engine.data.packing import PackedRow, pack_rows
from training.engine.data.records import TokenPair
from training.engine.events import log
from training.engine.learning.reference_cache import completion_key
from training.engine.loss_settings import PER_TOKEN
from training.engine.measuring.scoring import SideLogProbs, check_finite
from training.engine.model.layers import scored_only_modules
from training.engine.model.policy import Policy
from training.engine.run_folder import write_atomically

Vectors = NDArray[np.float32]  # (pairs, places)
AfterPair = Callable[[int], None]

TOKENS_PER_ROW = 2048
"""Of all rows that are computed at a time; fewer where the config allows fewer."""
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

    Short pairs share a row, which costs about half of a row each; ``RowGradients`` takes them apart again.
    ``after_pair``: is called with the number of pairs that are done; it may raise to stop: finished pairs stay in the
    cache. Raises Diverged.
    """
    found = GradientTable(len(pairs), sketch.places)
    keys = [pair_key(pair) for pair in pairs]
    missing = found.fill(keys, cache)
    done = len(pairs) - len(missing)
    after_pair(done)
    tokens = min(TOKENS_PER_ROW, config.tokens_per_row) if policy.forward.packs else 0
    rows = pack_rows(
        pairs,
        missing,
        tokens_per_row=tokens // policy.lanes.count,
        share=policy.shares_prefix(config),
        keep_last=policy.keeps_last,
        at_once=policy.lanes.count,
    )
    try:
        with RowGradients(policy, pairs, sketch, per_token=config.loss in PER_TOKEN) as gradients:
            for row, (values, vectors) in policy.lanes.each(gradients.of, rows):
                check_finite(values, [pairs[index] for index in row.pairs])
                for index, log_probs, vector in zip(row.pairs, values, vectors, strict=True):
                    found.set(index, vector, log_probs)
                    if cache is not None:
                        cache.add(keys[index], vector, log_probs)
                done += len(row.pairs)
                after_pair(done)
    finally:
        if cache is not None:
            cache.flush()
    return PairGradients(found.vectors, found.log_probs)


class RowGradients:
    """The gradients of each pair of a row, from one pass forward and one back.

    No token of one pair attends to another's, so at every token the gradient of the row's summed margins is that of its
    own pair. With a layer's inputs x (T, in) and the gradient g (T, out) of its outputs, the part of pair i with the
    tokens t is ``dm_i / dB = s sum_t g_t (A x_t)^T`` and ``dm_i / dA = sum_t (s B)^T g_t x_t^T`` (as in
    ``AdaptedLinear``, there summed over all tokens). Use it as a context: it listens to the adapter's layers.
    """

    def __init__(self, policy: Policy, pairs: Sequence[TokenPair], sketch: Sketch, *, per_token: bool) -> None:
        self.policy, self.pairs, self.sketch, self.per_token = policy, pairs, sketch, per_token
        self.parameters = list(policy.adapter.parameters().values())
        self.trimmed = scored_only_modules(policy.model) if policy.forward.trims else frozenset()
        self.heard = threading.local()  # a lane computes its own row
        self.handles: list[RemovableHandle] = []

    def __enter__(self) -> RowGradients:
        """Listen. The backward pass then goes down to the embeddings, and forms no parameter's gradient by itself."""
        if self.policy.forward.packs:
            for parameter in self.parameters:
                parameter.requires_grad_(False)
            self.handles.append(self.policy.model.get_input_embeddings().register_forward_hook(self._begin))
            for name, layer in self.policy.adapter.layers.items():
                self.handles.append(layer.register_forward_hook(partial(self._listen, name)))
        return self

    def __exit__(self, *raised: object) -> None:
        """Listen no longer."""
        for handle in self.handles:
            handle.remove()
        for parameter in self.parameters:
            parameter.requires_grad_(True)

    def _begin(self, layer: torch.nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        self.heard.start, self.heard.flows = output.requires_grad_(), {}

    def _listen(self, name: str, layer: torch.nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        flows, kept = self.heard.flows, inputs[0].detach().flatten(0, -2)
        output.register_hook(lambda gradient: flows.update({name: (kept, gradient.flatten(0, -2))}))

    def of(self, row: PackedRow) -> tuple[NDArray[np.float64], Vectors]:
        """The log-probabilities, (pairs, 2), and the sketches, (pairs, places), of the pairs of a row."""
        values = self.policy.side_values(row).view(-1, 2)
        scored = [[len(ids) for ids in self.pairs[index].scored_ids] for index in row.pairs]
        means = values / values.new_tensor(scored) if self.per_token else values
        margin = (means[:, 0] - means[:, 1]).sum()
        if self.policy.forward.packs:
            torch.autograd.grad(margin, self.heard.start)
            vectors = [self.sketch.of(parts) for parts in self._apart(row, self.heard.flows)]
            self.heard.start = self.heard.flows = None
        else:  # a pair has a row of its own
            vectors = [self.sketch.of(torch.autograd.grad(margin, self.parameters))]
        return values.detach().cpu().numpy(), torch.stack(vectors).float().cpu().numpy()

    @torch.no_grad()
    def _apart(self, row: PackedRow, flows: dict[str, tuple[Tensor, Tensor]]) -> Iterator[list[Tensor]]:
        """The gradient of each pair, in the order of the adapter's parameters."""
        by_token, by_label = _stretches(row)
        layers = []
        for name, layer in self.policy.adapter.layers.items():
            inputs, gradient = (each.to(layer.dtype) for each in flows[name])
            assert layer.lora_a is not None
            assert layer.lora_b is not None
            low = inputs @ layer.lora_a.to(layer.dtype).T  # A x, (T, r)
            up = (layer.lora_b * layer.scale).to(layer.dtype)
            through = gradient @ up if up.any() else None  # (s B)^T g, (T, r); None: nothing, as at the start of a run
            layers.append((inputs, gradient, low, through, by_label if layer in self.trimmed else by_token, layer))
        for number in range(len(row.pairs)):
            parts: list[Tensor] = []
            for inputs, gradient, low, through, stretches, layer in layers:
                own = stretches[number]
                nothing = inputs.new_zeros(1).expand(low.shape[1], inputs.shape[1])
                parts += [
                    nothing if through is None else through[own].T @ inputs[own],
                    (gradient[own].T @ low[own]) * layer.scale,
                ]
            yield parts


def _stretches(row: PackedRow) -> tuple[list[slice], list[slice]]:
    """Which tokens of a row, and which of its scored places, belong to each pair; both lie side by side."""
    starts = sorted({segment.prefix_start for segment in row.segments})
    tokens = [slice(*ends) for ends in pairwise([*starts, row.tokens])]
    counts = torch.bincount(row.sides // 2, minlength=len(row.pairs)).cumsum(0).tolist()
    return tokens, [slice(*ends) for ends in pairwise([0, *counts])]


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
