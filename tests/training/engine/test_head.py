"""Log-probabilities of scored tokens, in chunks."""

import pytest
import torch

from training.engine import head
from training.engine.head import token_log_probs


def test_values_and_gradient_are_those_of_log_softmax_over_all_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head, "CHUNK", 4)  # 11 tokens: two whole chunks and a rest
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


def test_fp32_logits_keep_every_log_prob_within_a_thousandth_of_fp64_given_bf16_hidden_states() -> None:
    torch.manual_seed(0)
    hidden = (3 * torch.randn(64, 96)).bfloat16()
    weight, targets = torch.randn(20_000, 96).bfloat16().float(), torch.randint(0, 20_000, (64,))
    ours = token_log_probs(hidden.float(), weight, targets)
    exact = torch.log_softmax(hidden.double() @ weight.double().T, dim=1).gather(1, targets[:, None]).squeeze(1)
    assert (ours.double() - exact).abs().max() < 1e-3
    rounded = torch.log_softmax(hidden @ weight.bfloat16().T, dim=1).gather(1, targets[:, None]).squeeze(1)
    assert (rounded.double() - exact).abs().max() > 1e-1  # what bf16 logits would have cost


def test_logits_of_ten_thousand_stay_finite() -> None:
    hidden = torch.tensor([[100.0]], requires_grad=True)
    result = token_log_probs(hidden, torch.tensor([[100.0], [-100.0]]), torch.tensor([1]))
    torch.autograd.backward(result.sum())
    assert result.item() == -20_000.0
    assert hidden.grad is not None
    assert hidden.grad.item() == -200.0
