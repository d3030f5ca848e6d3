"""``score`` and ``evaluate``: a policy against a reference on a file of pairs, without learning anything."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from training.engine.config import RunConfig
from training.engine.data.records import PairSet, TokenPair, read_token_pairs
from training.engine.data.text import TextEncoder
from training.engine.errors import InputError
from training.engine.events import StopRequest, log
from training.engine.loss_settings import LossSettings
from training.engine.measuring.metrics import PairScores
from training.engine.measuring.scoring import SideLogProbs, figures_of, pair_scores, rows_by_length, score_rows
from training.engine.model.adapter_format import other_base, read_shape, read_state
from training.engine.model.lora import ALL_LINEAR, AdapterShape
from training.engine.model.policy import Policy
from training.engine.run_folder import write_atomically, write_json


def score(
    model: Path,
    adapter: Path | None,
    reference_adapter: Path | None,
    data: Path,
    config: RunConfig,
    *,
    stop: StopRequest,
) -> tuple[PairSet, PairScores]:
    """Log-probabilities of both sides of every usable pair under the policy (base + adapter) and under the reference
    (base + reference adapter, or the base alone)."""
    pair_set = read_all(model, data, config)
    stop.check()
    policy = open_policy(model, adapter, reference_adapter, config)
    of_policy = _log_probs(policy, adapter, pair_set.pairs, config, stop)
    of_reference = _log_probs(policy, reference_adapter, pair_set.pairs, config, stop)
    return pair_set, pair_scores(pair_set.pairs, of_policy, of_reference)


def open_policy(model: Path, adapter: Path | None, reference_adapter: Path | None, config: RunConfig) -> Policy:
    """The model, with room for either adapter. Raises InputError where they differ in shape."""
    for each in filter(None, dict.fromkeys((adapter, reference_adapter))):
        for note in other_base(each, config.quantization):
            log(note)
    return Policy.load(model, config, shape=_shape(adapter, reference_adapter, config))


def read_all(model: Path, data: Path, config: RunConfig) -> PairSet:
    """The usable pairs of a file. Raises InputError if there are none."""
    pair_set = read_token_pairs(data, TextEncoder.from_directory(model), max_length=config.max_length)
    if not pair_set.pairs:
        raise InputError(f"no usable preference pair in {data} (dropped: {dict(pair_set.dropped)})")
    return pair_set


def _shape(adapter: Path | None, reference_adapter: Path | None, config: RunConfig) -> AdapterShape:
    shapes = [read_shape(each) for each in (adapter, reference_adapter) if each is not None]
    if any(each != shapes[0] for each in shapes):
        raise InputError(f"the adapter is unlike the reference adapter: it has {shapes[0].unlike(shapes[1])}")
    default = AdapterShape(config.lora_rank, config.lora_alpha, (ALL_LINEAR,))
    return shapes.pop() if shapes else default


def _log_probs(
    policy: Policy, adapter: Path | None, pairs: list[TokenPair], config: RunConfig, stop: StopRequest
) -> SideLogProbs:
    def after_row(scored: int, known: int = 0) -> None:
        stop.check()

    rows = rows_by_length(pairs, policy, config)
    with with_adapter(policy, adapter):
        return score_rows(policy, pairs, rows, after_row)


@contextmanager
def with_adapter(policy: Policy, adapter: Path | None) -> Iterator[None]:
    """Give the policy an adapter of its shape (None: the base alone) for the time of the block."""
    if adapter is not None:
        policy.adapter.load(read_state(adapter))
        yield
        return
    with policy.adapter.switched_off():
        yield


def write_scores(
    target: Path,
    pairs: list[TokenPair],
    scores: PairScores,
    settings: LossSettings,
    tokens: Sequence[dict[str, Any]] | None = None,
) -> None:
    """One JSON object per pair: log-probabilities, rewards and margin. ``tokens``: more fields for each pair."""
    rewards = scores.rewards(settings)
    columns = {
        "policy_chosen_logp": scores.policy_chosen,
        "policy_rejected_logp": scores.policy_rejected,
        "reference_chosen_logp": scores.reference_chosen,
        "reference_rejected_logp": scores.reference_rejected,
        "chosen_reward": rewards[0],
        "rejected_reward": rewards[1],
        "margin": rewards[0] - rewards[1],
    }
    table = np.column_stack(list(columns.values()))
    lines = (
        json.dumps({"id": pair.id, **dict(zip(columns, map(float, values), strict=True)), **more}) + "\n"
        for pair, values, more in zip(pairs, table, tokens or [{}] * len(pairs), strict=True)
    )
    write_atomically(target, "".join(lines).encode())


def evaluate(scores: PairScores, pair_set: PairSet, config: RunConfig, target: Path | None) -> dict[str, Any]:
    """The figures of a file of pairs, with the counts of what was dropped; written as JSON if a target is given."""
    result = {**figures_of(scores, config), "dropped": dict(pair_set.dropped)}
    if target is not None:
        write_json(target, result)
    return result
