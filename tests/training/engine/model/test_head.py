"""Log-probabilities of scored tokens, in chunks."""

import pytest
import torch

from training.engine.model import head
from training.engine.model.head import Tiling, token_log_probs, trained_token_log_probs


@pytest.mark.parametrize("wide", [False, True], ids=["on a CPU", "as on a GPU"])
def test_values_and_gradient_are_those_of_log_softmax_over_all_tokens(
    monkeypatch: pytest.MonkeyPatch, wide: bool
) -> None:
    # 11 tokens: two whole chunks and a rest; 13 vocabulary entries: two whole blocks and a rest
    monkeypatch.setattr(head, "ON_CPU", Tiling(chunk=4, block=5, wide=wide))
    torch.manual_seed(0)
    hidden = torch.randn(11, 6, dtype=torch.float64, requires_grad=True)
    weight, targets = torch.randn(13, 6, dtype=torch.float64), torch.randint(0, 13, (11,))
    direction = torch.randn(11, dtype=torch.float64)
    ours = token_log_probs(hidden, weight, targets)
    (by_hand,) = torch.autograd.grad((ours * direction).sum(), hidden)
    plain = torch.log_softmax(hidden @ weight.T, dim=1).gather(1, targets[:, None]).squeeze(1)
    (by_torch,) = torch.autograd.grad((plain * direction).sum(), hidden)
    torch.testing.assert_close(ours, plain, atol=1e-12, rtol=0)
    torch.testing.assert_close(by_hand, by_torch, atol=1e-12, rtol=0)


@pytest.mark.parametrize("likely", [True, False])
@pytest.mark.parametrize("wide", [False, True], ids=["on a CPU", "as on a GPU"])
def test_bf16_products_keep_every_log_prob_near_fp64_given_bf16_hidden_states(
    monkeypatch: pytest.MonkeyPatch, wide: bool, likely: bool
) -> None:
    monkeypatch.setattr(head, "ON_CPU", Tiling(256, 2048, wide=wide))
    """Logits of a trained model's size: a few that matter, near 30, above a crowd."""
    torch.manual_seed(0)
    weight = torch.randn(20_000, 96)
    centres = torch.randint(0, 20_000, (64,))
    hidden = (0.3 * weight[centres] + 0.5 * torch.randn(64, 96)).bfloat16()
    weight = weight.bfloat16()
    exact = torch.log_softmax(hidden.double() @ weight.double().T, dim=1)
    targets = exact.topk(3).indices[:, 2] if likely else torch.randint(0, 20_000, (64,))
    expected = exact.gather(1, targets[:, None]).squeeze(1)
    for each in (weight, weight.float()):
        error = (token_log_probs(hidden.float(), each, targets).double() - expected).abs()
        assert error.max() < (1e-4 if each.dtype == torch.float32 else 5e-3)
        assert error.mean() < 1e-3
    rounded = torch.log_softmax((hidden @ weight.T).float(), dim=1).gather(1, targets[:, None]).squeeze(1)
    assert (rounded.double() - expected).abs().max() > 3e-2  # what plain bf16 logits would have cost


def test_logits_of_ten_thousand_stay_finite() -> None:
    hidden = torch.tensor([[100.0]], requires_grad=True)
    result = token_log_probs(hidden, torch.tensor([[100.0], [-100.0]]), torch.tensor([1]))
    torch.autograd.backward(result.sum())
    assert result.item() == -20_000.0
    assert hidden.grad is not None
    assert hidden.grad.item() == -200.0


def test_values_and_gradients_of_a_trained_head_are_those_of_log_softmax() -> None:
    torch.manual_seed(0)
    hidden, weight = (torch.randn(n, 6, dtype=torch.float64, requires_grad=True) for n in (300, 13))
    targets, direction = torch.randint(0, 13, (300,)), torch.randn(300, dtype=torch.float64)
    ours = trained_token_log_probs(hidden, weight, targets, torch.float64)
    plain = torch.log_softmax(hidden @ weight.T, dim=1).gather(1, targets[:, None]).squeeze(1)
    torch.testing.assert_close(ours, plain, atol=1e-12, rtol=0)
    gradients = torch.autograd.grad((ours * direction).sum(), (hidden, weight))
    expected = torch.autograd.grad((plain * direction).sum(), (hidden, weight))
    for gradient, wanted in zip(gradients, expected, strict=True):
        torch.testing.assert_close(gradient, wanted, atol=1e-11, rtol=0)


def test_the_mean_of_wide_tiles_is_not_rounded_to_the_factors_format(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gradient's mean over the vocabulary; a bf16 product would round it to 8 bits in every block."""
    torch.manual_seed(0)
    hidden, weight = torch.randn(8, 32).bfloat16(), (torch.randn(4096, 32) * 0.1 + 1).bfloat16()
    probabilities = torch.softmax(hidden.double() @ weight.double().T, dim=1)
    targets = torch.randint(0, 4096, (8,))
    exact = weight.double()[targets] - probabilities @ weight.double()
    errors = []
    for wide in (False, True):
        monkeypatch.setattr(head, "ON_CPU", Tiling(256, 2048, wide=wide))
        leaf = hidden.float().requires_grad_()
        (gradient,) = torch.autograd.grad(token_log_probs(leaf, weight, targets).sum(), leaf)
        errors.append((gradient.double() - exact).abs().max().item())
    assert errors[1] < 3e-4 < errors[0]
