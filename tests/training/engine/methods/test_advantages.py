"""The formulas of RLHF against direct computations."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.engine.methods import advantages as formulas

NUMBERS = st.lists(st.floats(-5, 5), min_size=1, max_size=12)


def test_the_shaped_rewards_add_up_to_the_reward_less_beta_times_the_log_ratio() -> None:
    ratios = np.array([0.3, -0.2, 0.5])
    shaped = formulas.shaped_rewards(2.0, ratios, 0.1)
    assert shaped.tolist() == pytest.approx([-0.03, 0.02, 1.95])
    assert shaped.sum() == pytest.approx(2.0 - 0.1 * ratios.sum())


def test_the_best_and_the_worst_sample_of_each_prompt_are_a_pair_unless_all_are_equal() -> None:
    rewards = np.array([1.0, 2.0, 6.0, 4.0, 4.0, 4.0])
    assert formulas.best_and_worst(rewards, 3).tolist() == [-1, 0, 1, 0, 0, 0]


def test_drawn_preferences_follow_bradley_and_terry() -> None:
    rewards = np.tile([0.0, 1.0, 9.0], 20_000)
    draws = np.random.default_rng(0).random(20_000)
    signs = formulas.best_and_worst(rewards, 3, draws).reshape(-1, 3)
    assert (signs[:, 0] == -signs[:, 1]).all()
    assert (signs[:, 2] == 0).all()
    assert (signs[:, 1] == 1).mean() == pytest.approx(1 / (1 + math.exp(-1)), abs=0.01)


def test_the_pull_of_a_pair_is_beta_times_the_probability_of_being_wrong_over_the_prompts_that_have_a_pair() -> None:
    signs = np.array([1.0, -1.0, 0.0, 0.0])
    pulls, margins = formulas.pulls(signs, np.array([0.5, -0.3, 1.0, 2.0]), 0.5, 2)
    assert margins.tolist() == pytest.approx([0.5 * 0.8])
    wrong = 1 / (1 + math.exp(0.4))
    assert pulls.tolist() == pytest.approx([2 * 0.5 * wrong * 2, -2 * 0.5 * wrong * 2, 0, 0])
    without, none = formulas.pulls(np.zeros(4), np.ones(4), 0.5, 2)
    assert (without.tolist(), none.tolist()) == ([0, 0, 0, 0], [])


def test_leaving_one_out_compares_each_sample_with_the_others_of_its_prompt() -> None:
    found = formulas.leave_one_out(np.array([1.0, 2.0, 6.0, 0.0, 0.0, 3.0]), 3)
    assert found.tolist() == pytest.approx([1 - 4, 2 - 3.5, 6 - 1.5, -1.5, -1.5, 3.0])


@given(NUMBERS, st.floats(0.5, 1.0), st.floats(0.0, 1.0))
def test_gae_is_the_decaying_sum_of_the_temporal_differences(
    rewards: list[float], discount: float, decay: float
) -> None:
    values = np.random.default_rng(len(rewards)).normal(size=len(rewards))
    found = formulas.generalized_advantages(np.array(rewards), values, discount=discount, decay=decay)
    following = [*values[1:], 0.0]
    deltas = [r + discount * after - value for r, after, value in zip(rewards, following, values, strict=True)]
    for place in range(len(rewards)):
        direct = math.fsum((discount * decay) ** later * deltas[place + later] for later in range(len(rewards) - place))
        assert found[place] == pytest.approx(direct, abs=1e-9)


def test_gae_with_lambda_one_is_the_return_less_the_value_and_with_zero_one_step() -> None:
    rewards, values = np.array([1.0, -2.0, 4.0]), np.array([0.5, 0.7, -0.1])
    whole = formulas.generalized_advantages(rewards, values, discount=1.0, decay=1.0)
    assert (whole + values).tolist() == pytest.approx([3.0, 2.0, 4.0])
    one = formulas.generalized_advantages(rewards, values, discount=1.0, decay=0.0)
    assert one.tolist() == pytest.approx([1.0 + 0.7 - 0.5, -2.0 - 0.1 - 0.7, 4.0 + 0.1])


def test_whitened_advantages_have_mean_zero_and_deviation_one() -> None:
    found = formulas.whitened(np.array([3.0, 5.0, 10.0]))
    assert found.mean() == pytest.approx(0.0, abs=1e-12)
    assert found.std() == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    ("ratio", "advantage", "loss", "slope"),
    [
        (1.0, 2.0, -2.0, -2.0),
        (1.5, 2.0, -2.4, 0.0),  # as far up as it may
        (1.5, -2.0, 3.0, 3.0),  # the wrong way: comes back
        (0.5, -2.0, 1.6, 0.0),  # as far down as it may
        (0.5, 2.0, -1.0, -1.0),
    ],
)
def test_the_clipped_loss_and_its_slope_are_ppos(ratio: float, advantage: float, loss: float, slope: float) -> None:
    """The slope is by log pi: ``-rho A`` where the ratio is not clipped, else 0."""
    log_ratio = torch.tensor([math.log(ratio)], dtype=torch.float64, requires_grad=True)
    worth = torch.tensor([advantage], dtype=torch.float64)
    value = formulas.clipped_losses(log_ratio, worth, 0.2)
    torch.autograd.backward(value.sum())
    assert value.item() == pytest.approx(loss)
    assert log_ratio.grad is not None
    assert log_ratio.grad.item() == pytest.approx(slope)
    assert bool(formulas.is_clipped(log_ratio, worth, 0.2)) == (slope == 0.0)


@pytest.mark.parametrize(("value", "loss"), [(1.1, 0.5 * 1.9**2), (2.0, 0.5 * 1.8**2), (0.0, 0.5 * 3.0**2)])
def test_the_critics_loss_takes_no_credit_for_a_leap(value: float, loss: float) -> None:
    """The value before was 1.0, the return is 3.0, and a value may move by 0.2."""
    found = formulas.value_losses(torch.tensor(value), torch.tensor(1.0), torch.tensor(3.0), 0.2)
    assert found.item() == pytest.approx(loss)
