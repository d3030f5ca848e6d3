"""Scoring pairs without learning: the pass that makes reference log-probabilities, evaluations and ``score``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from training.engine.config import RunConfig
from training.engine.data.packing import PackedRow, PackedRows, pack_rows
from training.engine.data.records import TokenPair
from training.engine.errors import Diverged
from training.engine.loss_settings import LossSettings
from training.engine.losses import Pairs, loss_floors, pair_losses
from training.engine.measuring.metrics import Column, PairScores, summarise, weighted_mean, without_reference
from training.engine.model.parallel import ALONE, Ranks
from training.engine.model.policy import TrainedModel

ROWS_BETWEEN = 4  # of each process, between two exchanges of values
SideLogProbs = NDArray[np.float64]  # (pairs, 2): summed log-probability of chosen and rejected, in nats


class AfterRow(Protocol):
    """Called between the rows of a pass over pairs; may raise to stop it."""

    def __call__(self, scored: int, known: int = 0) -> None:
        """``scored`` pairs are done so far. ``known``: how many of those that came with this call needed no work."""


class Kept(Protocol):
    """Values of some pairs that outlive this pass over them."""

    @property
    def values(self) -> SideLogProbs:
        """(pairs, 2), NaN where a pair has none yet."""

    def known(self) -> NDArray[np.bool_]:
        """Which pairs have values, (pairs,)."""

    def add(self, places: Sequence[int], values: SideLogProbs) -> None:
        """Keep the values (n, 2) of the pairs at some places."""


def rows_by_length(
    pairs: Sequence[TokenPair], model: TrainedModel, config: RunConfig, ranks: Ranks = ALONE
) -> PackedRows:
    """All pairs in rows, for passes in which the order is free."""
    return rows_of(pairs, range(len(pairs)), model, config, ranks)


def rows_of(
    pairs: Sequence[TokenPair], indices: Sequence[int], model: TrainedModel, config: RunConfig, ranks: Ranks = ALONE
) -> PackedRows:
    """Some of the pairs in rows, as model and config want them; enough that no process or lane is without work."""
    return pack_rows(
        pairs,
        indices,
        tokens_per_row=config.tokens_per_row // model.lanes.count,
        share=model.shares_prefix(config),
        keep_last=model.keeps_last,
        at_once=ranks.size * model.lanes.count,
    )


def score_rows(
    model: TrainedModel,
    pairs: Sequence[TokenPair],
    rows: Iterable[PackedRow],
    after_row: AfterRow,
    ranks: Ranks = ALONE,
    kept: Kept | None = None,
) -> SideLogProbs:
    """The model's values of every pair in ``pairs``, (pairs, 2), each of which must lie in exactly one row.

    ``after_row`` is called after every row with the number of pairs scored so far; by several processes after some rows
    of each, by all of them the same number of times, so that it may agree on a stop. ``kept``: the values that are
    known already, whose rows are left out, and that new ones are added to. Raises Diverged, naming the pair, when a
    log-probability is not finite, and ValueError when a pair was in no row: no hole is ever returned.
    """
    result, covered = np.zeros((len(pairs), 2)), np.zeros(len(pairs))
    if kept is not None:
        known = kept.known()
        result[known], covered[known] = kept.values[known], 1
        rows = (row for row in rows if not known[list(row.pairs)].all())
        if known.any():
            after_row(int(known.sum()), known=int(known.sum()))

    def values_of(part: tuple[PackedRow, bool]) -> SideLogProbs:
        with torch.no_grad():
            values: SideLogProbs = model.side_values(part[0]).cpu().numpy().reshape(-1, 2)
        return values

    def done(places: Sequence[int], values: SideLogProbs) -> None:
        check_finite(values, [pairs[index] for index in places])
        result[places], covered[places] = values, 1
        if kept is not None:
            kept.add(places, values)
        after_row(int(covered.sum()))

    if ranks.size == 1:
        for (row, _), values in model.lanes.each(values_of, ((row, True) for row in rows)):
            done(list(row.pairs), values)
    else:
        for wave in _waves(_in_order(rows), ranks):
            places = [index for row in wave for index in row.pairs]
            found = np.full((len(pairs), 2), 0.0)
            for (row, counts), values in model.lanes.each(values_of, ranks.share(wave)):
                if counts:
                    found[list(row.pairs)] = values
            # In all processes alike: none waits for one that gave up, or that was asked to stop.
            done(places, ranks.add_up(found[places]))
    if not covered.all():
        raise ValueError(f"{int((covered == 0).sum())} pairs were in no row")
    return result


def _waves(rows: Sequence[PackedRow], ranks: Ranks) -> Iterator[Sequence[PackedRow]]:
    """The rows in parts of a few for each process, after which they exchange their values."""
    size = ROWS_BETWEEN * ranks.size
    for first in range(0, len(rows), size):
        yield rows[first : first + size]


def _in_order(rows: Iterable[PackedRow]) -> Sequence[PackedRow]:
    return rows if isinstance(rows, Sequence) else list(rows)


def check_finite(values: SideLogProbs, pairs: Sequence[TokenPair]) -> None:
    """Raise Diverged, naming the first pair with a log-probability that is not finite. Values: (pairs, 2)."""
    for pair, sides in zip(pairs, values, strict=True):
        if not np.isfinite(sides).all():
            side = "chosen" if not np.isfinite(sides[0]) else "rejected"
            raise Diverged(
                f"the log-probability of the {side} completion of pair {pair.id!r} (line {pair.line}) is not finite"
            )


def pair_scores(pairs: Sequence[TokenPair], policy: SideLogProbs, reference: SideLogProbs) -> PairScores:
    """The columns of some pairs and their log-probabilities (pairs, 2)."""
    return PairScores(
        policy_chosen=policy[:, 0],
        policy_rejected=policy[:, 1],
        reference_chosen=reference[:, 0],
        reference_rejected=reference[:, 1],
        chosen_tokens=np.array([len(pair.scored_ids[0]) for pair in pairs], dtype=np.float64),
        rejected_tokens=np.array([len(pair.scored_ids[1]) for pair in pairs], dtype=np.float64),
        confidence=np.array([pair.confidence for pair in pairs], dtype=np.float64),
        weight=np.array([pair.weight for pair in pairs], dtype=np.float64),
    )


def figures_of(scores: PairScores, config: RunConfig, *, has_reference: bool = True) -> dict[str, Any]:
    """The figures of some scored pairs under the config's loss; see ``summarise``, ``without_reference`` and
    ``loss_bounds``."""
    figures = summarise(scores, losses_of(scores, config.loss_settings), config.loss_settings)
    figures |= loss_bounds(scores, config.loss_settings)
    return figures if has_reference else without_reference(figures)


def loss_bounds(scores: PairScores, settings: LossSettings) -> dict[str, float]:
    """Two figures that a loss on soft labels is read against; both are weighted means, as the loss is.

    ``loss_floor``: the lowest loss that these labels allow (see ``loss_floors``), where it is known. ``hard_loss``: the
    loss if every label were certain, where some are not. Beyond the floor's margin the loss grows while ``hard_loss``
    still falls: the policy is surer than the labels.
    """
    figures: dict[str, float] = {}
    floors = loss_floors(torch.from_numpy(scores.confidence), settings)
    if floors is not None:
        figures["loss_floor"] = weighted_mean(floors.numpy(), scores)
    if (scores.confidence < 1.0).any():
        certain = replace(scores, confidence=np.ones_like(scores.confidence))
        figures["hard_loss"] = weighted_mean(losses_of(certain, settings), scores)
    return figures


def margin_lines(split: str, pairs: Sequence[TokenPair], scores: PairScores, settings: LossSettings) -> list[str]:
    """A JSON line per pair: the policy's margin and log-ratios, and the label's confidence."""
    columns = np.column_stack([scores.margins(settings), scores.chosen_log_ratio, scores.rejected_log_ratio])
    return [
        json.dumps(
            {
                "id": pair.id,
                "split": split,
                "margin": float(margin),
                "chosen_logratio": float(chosen),
                "rejected_logratio": float(rejected),
                "confidence": pair.confidence,
            }
        )
        + "\n"
        for pair, (margin, chosen, rejected) in zip(pairs, columns, strict=True)
    ]


def losses_of(scores: PairScores, settings: LossSettings) -> Column:
    """The loss of every pair, (pairs,)."""
    columns = Pairs(
        policy=torch.from_numpy(np.column_stack([scores.policy_chosen, scores.policy_rejected])),
        reference=torch.from_numpy(np.column_stack([scores.reference_chosen, scores.reference_rejected])),
        tokens=torch.from_numpy(np.column_stack([scores.chosen_tokens, scores.rejected_tokens])),
        confidence=torch.from_numpy(scores.confidence),
    )
    values: Column = pair_losses(columns, settings).numpy()
    return values
