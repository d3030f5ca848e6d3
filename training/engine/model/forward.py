"""The forward pass of a row: all sequences at once where the architecture allows it, else one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Protocol

import torch
from torch import Tensor

from training.engine.data.packing import PackedRow
from training.engine.errors import InputError
from training.engine.model import attention
from training.engine.model.head import Head
from training.engine.model.layers import replace_parts
from training.engine.model.varlen import usable_key_heads

VARLEN = "varlen"
FURTHEST_WITHOUT_FUTURE = 1e-4  # of the largest logit: rounding


class Forward(Protocol):
    """One forward pass over a row that is prepared."""

    packs: bool
    """Whether the sequences of a row are computed together and may share a prefix."""
    trims: bool
    """Whether the last layer's feed-forward part sees the scored places alone."""
    attention: str
    """The name of the attention path: two paths may differ in the last bits."""

    def prepare(self, row: PackedRow) -> PackedRow:
        """The row on the model's device, with its layout, which takes the host alone. Made beforehand, in another
        thread, neither waits for the other. A row that is prepared stays as it is."""

    def hidden_states(self, row: PackedRow, places: Tensor) -> Tensor:
        """The last hidden states at some places (N,) of a row, (N, d) in the master precision."""

    def token_log_probs(self, row: PackedRow) -> Tensor:
        """Log-probability of every scored token, in nats: (N,), fp32 or fp64, in the order of the row's labels."""

    def vocabulary_log_probs(self, row: PackedRow) -> Callable[[slice], Tensor]:
        """A function from a part of the row's N scored places to the log-probabilities of all tokens there, (n, V) in
        the master precision. Without gradient."""


class PackedForward:
    """All sequences of a row in one pass, through our attention and head."""

    packs = True

    def __init__(self, model: Any, head: Head) -> None:
        """Replaces parts of the layers. ``model``: a model with plain attention, whose ``head`` exists already."""
        self.model, self.head = model, head
        attention.register()
        self.trims = replace_parts(model, dtype=head.dtype)
        self.repeats = model.config.num_attention_heads // model.config.num_key_value_heads
        model.set_attn_implementation(attention.NAME)
        self.varlen = usable_key_heads(model.config, head.dtype, head.device)
        self.attention = attention.NAME if self.varlen is None else VARLEN

    def prepare(self, row: PackedRow) -> PackedRow:
        """The layout is the attention's plan."""
        if row.layout is not None:
            return row
        plan = attention.plan_attention(
            row, repeats=self.repeats, dtype=self.head.dtype, device=self.head.device, varlen=self.varlen
        )
        return replace(row.to(self.head.device), layout=plan)

    def hidden_states(self, row: PackedRow, places: Tensor) -> Tensor:
        """Where it can, the last layer computes its feed-forward part at ``places`` only."""
        states: Tensor = self.model.base_model(
            input_ids=row.input_ids.unsqueeze(0),  # (1, T)
            position_ids=row.position_ids.unsqueeze(0),
            use_cache=False,
            attention_plan=row.layout,
            scored=places if self.trims else None,
        ).last_hidden_state[0]
        return states if self.trims else states.index_select(0, places)

    def token_log_probs(self, row: PackedRow) -> Tensor:
        """The head runs on the scored places alone."""
        return self.head.token_log_probs(self.hidden_states(row, row.places), row.targets)

    @torch.no_grad()
    def vocabulary_log_probs(self, row: PackedRow) -> Callable[[slice], Tensor]:
        """One pass; the head runs on a part when the function is called."""
        hidden = self.hidden_states(row, row.places)
        return lambda part: self.head.vocabulary_log_probs(hidden[part])


@torch.no_grad()
def check_sees_the_past_alone(model: Any, device: torch.device) -> None:
    """Raises InputError for a model in which a token changes what is predicted before it, as in BERT and XLNet: its
    log-probabilities are no probabilities of a text. ``model``: in evaluation mode."""
    vocabulary = model.config.get_text_config().vocab_size
    ids = torch.arange(3, 11, device=device).unsqueeze(0) % vocabulary  # (1, 8)
    other = ids.clone()
    other[0, -1] = (ids[0, -1] + 1) % vocabulary
    before, after = (model(input_ids=each, use_cache=False).logits[0, :-1] for each in (ids, other))  # (7, V)
    if float((before - after).abs().max()) > FURTHEST_WITHOUT_FUTURE * float(before.abs().max()):
        raise InputError(
            f"a {model.config.model_type} sees a text's later words when it predicts the earlier ones: only causal "
            "language models can be trained here"
        )


class SequentialForward:
    """Every sequence of a row (packed without sharing) by itself, through the model's own attention and head."""

    packs = False
    trims = False
    attention = "alone"
    caches: bool | None = None
    """Whether the model's own cache and padding leave its numbers as they are; None: nobody has asked yet."""

    def __init__(self, model: Any, head: Head) -> None:
        self.model, self.master, self.device = model, head.master, head.device

    def prepare(self, row: PackedRow) -> PackedRow:
        """The layout is how many places are scored of each sequence; they lie in the row one sequence after the
        other."""
        if row.layout is not None:
            return row
        counts = torch.bincount(row.sides, minlength=len(row.segments)).tolist()
        return replace(row.to(self.device), layout=counts)

    def hidden_states(self, row: PackedRow, places: Tensor) -> Tensor:
        """One pass per sequence."""
        parts = [
            self.model.base_model(
                input_ids=row.input_ids[each.start : each.stop].unsqueeze(0), use_cache=False
            ).last_hidden_state[0]
            for each in row.segments
        ]
        return torch.cat(parts).index_select(0, places)

    def token_log_probs(self, row: PackedRow) -> Tensor:
        """One pass per sequence."""
        parts = [torch.log_softmax(logits, dim=-1).gather(1, targets[:, None]) for logits, targets in self._logits(row)]
        return torch.cat(parts).squeeze(1)

    @torch.no_grad()
    def vocabulary_log_probs(self, row: PackedRow) -> Callable[[slice], Tensor]:
        """One pass per sequence; all logits are kept."""
        logits = torch.cat([logits for logits, _ in self._logits(row)])
        return lambda part: torch.log_softmax(logits[part], dim=-1)

    def _logits(self, row: PackedRow) -> Iterator[tuple[Tensor, Tensor]]:
        """Of every sequence the logits (n, V) at its scored places, in the master precision, and the targets (n,)."""
        parts = zip(row.segments, row.places.split(row.layout), row.targets.split(row.layout), strict=True)
        for segment, places, targets in parts:
            input_ids = row.input_ids[segment.start : segment.stop].unsqueeze(0)
            kept = places - segment.start
            logits = self.model(input_ids=input_ids, use_cache=False, logits_to_keep=kept).logits[0]
            yield logits.to(self.master), targets
