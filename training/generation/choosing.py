"""Choosing the next token of each row: temperature, top_k, top_p, then one uniform draw per row.

The order is that of transformers and vLLM: logits are divided by the temperature, then the top_k likeliest kept, then
of those the likeliest that together reach top_p. A token is drawn by inverting the cumulative distribution in
vocabulary order: one random number per token instead of one per vocabulary entry, and rounding noise in the logits
changes the choice only where the draw falls within that noise of a border.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from training.generation.contract import SamplingSettings

BLOCK = 256  # the vocabulary is looked at in blocks of this size before single tokens
LIKELY = 1e-3  # top_p is first looked for among tokens this likely relative to the likeliest


def choose_tokens(
    logits: Tensor, settings: Sequence[SamplingSettings], draws: Sequence[float]
) -> tuple[list[int], list[float]]:
    """The next token of every row, and its natural log-probability under the model itself.

    `logits` [rows, vocabulary] in float32 or float64; `draws` one number in [0, 1) per row. The log-probability is that
    of the logits as they are: temperature 1, nothing cut off. Rows are independent of each other.
    """
    temperatures = torch.tensor([one.temperature for one in settings], dtype=logits.dtype)
    uniform = torch.tensor(draws, dtype=torch.float64)
    model = logits.softmax(-1)
    chosen = torch.zeros(len(logits), dtype=torch.long)
    greedy = [row for row, one in enumerate(settings) if one.temperature == 0]
    if greedy:
        chosen[greedy] = _rows(logits, greedy).argmax(-1)
    if len(greedy) < len(settings):
        as_is = torch.where(temperatures == 0, 1.0, temperatures)
        tempered = model if bool((as_is == 1).all()) else (logits / as_is[:, None]).softmax(-1)
        free = [row for row, one in enumerate(settings) if one.temperature > 0 and not _restricts(one)]
        if free:
            chosen[free] = invert_cumulative(_rows(tempered, free), uniform[free])
        held = [row for row, one in enumerate(settings) if one.temperature > 0 and _restricts(one)]
        if held:
            chosen[held] = _draw_restricted(_rows(tempered, held), [settings[row] for row in held], uniform[held])
    return chosen.tolist(), _logprobs(logits, model, chosen).tolist()


def _rows(values: Tensor, rows: list[int]) -> Tensor:
    """Some rows; without a copy if it is all of them."""
    return values if len(rows) == len(values) else values[rows]


def _restricts(settings: SamplingSettings) -> bool:
    return settings.top_k > 0 or settings.top_p < 1


def _logprobs(logits: Tensor, model: Tensor, chosen: Tensor) -> Tensor:
    """log softmax at the chosen tokens, from the softmax at hand. [rows, vocabulary] twice, [rows] -> [rows]"""
    return logits.gather(-1, chosen[:, None])[:, 0] - logits.amax(-1) + model.amax(-1).log()


def _draw_restricted(
    probabilities: Tensor, settings: Sequence[SamplingSettings], draws: Tensor, *, likely: float = LIKELY
) -> Tensor:
    """Draws tokens under top_k and top_p. [rows, vocabulary], [rows] -> int64 [rows]

    Only candidates are sorted, some hundreds instead of the vocabulary: 1.6 ms a row otherwise. Where those as likely
    as `likely` do not reach top_p, the distribution is flat, and the row is done again with all tokens.
    """
    vocabulary = probabilities.shape[1]
    counts = torch.tensor([min(one.top_k or vocabulary, vocabulary) for one in settings])
    shares = torch.tensor([one.top_p for one in settings], dtype=torch.float64)
    blocks = _in_blocks(probabilities)
    peaks = blocks.amax(-1)
    cut = counts < vocabulary
    values, tokens = _candidates(blocks, peaks, torch.where(cut, _top_k_floor(peaks, counts), likely * peaks.amax(-1)))
    # top_p is a share of what top_k keeps; without top_k, of everything, be it a candidate or not.
    border, reached = _border(values, counts, shares, torch.where(cut, torch.inf, probabilities.sum(-1)))
    index, _ = _first_above(values.masked_fill_(values < border[:, None], 0.0).double(), draws)
    chosen = tokens.gather(-1, index[:, None])[:, 0]
    flat = (~(reached | cut | (likely == 0.0))).nonzero()[:, 0]
    if len(flat):
        some = [settings[row] for row in flat.tolist()]
        chosen[flat] = _draw_restricted(probabilities[flat], some, draws[flat], likely=0.0)
    return chosen


def _border(values: Tensor, counts: Tensor, shares: Tensor, total: Tensor) -> tuple[Tensor, Tensor]:
    """The least value to keep in each row, and whether top_p was reached; entries equal to it are kept too.

    `values` [rows, candidates]; `counts`, `shares`, `total` [rows]: top_k, top_p, and the whole of which top_p is a
    share, inf for the sum of the `counts` largest. Returns [rows], bool [rows].
    """
    ordered = values.sort(-1, descending=True).values
    ordered.masked_fill_(torch.arange(ordered.shape[1]) >= counts[:, None], 0.0)
    running = ordered.cumsum(-1, dtype=torch.float64)
    mass = shares * torch.where(total.isinf(), running[:, -1], total.double())
    enough = (running >= mass[:, None]) & (shares < 1)[:, None]
    reached = enough.any(-1)
    last = torch.where(reached, enough.int().argmax(-1), (ordered > 0).sum(-1) - 1)
    return ordered.gather(-1, last[:, None])[:, 0], reached


def _top_k_floor(peaks: Tensor, counts: Tensor) -> Tensor:
    """A value that at least `counts` entries of each row reach, usually few more. [rows, blocks], [rows] -> [rows]"""
    ordered = peaks.sort(-1, descending=True).values
    floor = ordered.gather(-1, (counts[:, None] - 1).clamp(max=peaks.shape[1] - 1))[:, 0]
    return torch.where(counts <= peaks.shape[1], floor, 0.0)


def _candidates(blocks: Tensor, peaks: Tensor, floor: Tensor) -> tuple[Tensor, Tensor]:
    """The entries of each row that reach its floor, and their positions, in their order; filled up with 0.

    `blocks` [rows, blocks, BLOCK], `peaks` the largest of each block, `floor` [rows] -> twice [rows, most of a row].
    """
    rows, numbers = (peaks >= floor[:, None]).nonzero(as_tuple=True)
    inside = blocks[rows, numbers]
    block, within = (inside >= floor[rows, None]).nonzero(as_tuple=True)
    row = rows[block]
    counts = row.bincount(minlength=len(blocks))
    place = torch.arange(len(row)) - (counts.cumsum(0) - counts)[row]
    values = torch.zeros(len(blocks), int(counts.max()), dtype=blocks.dtype)
    positions = torch.zeros(values.shape, dtype=torch.long)
    values[row, place] = inside[block, within]
    positions[row, place] = numbers[block] * BLOCK + within
    return values, positions


def _in_blocks(values: Tensor) -> Tensor:
    """[rows, vocabulary] -> [rows, blocks, BLOCK], filled up with 0."""
    missing = -values.shape[1] % BLOCK
    return (functional.pad(values, (0, missing)) if missing else values).view(len(values), -1, BLOCK)


def invert_cumulative(weights: Tensor, draws: Tensor) -> Tensor:
    """For each row the first index where the running sum exceeds draw * total; never one of weight 0.

    `weights` [rows, vocabulary] with a positive total; `draws` [rows] float64 in [0, 1). Returns int64 [rows].
    """
    blocks = _in_blocks(weights)
    block, within = _first_above(blocks.sum(-1).double(), draws)
    inside = blocks[torch.arange(len(blocks)), block].double()
    index, _ = _first_above(inside, within)
    return block * BLOCK + index


def _first_above(weights: Tensor, fractions: Tensor) -> tuple[Tensor, Tensor]:
    """Where the running sum first exceeds fraction * total, and how far into that weight the point lies, in [0, 1)."""
    running = weights.cumsum(-1)
    target = fractions * running[:, -1]
    # Rounding may lift the target to the total itself; the last positive weight is then the answer.
    last = (weights > 0).int().cumsum(-1).argmax(-1)
    index = torch.minimum((running <= target[:, None]).sum(-1), last)[:, None]
    weight = weights.gather(-1, index)[:, 0]
    into = (target - (running.gather(-1, index)[:, 0] - weight)) / weight
    return index[:, 0], into.clamp(0.0, 1.0 - 2.0**-53)
