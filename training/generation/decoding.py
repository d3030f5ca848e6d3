"""Next-token logits for many sequences at once: rows that come and go between steps.

`RowDecoder` keeps the keys and values of all rows in one block of memory, every row filled to its own length, and reads
them without the copies that transformers makes for grouped heads and padded batches. It needs plain softmax attention
over the whole past; `PlainDecoder` serves any other model, one row at a time, through transformers' own caches.
"""

import copy
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional
from transformers import AttentionInterface, DynamicCache, PreTrainedModel

from training.language_models.families import has_plain_attention

ATTENTION_NAME = "chosen_rows"
CAPACITY_STEP = 128  # tokens by which the rows' memory grows
LEAST_ROWS = 2  # a single row takes other kernels, which round differently
WIDTH_STEP = 32  # the past is read in such steps: sums over it keep their order, whatever the longest row


@dataclass(frozen=True, slots=True)
class Prefilled:
    """A prompt that the model has read; any number of rows may start from it."""

    logits: Tensor
    """[vocabulary] float: for the token after the prompt."""
    length: int
    past: Any
    """The decoder's memory of it: keys and values, or a cache."""


class Decoder(Protocol):
    """Rows of growing sequences. Row numbers are 0 .. len - 1; `remove` moves the last row into the gap."""

    def __len__(self) -> int:
        """How many rows there are."""
        ...

    def prefill(self, prompt_ids: list[int]) -> Prefilled:
        """Reads a prompt."""
        ...

    def has_room(self, tokens: int) -> bool:
        """Whether a row that grows to `tokens` tokens fits in memory beside the others. The first one always does."""
        ...

    def add(self, prompt: Prefilled, tokens: int) -> None:
        """Adds a last row that starts after a prompt and grows to at most `tokens` tokens."""
        ...

    def remove(self, row: int) -> None:
        """Removes a row."""
        ...

    def step(self, tokens: list[int]) -> Tensor:
        """Appends one token to every row; returns the logits of the next, [rows, vocabulary]."""
        ...


def decoder_for(model: PreTrainedModel, *, max_rows: int, max_tokens: int) -> Decoder:
    """The fastest decoder that is right for a model; all rows together may hold `max_tokens` tokens."""
    if has_plain_attention(model.config):
        return RowDecoder(model, max_rows=max_rows, max_tokens=max_tokens)
    return PlainDecoder(model, max_rows=max_rows)


def _attend(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    row_bias: Tensor | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Attention for transformers' `AttentionInterface`: a whole prompt, or one new token per row.

    `query` [rows, heads, new, width]; `value` [rows, kv heads, past + new, width]. For a prompt `key` is like `value`;
    when decoding it is [rows, kv heads, width, past + new], as `RowDecoder` keeps it, and `row_bias` float
    [rows, 1, 1, past + new] holds -inf where a row has nothing. Returns [rows, new, heads, width].
    """
    rows, heads, new, width = query.shape
    groups = heads // value.shape[1]  # query heads per key head
    if row_bias is None:
        key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
        out = functional.scaled_dot_product_attention(query, key, value, is_causal=True, scale=scaling)
    else:
        # The heads that share a key head take the place of query positions: no copy of the past per head.
        grouped = query.reshape(rows, -1, groups, width) * (width**-0.5 if scaling is None else scaling)
        weights = (torch.matmul(grouped, key) + row_bias).softmax(-1)  # [rows, kv heads, groups, past + new]
        out = torch.matmul(weights.to(value.dtype), value).reshape(rows, heads, new, width)
    return out.transpose(1, 2).contiguous(), None


AttentionInterface.register(ATTENTION_NAME, _attend)  # no mask has that name: `attention_mask` is None


class RowDecoder:
    """All rows in two blocks of memory, for all layers: keys and values.

    Keys [layers, rows, kv heads, width, capacity], values [layers, rows, kv heads, capacity, width]. Keys lie the way
    the product with the queries reads them: half the time of torch's fused attention in bfloat16, the same in float32
    (measured at 32 rows with a past of 250).
    """

    def __init__(self, model: PreTrainedModel, *, max_rows: int, max_tokens: int) -> None:
        self._model, self._max_rows, self._max_tokens = model, max_rows, max_tokens
        model.set_attn_implementation(ATTENTION_NAME)
        self._keys = self._values = torch.empty(0, 0, 0, 0, 0)
        self._lengths: list[int] = []
        self._limits: list[int] = []

    def __len__(self) -> int:
        return len(self._lengths)

    def prefill(self, prompt_ids: list[int]) -> Prefilled:
        """Reads a prompt, alone and unpadded: the result depends on nothing else."""
        cache = DynamicCache()
        with torch.inference_mode():
            out = self._model(torch.tensor([prompt_ids]), past_key_values=cache, use_cache=True, logits_to_keep=1)
            layers: list[Any] = list(cache.layers)
            keys = torch.stack([layer.keys[0].transpose(1, 2) for layer in layers])
            values = torch.stack([layer.values[0] for layer in layers])
        return Prefilled(out.logits[0, -1], len(prompt_ids), (keys, values))

    def has_room(self, tokens: int) -> bool:
        """Every row gets as much memory as the longest one may need."""
        longest = max([tokens, *self._limits])
        return not self._lengths or (len(self) < self._max_rows and (len(self) + 1) * longest <= self._max_tokens)

    def add(self, prompt: Prefilled, tokens: int) -> None:
        """Copies the prompt's keys and values; the blocks grow where they must."""
        row, (keys, values) = len(self), prompt.past
        self._reserve(values, row + 1, max([tokens, *self._limits]))
        self._keys[:, row, :, :, : prompt.length] = keys
        self._values[:, row, :, : prompt.length] = values
        self._lengths.append(prompt.length)
        self._limits.append(tokens)

    def _reserve(self, like: Tensor, rows: int, tokens: int) -> None:
        """Makes room for `rows` rows of `tokens` tokens; present ones are kept. `like` gives the other sizes.

        Zeros, because a masked position is still multiplied by 0, and fresh memory may hold NaN.
        """
        capacity = self._values.shape[3]
        if self._values.shape[1] >= rows and capacity >= tokens:
            return
        capacity = max(-(-tokens // CAPACITY_STEP) * CAPACITY_STEP, capacity)
        wanted = max(rows, LEAST_ROWS, min(self._max_rows, 2 * rows, self._max_tokens // capacity))
        layers, heads, _, width = like.shape
        keys = torch.zeros(layers, wanted, heads, width, capacity, dtype=like.dtype)
        values = torch.zeros(layers, wanted, heads, capacity, width, dtype=like.dtype)
        if self._lengths:
            count, longest = len(self), max(self._lengths)
            keys[:, :count, :, :, :longest] = self._keys[:, :count, :, :, :longest]
            values[:, :count, :, :longest] = self._values[:, :count, :, :longest]
        self._keys, self._values = keys, values

    def remove(self, row: int) -> None:
        """The last row takes the place of the removed one."""
        last = len(self) - 1
        if row != last:
            length = self._lengths[last]
            self._keys[:, row, :, :, :length] = self._keys[:, last, :, :, :length]
            self._values[:, row, :, :length] = self._values[:, last, :, :length]
        for numbers in (self._lengths, self._limits):
            numbers[row] = numbers[last]
            numbers.pop()

    def step(self, tokens: list[int]) -> Tensor:
        """One forward pass over all rows, at least LEAST_ROWS."""
        idle = max(0, LEAST_ROWS - len(self))
        lengths = torch.tensor([*self._lengths, *[0] * idle])
        width = min(-(-(max(self._lengths) + 1) // WIDTH_STEP) * WIDTH_STEP, self._values.shape[3])
        bias = torch.zeros(len(lengths), width).masked_fill_(torch.arange(width)[None] > lengths[:, None], -torch.inf)
        with torch.inference_mode():
            out = self._model(
                torch.tensor([*tokens, *[0] * idle])[:, None],
                position_ids=lengths[:, None],
                past_key_values=_Rows(self._keys, self._values, lengths, width),
                use_cache=True,
                row_bias=bias[:, None, None],
            )
        self._lengths = [length + 1 for length in self._lengths]
        logits: Tensor = out.logits[: len(self), -1]
        return logits


class _Rows:
    """The blocks as the model sees them during a step: a cache that stores each row's token at the row's own length."""

    def __init__(self, keys: Tensor, values: Tensor, lengths: Tensor, width: int) -> None:
        self._keys, self._values, self._lengths, self._width = keys, values, lengths, width
        self._rows = torch.arange(len(lengths))

    def update(self, key: Tensor, value: Tensor, layer_idx: int, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """`key`, `value` [rows, kv heads, 1, width] -> the past with them, as `_attend` expects it."""
        keys, values, count = self._keys[layer_idx], self._values[layer_idx], len(self._rows)
        keys[self._rows, :, :, self._lengths] = key[:, :, 0]
        values[self._rows, :, self._lengths] = value[:, :, 0]
        return keys[:count, :, :, : self._width], values[:count, :, : self._width]

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Read by models that get no position ids; a step passes them."""
        return int(self._lengths.max())


class PlainDecoder:
    """One row after the other through transformers' own cache: right for every model, and slow."""

    def __init__(self, model: PreTrainedModel, *, max_rows: int) -> None:
        self._model, self._max_rows = model, max_rows
        self._caches: list[DynamicCache] = []

    def __len__(self) -> int:
        return len(self._caches)

    def prefill(self, prompt_ids: list[int]) -> Prefilled:
        """Reads a prompt."""
        cache = DynamicCache(config=self._model.config)
        with torch.inference_mode():
            out = self._model(torch.tensor([prompt_ids]), past_key_values=cache, use_cache=True, logits_to_keep=1)
        return Prefilled(out.logits[0, -1], len(prompt_ids), out.past_key_values)

    def has_room(self, tokens: int) -> bool:
        """Rows share nothing, so only their number counts."""
        return len(self) < self._max_rows

    def add(self, prompt: Prefilled, tokens: int) -> None:
        """A copy of the prompt's cache, because the next step changes it."""
        self._caches.append(copy.deepcopy(prompt.past))

    def remove(self, row: int) -> None:
        """The last row takes the place of the removed one."""
        self._caches[row] = self._caches[-1]
        self._caches.pop()

    def step(self, tokens: list[int]) -> Tensor:
        """As many forward passes as rows."""
        with torch.inference_mode():
            outs = [
                self._model(torch.tensor([[token]]), past_key_values=cache, use_cache=True).logits[0, -1]
                for token, cache in zip(tokens, self._caches, strict=True)
            ]
        return torch.stack(outs)
