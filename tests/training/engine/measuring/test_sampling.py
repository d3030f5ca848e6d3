"""The engine's own samples: drawn from what the policy believes, with a cache that changes nothing."""

from typing import Any

import pytest
import torch

from tests.training.engine import tiny
from training.engine.data.packing import pack_sequences
from training.engine.measuring.sampling import draw, sample
from training.engine.model.lora import AdapterShape

PROMPTS: list[tuple[int, ...]] = [(1, 2, 3), (4,), (9, 8, 7, 6, 5, 4), (1, 2)]


@pytest.mark.parametrize(
    ("family", "targets", "precision"),
    [("llama", tiny.SHAPE.target_modules, 1e-9), ("gpt_neox", ("query_key_value", "dense"), 1e-4)],
)
def test_every_token_is_what_the_draw_makes_of_the_log_probs_of_a_plain_forward_pass(
    family: str, targets: tuple[str, ...], precision: float
) -> None:
    built = tiny.model(family)
    policy = tiny.policy_of(
        tiny.widen(built) if family == "llama" else built.double(), shape=AdapterShape(4, 8.0, targets)
    )
    completions = sample(policy, PROMPTS, eos_ids=frozenset({tiny.EOS}), max_tokens=7, seed=3)
    chances = torch.rand(len(PROMPTS), 7, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    for number, (prompt, completion) in enumerate(zip(PROMPTS, completions, strict=True)):
        log_probs = policy.vocabulary_log_probs(pack_sequences([(prompt, completion)]))(slice(None))
        probabilities = log_probs.exp().cumsum(1)
        for place, token in enumerate(completion):
            low = float(probabilities[place, token - 1]) if token else 0.0
            assert low - precision <= chances[number, place] <= float(probabilities[place, token]) + precision


def test_a_sample_depends_on_its_prompt_its_number_and_the_seed_alone() -> None:
    policy = tiny.policy_of(tiny.widen(tiny.model()))
    state = torch.get_rng_state()

    def sampled(prompts: list[tuple[int, ...]], seed: int) -> list[tuple[int, ...]]:
        return sample(policy, prompts, eos_ids=frozenset({tiny.EOS}), max_tokens=9, seed=seed)

    first = sampled(PROMPTS, 1)
    assert sampled(PROMPTS, 1) == first
    assert sampled([PROMPTS[0], (5,) * 20, *PROMPTS[2:]], 1)[2:] == first[2:]
    assert sampled(PROMPTS, 2) != first
    assert torch.equal(torch.get_rng_state(), state)
    assert policy.model.config._attn_implementation == "packed_preference_pairs"


def test_it_ends_with_the_first_eos_or_at_the_limit() -> None:
    built = tiny.model()
    with torch.no_grad():  # half of the tokens end a completion
        built.lm_head.weight[tiny.EOS] = built.lm_head.weight[5]
    eos = frozenset(range(0, tiny.VOCABULARY, 2))
    completions = sample(tiny.policy_of(built, dtype=torch.float32), PROMPTS * 5, eos_ids=eos, max_tokens=4, seed=0)
    ended = [completion[-1] in eos for completion in completions]
    assert {True, False} == set(ended)
    for completion, end in zip(completions, ended, strict=True):
        assert not eos.intersection(completion[:-1])
        assert end or len(completion) == 4


def test_draws_follow_the_distribution() -> None:
    probabilities = torch.tensor([0.1, 0.0, 0.6, 0.3])
    chances = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000
    drawn: Any = draw(probabilities.log().expand(1000, 4), chances)
    assert drawn.bincount(minlength=4).tolist() == [100, 0, 600, 300]
    assert draw(probabilities.log()[None], torch.tensor([1.0 - 1e-17], dtype=torch.float64)).item() == 3
