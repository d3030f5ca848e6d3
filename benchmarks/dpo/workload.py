"""The pairs that every trainer gets, as token ids, and the least number of operations they take."""

import gzip
import itertools
import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.engine.data.packing import pair_tokens
from training.engine.data.records import TokenPair
from training.engine.data.text import TextEncoder

HH = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "hh-harmless-dev.jsonl.gz"


class NoData(RuntimeError):
    """The workload's file is missing; the message says how to get it."""


@dataclass(frozen=True)
class Workload:
    """Pairs to learn from, and their name."""

    name: str
    pairs: list[TokenPair]

    @property
    def scored(self) -> int:
        """Completion tokens of all pairs."""
        return sum(len(pair.chosen_ids) + len(pair.rejected_ids) for pair in self.pairs)

    @property
    def tokens(self) -> int:
        """Tokens that must go through the model if a pair's common beginning goes through once."""
        return sum(pair_tokens(pair, share=True) for pair in self.pairs)


def workload(name: str, count: int, model: Path, *, longest: int = 1024, seed: int = 0) -> Workload:
    """`hh`: pairs of Anthropic HH drawn at random from those of at most ``longest`` tokens in prompt and longer side;
    `hh-like`: random tokens, with lengths about as there; `200/200/200`: random tokens, so many for prompt, chosen and
    rejected. Raises NoData."""
    encoder = TextEncoder.from_directory(model)
    if name == "hh":
        return Workload(name, _hh(count, encoder, longest, seed))
    chance, lowest = random.Random(seed), min(1000, encoder.vocabulary_size // 2)  # above control tokens

    def text(length: int) -> tuple[int, ...]:
        return tuple(chance.randrange(lowest, encoder.vocabulary_size) for _ in range(length))

    def drawn(middle: int, most: int) -> int:
        return max(4, min(most, round(chance.lognormvariate(math.log(middle), 0.8))))

    if name == "hh-like":
        lengths = [(drawn(110, 512), drawn(55, 512), drawn(55, 512)) for _ in range(count)]
        return Workload(name, [_pair(number, *map(text, each)) for number, each in enumerate(lengths)])
    prompt, chosen, rejected = map(int, name.split("/"))
    pairs = [_pair(number, text(prompt), text(chosen), text(rejected)) for number in range(count)]
    return Workload(name, pairs)


def _hh(count: int, encoder: TextEncoder, longest: int, seed: int) -> list[TokenPair]:
    if not HH.exists():
        raise NoData("The preferences of Anthropic HH are not beside this checkout; choose lengths: 200/200/200.")
    from labeling.exchange import ImportedComparison, read_comparisons

    with gzip.open(HH) as stream:
        found = [one for one in read_comparisons(stream) if isinstance(one, ImportedComparison)]
    random.Random(seed).shuffle(found)
    pairs = (
        _pair(
            number,
            encoder.encode_prompt([{**message} for message in one.prompt]),
            *(encoder.encode_completion(side.text, ended=True) for side in (one.first, one.second)),
        )
        for number, one in enumerate(found)
    )
    return list(itertools.islice((pair for pair in pairs if pair.length <= longest), count))


def _pair(number: int, prompt: tuple[int, ...], chosen: tuple[int, ...], rejected: tuple[int, ...]) -> TokenPair:
    return TokenPair(id=str(number), line=number, prompt_ids=prompt, chosen_ids=chosen, rejected_ids=rejected)


def least_operations(load: Workload, config: Any) -> float:
    """Floating-point operations of a step over these pairs with LoRA and a reference that is known: 2 per weight and
    token forward, 2 backward (by the activations; the weights are frozen), the head on scored tokens only. Attention's
    own products and the adapter's are left out: a floor."""
    size, layers, inner = config.hidden_size, config.num_hidden_layers, config.intermediate_size
    key_size = size // config.num_attention_heads * config.num_key_value_heads
    body = layers * (2 * size * size + 2 * size * key_size + 3 * size * inner)
    return float(4 * (body * load.tokens + size * config.vocab_size * load.scored))
