"""The preference loss against its algebra."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from training.engine.losses import rewards, sigmoid_loss, weighted_sum

RATIO = st.floats(-50, 50)
CONFIDENCE = st.floats(0.5, 1.0)


def column(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_the_walk_through_that_every_explainer_uses() -> None:
    log_ratios = column(math.log(0.30 / 0.20), math.log(0.25 / 0.30))
    chosen, rejected = rewards(log_ratios, 0.1).tolist()
    assert round(chosen, 4) == 0.0405
    assert round(rejected, 4) == -0.0182
    assert round(chosen - rejected, 4) == 0.0588
    assert round(1 / (1 + math.exp(rejected - chosen)), 4) == 0.5147
    loss = sigmoid_loss(log_ratios[:1], log_ratios[1:], column(1.0), 0.1)
    assert round(loss.item(), 4) == 0.6642


@given(CONFIDENCE, RATIO)
def test_without_a_margin_the_loss_is_ln_2_whatever_the_confidence(confidence: float, ratio: float) -> None:
    assert sigmoid_loss(column(ratio), column(ratio), column(confidence), 0.1).item() == math.log(2)


@given(RATIO, RATIO, CONFIDENCE)
def test_a_soft_label_is_conservative_dpo(chosen: float, rejected: float, confidence: float) -> None:
    margin = 0.1 * (chosen - rejected)
    by_hand = -confidence * math.log(1 / (1 + math.exp(-margin))) - (1 - confidence) * math.log(
        1 / (1 + math.exp(margin))
    )
    ours = sigmoid_loss(column(chosen), column(rejected), column(confidence), 0.1).item()
    assert ours == pytest.approx(by_hand, rel=1e-9)


@given(RATIO, RATIO, st.floats(0, 1))
def test_swapping_the_sides_and_the_label_is_the_same_statement(chosen: float, rejected: float, label: float) -> None:
    ours = sigmoid_loss(column(chosen), column(rejected), column(label), 0.1).item()
    swapped = sigmoid_loss(column(rejected), column(chosen), column(1 - label), 0.1).item()
    assert ours == pytest.approx(swapped, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("ratio", [1e5, -1e5])  # margins of +-1e4
@pytest.mark.parametrize("confidence", [1.0, 0.7, 0.5])
def test_extreme_margins_stay_finite_in_loss_and_gradient(dtype: torch.dtype, ratio: float, confidence: float) -> None:
    chosen = torch.tensor([ratio], dtype=dtype, requires_grad=True)
    loss = sigmoid_loss(chosen, torch.zeros(1, dtype=dtype), torch.tensor([confidence], dtype=dtype), 0.1)
    torch.autograd.backward(loss.sum())
    assert torch.isfinite(loss).all()
    assert chosen.grad is not None
    expected = 0.1 * ((1.0 if ratio > 0 else 0.0) - confidence)  # beta (sigma(m) - p)
    assert chosen.grad.item() == pytest.approx(expected, abs=1e-7)


@given(st.floats(0.5, 0.99))
def test_the_loss_is_least_where_the_model_believes_as_much_as_the_label(confidence: float) -> None:
    best = math.log(confidence / (1 - confidence)) / 0.1
    ratio = column(best).requires_grad_()
    torch.autograd.backward(sigmoid_loss(ratio, column(0.0), column(confidence), 0.1).sum())
    assert ratio.grad is not None
    assert abs(ratio.grad.item()) < 1e-12


def test_a_weight_of_three_is_three_copies_and_a_weight_of_zero_is_absence() -> None:
    losses = column(0.3, 0.9, 7.0)
    weighted = weighted_sum(losses, column(3.0, 1.0, 0.0), 4.0)
    copied = weighted_sum(column(0.3, 0.3, 0.3, 0.9), column(1.0, 1.0, 1.0, 1.0), 4.0)
    assert weighted.item() == pytest.approx(copied.item(), rel=1e-15)


def test_a_tabular_policy_trained_to_convergence_recovers_the_true_reward_differences() -> None:
    """One prompt, six completions with known rewards, every pair labeled with its Bradley-Terry probability: at the
    optimum beta * log(pi / pi_ref) equals the rewards up to a constant, whatever the reference is."""
    generator = torch.Generator().manual_seed(5)
    true = torch.randn(6, generator=generator, dtype=torch.float64)
    reference = torch.log_softmax(torch.randn(6, generator=generator, dtype=torch.float64), dim=0)
    better, worse = torch.triu_indices(6, 6, offset=1)
    confidence = torch.sigmoid(true[better] - true[worse])
    logits = torch.zeros(6, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [logits], max_iter=500, tolerance_grad=1e-14, tolerance_change=0, line_search_fn="strong_wolfe"
    )
    beta = 0.3

    def closure() -> Tensor:
        optimizer.zero_grad()
        ratio = torch.log_softmax(logits, dim=0) - reference
        loss = sigmoid_loss(ratio[better], ratio[worse], confidence, beta).mean()
        torch.autograd.backward(loss)
        return loss

    optimizer.step(closure)
    learned = beta * (torch.log_softmax(logits.detach(), dim=0) - reference)
    torch.testing.assert_close(learned - learned.mean(), true - true.mean(), atol=1e-6, rtol=0)
