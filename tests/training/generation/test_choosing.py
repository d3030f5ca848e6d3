"""The next token follows exactly the distribution that temperature, top_k and top_p define."""

import math
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from training.generation import SamplingSettings
from training.generation.choosing import choose_tokens, invert_cumulative

NEARLY_ONE = 1.0 - 2.0**-53
CUTS = [(0, 0.9, 0.7), (50, 1.0, 0.7), (50, 0.9, 1.0), (300, 0.97, 1.0), (0, 0.5, 8.0), (1, 1.0, 1.0), (7, 0.3, 2.0)]


def peaked_logits(rows: int, vocabulary: int, *, seed: int = 0) -> Tensor:
    """A few likely tokens over a long tail, as a language model gives them."""
    generator = torch.Generator().manual_seed(seed)
    logits = 2.2 * torch.randn(rows, vocabulary, generator=generator)
    likely = min(40, vocabulary)
    logits[:, :likely] += 8 * torch.rand(rows, likely, generator=generator)
    return logits


def distribution(logits: Tensor, settings: SamplingSettings) -> Tensor:
    """The distribution to draw from, by the definition: sort, cut, scale up. float64 [rows, vocabulary]"""
    probabilities = (logits.double() / settings.temperature).softmax(-1)
    ordered, places = probabilities.sort(-1, descending=True)
    kept = torch.ones_like(ordered, dtype=torch.bool)
    if settings.top_k:
        kept[:, settings.top_k :] = False
    ordered = ordered * kept
    ordered /= ordered.sum(-1, keepdim=True)
    kept &= ordered.cumsum(-1) - ordered < settings.top_p
    ordered = ordered * kept
    return torch.zeros_like(ordered).scatter_(1, places, ordered / ordered.sum(-1, keepdim=True))


@pytest.mark.parametrize("vocabulary", [49152, 1000, 50])
@pytest.mark.parametrize(("top_k", "top_p", "temperature"), CUTS)
def test_every_draw_gives_the_token_that_the_definition_gives(
    vocabulary: int, top_k: int, top_p: float, temperature: float
) -> None:
    settings = SamplingSettings(temperature=temperature, top_k=top_k, top_p=top_p)
    logits = peaked_logits(4, vocabulary)
    cumulative = distribution(logits, settings).cumsum(-1)
    for draws in torch.rand(25, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1)):
        tokens, logprobs = choose_tokens(logits, [settings] * 4, draws.tolist())
        assert tokens == (cumulative <= draws[:, None]).sum(-1).tolist()
        expected = logits.double().log_softmax(-1).gather(1, torch.tensor(tokens)[:, None])[:, 0]
        torch.testing.assert_close(torch.tensor(logprobs).double(), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    "settings",
    [
        SamplingSettings(temperature=0.8, top_p=1.0),
        SamplingSettings(temperature=1.3, top_p=1.0, top_k=5),
        SamplingSettings(temperature=1.0, top_p=0.7),
        SamplingSettings(temperature=1.5, top_p=0.9, top_k=8),
    ],
    ids=str,
)
def test_frequencies_of_many_draws_fit_the_distribution(settings: SamplingSettings) -> None:
    logits = 1.5 * torch.randn(1, 12, generator=torch.Generator().manual_seed(3))
    expected = distribution(logits, settings)[0]
    count = 20_000
    draws = torch.rand(count, dtype=torch.float64, generator=torch.Generator().manual_seed(4)).tolist()
    tokens, _ = choose_tokens(logits.expand(count, -1).contiguous(), [settings] * count, draws)
    seen = Counter(tokens)
    assert set(seen) == set(expected.nonzero()[:, 0].tolist()), "every token kept is drawn, and no other"
    chi_square = sum((seen[token] - count * p) ** 2 / (count * p) for token, p in enumerate(expected.tolist()) if p > 0)
    degrees = len(seen) - 1
    assert chi_square < degrees + 4 * math.sqrt(2 * degrees) + 4, "far beyond what chance does"


def test_rows_with_different_settings_do_not_disturb_each_other() -> None:
    kinds = [
        SamplingSettings(temperature=0.0),
        SamplingSettings(temperature=0.7, top_p=0.9),
        SamplingSettings(temperature=1.0, top_p=1.0),
        SamplingSettings(temperature=2.0, top_p=1.0, top_k=3),
        SamplingSettings(temperature=9.0, top_p=0.99),
    ]
    logits, draws = peaked_logits(5, 700), [0.1, 0.9, 0.5, 0.7, 0.3]
    together = choose_tokens(logits, kinds, draws)
    alone = [choose_tokens(logits[row : row + 1], [kinds[row]], [draws[row]]) for row in range(5)]
    assert together == ([tokens[0] for tokens, _ in alone], [logprobs[0] for _, logprobs in alone])


def test_greedy_takes_the_likeliest_token_whatever_is_drawn() -> None:
    logits = peaked_logits(3, 1000)
    for draw in (0.0, 0.5, NEARLY_ONE):
        tokens, _ = choose_tokens(logits, [SamplingSettings(temperature=0, top_p=0.1)] * 3, [draw] * 3)
        assert tokens == logits.argmax(-1).tolist()


def test_tokens_as_likely_as_the_last_one_kept_stay_too() -> None:
    logits = torch.tensor([[2.0, 1.0, 1.0, 0.0]])
    settings = SamplingSettings(temperature=1.0, top_p=1.0, top_k=2)
    drawn = {choose_tokens(logits, [settings], [draw / 100])[0][0] for draw in range(100)}
    assert drawn == {0, 1, 2}


@given(
    weights=st.lists(st.floats(0, 1e6) | st.just(0.0), min_size=1, max_size=700).filter(lambda values: sum(values) > 0),
    draw=st.floats(0, NEARLY_ONE) | st.just(NEARLY_ONE) | st.just(0.0),
)
def test_a_token_of_probability_zero_is_never_drawn(weights: list[float], draw: float) -> None:
    tensor = torch.tensor([weights], dtype=torch.float32)
    if tensor.sum() > 0:  # the smallest numbers may vanish in float32
        index = int(invert_cumulative(tensor, torch.tensor([draw], dtype=torch.float64)))
        assert tensor[0, index] > 0
