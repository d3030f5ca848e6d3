"""Decoding row by row gives the logits of one plain forward pass over the whole sequence, for every family."""

import random

import pytest
import torch
from torch import Tensor

from tests.training.engine import tiny
from training.generation.decoding import Decoder, PlainDecoder, RowDecoder, decoder_for
from training.language_models.families import FAMILIES


def plain_logits(model: torch.nn.Module, ids: list[int]) -> Tensor:
    """Logits of the token after a sequence, the slow way. [vocabulary]"""
    with torch.inference_mode():
        logits: Tensor = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1]
    return logits


def exercise(decoder: Decoder, oracle: torch.nn.Module, *, steps: int = 40) -> None:
    """Rows of different lengths come, grow and go; at every step every row must agree with the oracle."""
    chance = random.Random(5)
    sequences: list[list[int]] = []
    for _ in range(steps):
        if len(sequences) < 5 and chance.random() < 0.5:
            ids = [chance.randrange(256) for _ in range(chance.randint(1, 20))]
            prompt = decoder.prefill(ids)
            torch.testing.assert_close(prompt.logits, plain_logits(oracle, ids), atol=1e-4, rtol=0)
            for _ in range(chance.randint(1, 2)):  # a prompt may be shared
                decoder.add(prompt, len(ids) + 40)
                sequences.append(list(ids))
        if sequences and chance.random() < 0.3:
            row = chance.randrange(len(sequences))
            decoder.remove(row)
            sequences[row] = sequences[-1]
            sequences.pop()
        if not sequences:
            continue
        tokens = [chance.randrange(256) for _ in sequences]
        logits = decoder.step(tokens)
        for sequence, token, row_logits in zip(sequences, tokens, logits, strict=True):
            sequence.append(token)
            torch.testing.assert_close(row_logits, plain_logits(oracle, sequence), atol=1e-4, rtol=0)
    assert len(decoder) == len(sequences)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_rows_agree_with_a_plain_forward_pass(family: str) -> None:
    decoder = decoder_for(tiny.model(family).eval(), max_rows=8, max_tokens=4096)
    assert isinstance(decoder, RowDecoder)
    exercise(decoder, tiny.model(family).eval())


def test_a_sliding_window_is_left_to_transformers_own_cache() -> None:
    model, oracle = (tiny.model("mistral", sliding_window=8).eval() for _ in range(2))
    decoder = decoder_for(model, max_rows=8, max_tokens=4096)
    assert isinstance(decoder, PlainDecoder)
    exercise(decoder, oracle)


def test_an_unknown_family_is_left_to_transformers_own_cache() -> None:
    model, oracle = (tiny.model("gpt_neox").eval() for _ in range(2))
    decoder = decoder_for(model, max_rows=8, max_tokens=4096)
    assert isinstance(decoder, PlainDecoder)
    exercise(decoder, oracle, steps=15)


def test_memory_of_all_rows_together_is_bounded() -> None:
    decoder = RowDecoder(tiny.model().eval(), max_rows=100, max_tokens=600)
    prompt = decoder.prefill([1, 2, 3])
    assert decoder.has_room(10_000), "the first row always fits"
    decoder.add(prompt, 100)
    assert decoder.has_room(300)
    assert not decoder.has_room(301), "every row gets as much as the longest"
    while decoder.has_room(100):
        decoder.add(prompt, 100)
    assert len(decoder) == 6
    few = RowDecoder(tiny.model().eval(), max_rows=2, max_tokens=600)
    for _ in range(2):
        few.add(prompt, 10)
    assert not few.has_room(10)


def test_a_row_that_grows_beyond_the_first_block_keeps_its_past() -> None:
    oracle = tiny.model().eval()
    decoder = RowDecoder(tiny.model().eval(), max_rows=4, max_tokens=4096)
    first = [7, 8, 9]
    decoder.add(decoder.prefill(first), 10)
    decoder.step([11])
    decoder.add(decoder.prefill(list(range(150))), 250)  # more than one step of capacity: the block is made again
    logits = decoder.step([12, 13])
    torch.testing.assert_close(logits[0], plain_logits(oracle, [*first, 11, 12]), atol=1e-4, rtol=0)
    torch.testing.assert_close(logits[1], plain_logits(oracle, [*range(150), 13]), atol=1e-4, rtol=0)
