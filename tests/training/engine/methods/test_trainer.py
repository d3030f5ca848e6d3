"""RLOO, PPO, online DPO and DPO on a bandit whose optimum is known; and the gradient of a step against autograd."""

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.training.engine import tiny
from tests.training.engine.methods.bandit import ANSWERS, BETA, EOS, LONGEST, PROMPT, Bandit, model
from training.engine.config import RunConfig
from training.engine.data.packing import pack_rows, pack_sequences
from training.engine.data.records import TokenPair
from training.engine.learning.step import Batch, Optimization
from training.engine.methods.critic import Critic
from training.engine.methods.settings import RlhfConfig
from training.engine.methods.trainer import RlhfTrainer

NEAR = 0.02


def trainer_of(bandit: Bandit, **settings: Any) -> RlhfTrainer:
    config = RlhfConfig(beta=BETA, max_tokens=LONGEST, **{"prompts_per_step": 1, **settings})
    critic, of_critic = None, []
    if config.algorithm == "ppo":
        critic = Critic(model(), dtype=torch.float64, shape=tiny.SHAPE)
        critic.adapter.initialise(1)
        of_critic = [critic.reward_head, *critic.adapter.parameters().values()]
    return RlhfTrainer(
        bandit.policy,
        critic,
        bandit,
        config,
        as_reference=bandit.policy.adapter.switched_off,
        eos_ids=frozenset({EOS}),
        parameters=[list(bandit.policy.adapter.parameters().values()), of_critic],
    )


def learn(trainer: RlhfTrainer, steps: int, peak: float) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for step in range(1, steps + 1):
        prompts = [PROMPT] * trainer.config.prompts_per_step
        figures = trainer.take_step(step, prompts, peak * (1 - (step - 1) / steps))
    return figures


DRAWN = {"algorithm": "online_dpo", "samples_per_prompt": 2, "preferences": "drawn", "prompts_per_step": 512}
METHODS = [
    ({"algorithm": "rloo", "samples_per_prompt": 64}, 30),
    ({"algorithm": "ppo", "samples_per_prompt": 64}, 12),
    pytest.param(DRAWN, 60, marks=pytest.mark.long),  # drawn preferences say little each: it takes thousands of pairs
]


@pytest.mark.parametrize(("settings", "steps"), METHODS)
def test_rlhf_reaches_the_optimum_of_reward_less_beta_kl(settings: dict[str, Any], steps: int) -> None:
    bandit = Bandit()
    assert bandit.optimum - bandit.worth() > 10 * NEAR
    figures = learn(trainer_of(bandit, **settings), steps, 0.02)
    assert bandit.optimum - bandit.worth() < NEAR
    assert figures["objective"] == pytest.approx(bandit.optimum, abs=0.2)


def test_dpo_reaches_it_from_the_pairs() -> None:
    bandit = Bandit()
    pairs = [
        TokenPair(
            f"{one}-{two}",
            1,
            PROMPT,
            ANSWERS[one],
            ANSWERS[two],
            confidence=float(1 / (1 + np.exp(bandit.rewards[two] - bandit.rewards[one]))),
        )
        for one, two in itertools.combinations(range(len(ANSWERS)), 2)
    ]
    indices = range(len(pairs))
    reference = bandit.reference.numpy()
    of_pairs = np.array(
        [[reference[ANSWERS.index(ids)] for ids in (each.chosen_ids, each.rejected_ids)] for each in pairs]
    )
    batch = Batch(pairs, of_pairs, list(indices), list(pack_rows(pairs, indices, tokens_per_row=4096, share=True)))
    optimization = Optimization(bandit.policy, bandit.policy.weights(Path()), RunConfig(beta=BETA, dtype="float64"))
    for step in range(40):
        optimization.accumulate(batch)
        optimization.apply(0.02 * (1 - step / 40), batch)
    assert bandit.optimum - bandit.worth() < NEAR


def _changed_by_plain_descent(trainer: RlhfTrainer) -> list[torch.Tensor]:
    """The changes of one step to the policy where the optimizer only subtracts the gradient."""
    before = [each.detach().clone() for each in trainer.parameters[0]]
    trainer.optimizer = torch.optim.SGD([each for one in trainer.parameters for each in one], lr=1.0)
    trainer.take_step(1, [PROMPT] * trainer.config.prompts_per_step, 1.0)
    return [old - each.detach() for old, each in zip(before, trainer.parameters[0], strict=True)]


def _moved(bandit: Bandit) -> Bandit:
    """An adapter that does something, so that samples have a KL."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for each in bandit.policy.adapter.parameters().values():
            each.add_(0.2 * torch.randn(each.shape, generator=generator, dtype=torch.float64))
    return bandit


@pytest.mark.parametrize("tokens_per_row", [8, 4096])
def test_a_step_of_rloo_descends_along_its_formulas_gradient_however_samples_lie_in_rows(tokens_per_row: int) -> None:
    """``-1/n sum_i (R_i - mean of the others) log pi(y_i)`` with ``R = r - beta log(pi / pi_ref)`` held fixed."""
    bandit = _moved(Bandit())
    settings = {"samples_per_prompt": 8, "max_grad_norm": 0.0, "tokens_per_row": tokens_per_row}
    samples = trainer_of(bandit, **settings).write(1, [PROMPT])
    own = list(bandit.policy.adapter.parameters().values())
    row = pack_sequences([(PROMPT, each.completion_ids) for each in samples])
    log_probs = torch.zeros(8, dtype=torch.float64).index_add(0, row.sides, bandit.policy.token_log_probs(row))
    answers = [ANSWERS.index(each.completion_ids) for each in samples]
    total = torch.from_numpy(bandit(samples)) - BETA * (log_probs.detach() - bandit.reference[answers])
    others = (total.sum() - total) / 7
    expected = torch.autograd.grad(-((total - others) * log_probs).sum() / 8, own)
    found = _changed_by_plain_descent(trainer_of(bandit, **settings))
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-9, rtol=1e-7)


@pytest.mark.parametrize("preferences", ["best", "drawn"])
def test_a_step_of_online_dpo_descends_along_the_gradient_of_dpos_loss(preferences: str) -> None:
    """The mean of ``-log sigma(beta (chosen ratio - rejected ratio))`` over the pairs of the step's samples."""
    bandit = _moved(Bandit())
    settings = {"algorithm": "online_dpo", "preferences": preferences, "samples_per_prompt": 3, "prompts_per_step": 6}
    trainer = trainer_of(bandit, **settings, max_grad_norm=0.0)
    samples = trainer.write(1, [PROMPT] * 6)
    own = list(bandit.policy.adapter.parameters().values())
    row = pack_sequences([(PROMPT, each.completion_ids) for each in samples])
    log_probs = torch.zeros(18, dtype=torch.float64).index_add(0, row.sides, bandit.policy.token_log_probs(row))
    ratios = log_probs - bandit.reference[[ANSWERS.index(each.completion_ids) for each in samples]]
    rewards = bandit(samples)
    draws = np.random.default_rng([trainer.config.seed, 1]).random(6)
    losses = []
    for prompt in range(6):
        of_prompt = range(3 * prompt, 3 * prompt + 3)
        chosen, rejected = max(of_prompt, key=rewards.__getitem__), min(of_prompt, key=rewards.__getitem__)
        if preferences == "drawn":
            chosen, rejected = 3 * prompt, 3 * prompt + 1
            if draws[prompt] >= 1 / (1 + math.exp(rewards[rejected] - rewards[chosen])):
                chosen, rejected = rejected, chosen
        if preferences == "drawn" or rewards[chosen] > rewards[rejected]:
            losses.append(-torch.nn.functional.logsigmoid(BETA * (ratios[chosen] - ratios[rejected])))
    expected = torch.autograd.grad(torch.stack(losses).mean(), own)
    found = _changed_by_plain_descent(trainer)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-9, rtol=1e-7)


def test_a_first_pass_of_ppo_descends_along_its_formulas_gradient() -> None:
    """``-1/T sum_t A_t log pi(y_t)``, with a critic that says zero, so that A is the decaying sum of shaped rewards."""
    bandit = _moved(Bandit())
    settings = {"algorithm": "ppo", "samples_per_prompt": 6, "max_grad_norm": 0.0, "passes": 1, "gae_lambda": 0.9}
    samples = trainer_of(bandit, **settings).write(1, [PROMPT])
    own = list(bandit.policy.adapter.parameters().values())
    loss, tokens = torch.zeros((), dtype=torch.float64), 0
    for sample, reward in zip(samples, bandit(samples), strict=True):
        row = pack_sequences([(PROMPT, sample.completion_ids)])
        log_probs = bandit.policy.token_log_probs(row)
        with torch.no_grad(), bandit.policy.adapter.switched_off():
            shaped = -BETA * (log_probs - bandit.policy.token_log_probs(row))
        shaped[-1] += reward
        for place in range(len(shaped)):
            worth = math.fsum(0.9 ** (later - place) * float(shaped[later]) for later in range(place, len(shaped)))
            loss = loss - worth * log_probs[place]
        tokens += len(shaped)
    expected = torch.autograd.grad(loss / tokens, own)
    found = _changed_by_plain_descent(trainer_of(bandit, **settings))
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-9, rtol=1e-7)


def test_the_critic_learns_the_returns() -> None:
    trainer = trainer_of(Bandit(), algorithm="ppo", samples_per_prompt=16, value_clip=100.0)
    losses = [trainer.take_step(1, [PROMPT], 0.01)["value_loss"] for _ in range(6)]
    assert losses[-1] < 0.8 * losses[0]
