"""Reference log-probabilities: computed once before the first step, stored under a hash of everything that made them.

They lie in the run's folder, so that a resumed run has exactly the same; those of a pass that is not over lie there too
(``reference_file.py``). With a ``ReferenceCache`` values of earlier
runs are used, as long as they agree with those that this run computes itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.engine.config import RunConfig
from training.engine.data.packing import PackedRow
from training.engine.data.records import TokenPair
from training.engine.errors import EngineError
from training.engine.events import log
from training.engine.learning.reference_cache import ReferenceCache
from training.engine.learning.reference_file import (
    PARTIAL_NAME,
    KeptValues,
    PartialReference,
    load_reference,
    save_reference,
)
from training.engine.measuring.scoring import AfterRow, SideLogProbs, rows_by_length, score_rows
from training.engine.model.parallel import ALONE, Ranks
from training.engine.model.policy import TrainedModel
from training.engine.versions import library_versions, rounding_ingredients

_FORMAT = 2  # goes up when a key or a file would mean something else
ROUNDING = {torch.float64: 1e-6, torch.float32: 1e-3, torch.bfloat16: 0.25}
"""Nats by which a completion's log-probability may differ between two rows: far above the observed differences (1e-5 in
float32; none on the CPU with SmolLM2, in bfloat16 too), far below those between two models or machines."""


def pairs_hash(pairs: Sequence[TokenPair]) -> str:
    """SHA-256 over the token ids of all pairs in order, and over which of them count where not all do."""
    state = hashlib.sha256()
    for pair in pairs:
        for ids in (pair.prompt_ids, pair.chosen_ids, pair.rejected_ids):
            state.update(len(ids).to_bytes(8, "little"))
            state.update(np.asarray(ids, dtype=np.int64).tobytes())
        for mask in filter(None, pair.is_scored):
            state.update(np.asarray(mask, dtype=np.uint8).tobytes())
    return state.hexdigest()


def reference_ingredients(policy: TrainedModel, config: RunConfig, inputs: dict[str, Any]) -> dict[str, Any]:
    """Everything that determines a completion's reference log-probability to the last bit."""
    device = policy.device
    chip = torch.cuda.get_device_name(device) if device.type == "cuda" else torch.backends.cpu.get_cpu_capability()
    return {
        "model": inputs["model_sha256"],
        "adapter": inputs["adapter_sha256"] if config.reference == "start" else None,
        "tuning": config.tuning,
        "dtype": str(policy.dtype),
        "device": f"{device.type} {chip}",
        "threads": torch.get_num_threads(),
        "lanes": policy.lanes.count,
        "attention": policy.forward.attention,
        "shares_prefix": policy.shares_prefix(config),
        "lora_rank": config.lora_rank,
        "target_modules": sorted(config.target_modules),
        "versions": library_versions(),
        **rounding_ingredients(config.quantization),
        **({"tf32": True} if config.tf32 else {}),
        **({} if torch.are_deterministic_algorithms_enabled() else {"deterministic": False}),
    }


class ReferenceModel:
    """The model that the policy is compared with: the base under the adapter, or the policy's start."""

    def __init__(
        self, policy: TrainedModel, parameters: Iterable[torch.nn.Parameter], *, is_base: bool, keep: bool
    ) -> None:
        """Made before the first step. ``is_base``: it is the base under the adapter. ``keep``: it is needed after the
        first step too, so the start is copied unless it is the base."""
        self.base_of = policy.adapter if is_base else None
        self.parameters = list(parameters)
        self.start = [each.detach().clone() for each in self.parameters] if keep and not is_base else None

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the reference in the policy's place for the time of the block. Without a copy of the start this is only
        right until the policy's first step."""
        if self.base_of is not None:
            with self.base_of.switched_off():
                yield
            return
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    def _exchange(self) -> None:
        for number, parameter in enumerate(self.parameters if self.start else []):
            assert self.start is not None
            parameter.data, self.start[number] = self.start[number], parameter.data


@dataclass(frozen=True)
class PairsToScore:
    """Pairs that need a reference. ``rows``: all of them, as the run will see them first; ``first``: see
    ``reference_log_probs``."""

    name: str
    pairs: Sequence[TokenPair]
    rows: Iterable[PackedRow]
    first: Sequence[int]


def make_reference(
    policy: TrainedModel,
    config: RunConfig,
    inputs: dict[str, Any],
    splits: Sequence[PairsToScore],
    after_row: AfterRow,
    *,
    path: Path,
    shared: Path | None,
    ranks: Ranks = ALONE,
) -> dict[str, SideLogProbs]:
    """Log-probabilities of all splits under the policy as it is now, by name: from the run's own file, or from the
    folder that runs share, or computed, and kept in both."""
    ingredients = reference_ingredients(policy, config, inputs)
    layout = {name: getattr(config, name) for name in ("seed", "pairs_per_step", "tokens_per_row")}
    hashes = {split.name: pairs_hash(split.pairs) for split in splits}
    key = cache_key({**ingredients, **hashes, "settings": layout, "processes": ranks.size})
    lengths = {split.name: len(split.pairs) for split in splits}
    own: dict[str, SideLogProbs] | None = ranks.from_main(load_reference(path, key, **lengths) if ranks.main else None)
    if own is not None:
        return own
    cache = None if shared is None else ReferenceCache(shared, cache_key(ingredients))
    partial_path = path.with_name(PARTIAL_NAME)
    so_far = PartialReference(partial_path, key, lengths, ranks)
    in_cache: dict[str, SideLogProbs] = {}
    for split in splits:
        now = np.full((len(split.pairs), 2), np.nan) if cache is None else cache.find(split.pairs)
        # Other runs add to it: a process that finds more than another would score other rows, and wait for ever.
        in_cache[split.name] = so_far.cached(split.name, ranks.from_main(now))
    values: dict[str, SideLogProbs] = {}
    for split in splits:
        report = partial(_report_beyond, after_row, sum(map(len, values.values())))
        cached = in_cache[split.name]
        count = int(np.isfinite(cached).all(axis=1).sum())
        kept = so_far.of(split.name)
        done = int(kept.known().sum())
        log(f"reference pass over {len(split.pairs)} {split.name} pairs, {count} cached, {done} done before")
        try:
            values[split.name] = reference_log_probs(
                policy, split, config, report, cached=cached, ranks=ranks, kept=kept
            )
        except EngineError:
            so_far.save()
            raise
    if ranks.main:
        save_reference(path, key, **values)
        partial_path.unlink(missing_ok=True)
        # After the run's own file: a resumed run must not find other numbers than it had.
        for split in splits if cache is not None else ():
            assert cache is not None
            cache.add(split.pairs, values[split.name])
    return values


def reference_log_probs(
    policy: TrainedModel,
    split: PairsToScore,
    config: RunConfig,
    after_row: AfterRow,
    *,
    cached: SideLogProbs,
    ranks: Ranks = ALONE,
    kept: KeptValues | None = None,
) -> SideLogProbs:
    """Log-probabilities (pairs, 2) under the policy as it is now.

    ``cached``: (pairs, 2), NaN where the cache holds nothing. The split's ``first`` pairs (those of the first step, or
    of an evaluation's first row) are always scored, in the very rows of that step: so its rewards are exactly zero.
    Their cached values may differ from that by ROUNDING, because matrix products may round differently in another row;
    if they differ by more, the cache is not used, and all pairs are scored in ``rows``. ``kept``: the values of a pass
    that was interrupted; what is left is scored in the rows of that pass.
    """
    pairs, first = split.pairs, list(split.first)

    def scored(indices: Sequence[int], before: int) -> SideLogProbs:
        some = [pairs[index] for index in indices]
        if not some:
            return np.empty((0, 2))
        rows, of_some = rows_by_length(some, policy, config, ranks), kept and kept.of(indices)
        return score_rows(policy, some, rows, partial(_report_beyond, after_row, before), ranks, of_some)

    if np.isnan(cached).any(axis=1).all():
        return score_rows(policy, pairs, split.rows, after_row, ranks, kept)
    values = cached.copy()
    values[first] = scored(first, 0)
    differences = np.abs(values - cached)[~np.isnan(cached)]
    if differences.max(initial=0.0) > ROUNDING[policy.dtype]:
        log(f"cached reference log-probabilities are off by {differences.max():.3g} nats: all are computed again")
        return score_rows(policy, pairs, split.rows, after_row, ranks, kept)
    rest = np.flatnonzero(np.isnan(values).any(axis=1)).tolist()
    values[rest] = scored(rest, len(first))
    after_row(len(pairs), known=len(pairs) - len(first) - len(rest))
    return values


def _report_beyond(after_row: AfterRow, before: int, scored: int, known: int = 0) -> None:
    """Report a part of a pass: ``scored`` pairs after the ``before`` ones of earlier parts."""
    after_row(before + scored, known)


def cache_key(ingredients: dict[str, Any]) -> str:
    """The name of a set of reference log-probabilities: a hash of everything that determines them."""
    text = json.dumps({"format": _FORMAT, **ingredients}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
