"""``score --tokens``: where in a completion its reward comes from, token by token."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.engine.config import RunConfig
from training.engine.data.packing import PackedRow
from training.engine.data.records import PairSet, TokenPair
from training.engine.data.text import TextEncoder
from training.engine.events import StopRequest
from training.engine.measuring.evaluation import open_policy, read_all, with_adapter
from training.engine.measuring.metrics import Column, PairScores
from training.engine.measuring.scoring import check_finite, pair_scores, rows_by_length
from training.engine.model.policy import Policy

Sides = tuple[Column, Column]  # log-probabilities of the chosen and of the rejected completion's tokens, in nats


def score_tokens(
    model: Path,
    adapter: Path | None,
    reference_adapter: Path | None,
    data: Path,
    config: RunConfig,
    *,
    stop: StopRequest,
) -> tuple[PairSet, PairScores, list[dict[str, Any]]]:
    """As ``score``; and for every pair ``chosen_tokens`` and ``rejected_tokens``, lists of [text, log-probability under
    the policy, the same under the reference]. The texts of a side put together are its text, end of sequence included;
    of several turns, the assistant's.
    """
    pair_set = read_all(model, data, config)
    stop.check()
    policy = open_policy(model, adapter, reference_adapter, config)
    with with_adapter(policy, adapter):
        of_policy = token_values(policy, pair_set.pairs, config, stop)
    with with_adapter(policy, reference_adapter):
        of_reference = token_values(policy, pair_set.pairs, config, stop)
    encoder = TextEncoder.from_directory(model)
    tokens = [
        {
            "chosen_tokens": _tokens(encoder, pair.scored_ids[0], policy_sides[0], reference_sides[0]),
            "rejected_tokens": _tokens(encoder, pair.scored_ids[1], policy_sides[1], reference_sides[1]),
        }
        for pair, policy_sides, reference_sides in zip(pair_set.pairs, of_policy, of_reference, strict=True)
    ]
    return pair_set, pair_scores(pair_set.pairs, _sums(of_policy), _sums(of_reference)), tokens


def token_values(policy: Policy, pairs: Sequence[TokenPair], config: RunConfig, stop: StopRequest) -> list[Sides]:
    """The log-probability of every token of both sides of every pair. Raises Diverged where one is not finite."""
    result: dict[int, Sides] = {}

    def values_of(row: PackedRow) -> Column:
        with torch.no_grad():
            values: Column = policy.token_log_probs(row).double().cpu().numpy()
        return values

    for row, values in policy.lanes.each(values_of, rows_by_length(pairs, policy, config)):
        stop.check()
        sides = row.sides.numpy()
        for number, index in enumerate(row.pairs):
            result[index] = values[sides == 2 * number], values[sides == 2 * number + 1]
    ordered = [result[index] for index in range(len(pairs))]
    check_finite(_sums(ordered), list(pairs))
    return ordered


def _sums(values: Sequence[Sides]) -> Column:
    """The log-probabilities of whole completions, (pairs, 2)."""
    return np.array([[side.sum() for side in sides] for sides in values])


def _tokens(encoder: TextEncoder, ids: Sequence[int], policy: Column, reference: Column) -> list[list[Any]]:
    """A list per token: [text, log-probability under the policy, under the reference]."""
    rows = zip(encoder.pieces(ids), policy, reference, strict=True)
    return [[text, float(of_policy), float(of_reference)] for text, of_policy, of_reference in rows]
