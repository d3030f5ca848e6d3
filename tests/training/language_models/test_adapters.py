"""The adapted linear layer: its formula, its gradients, and its one rounding."""

import pytest
import torch
from torch import Tensor, nn
from transformers.models.falcon.modeling_falcon import FalconLinear

from training.generation.linear import PrepackedAdaptedLinear, can_prepack
from training.language_models.adapters import AdaptedLinear, is_linear


def layer(dtype: torch.dtype = torch.float64) -> AdaptedLinear:
    torch.manual_seed(0)
    adapted = AdaptedLinear(nn.Linear(5, 7, dtype=dtype), dtype=dtype, rank=2, scale=3.0)
    adapted.load(torch.randn(2, 5), torch.randn(7, 2))
    return adapted


def test_forward_and_backward_are_those_of_the_written_out_formula() -> None:
    adapted = layer()
    a, b = adapted.lora_a, adapted.lora_b
    x = torch.randn(2, 3, 5, dtype=torch.float64, requires_grad=True)
    assert a is not None
    assert b is not None
    assert adapted.bias is not None
    plain = x @ adapted.weight.T + adapted.bias + 3.0 * (x @ a.T) @ b.T
    direction = torch.randn_like(plain)
    expected = torch.autograd.grad((plain * direction).sum(), (x, a, b))
    result = torch.autograd.grad((adapted(x) * direction).sum(), (x, a, b))
    torch.testing.assert_close(adapted(x), plain, atol=1e-12, rtol=0)
    for ours, wanted in zip(result, expected, strict=True):
        torch.testing.assert_close(ours, wanted, atol=1e-12, rtol=0)


def test_bf16_layers_keep_fp32_adapters_and_give_them_fp32_gradients() -> None:
    adapted = layer(torch.bfloat16)
    adapted(torch.randn(3, 5)).sum().backward()
    assert adapted.weight.dtype == torch.bfloat16
    for parameter in (adapted.lora_a, adapted.lora_b):
        assert parameter is not None
        assert parameter.grad is not None
        assert parameter.dtype == parameter.grad.dtype == torch.float32


@pytest.mark.parametrize("prepacked", [False, True])
def test_a_contribution_far_below_the_last_place_of_bf16_still_counts_on_average(prepacked: bool) -> None:
    """A young adapter changes outputs by less than bf16 can show in any one of them: in the engine's layer, and in the
    same layer as the sampler lays it out."""
    if prepacked and not can_prepack(torch.bfloat16):
        pytest.skip("this build of torch has no kernels for prepacked bfloat16 weights")
    torch.manual_seed(0)
    adapted = AdaptedLinear(nn.Linear(64, 512, bias=False), dtype=torch.bfloat16, rank=4, scale=1.0)
    x = torch.randn(200, 64).bfloat16().float()
    a, b = torch.randn(4, 64).bfloat16().float(), (2e-5 * torch.randn(512, 4)).bfloat16().float()

    def output() -> torch.Tensor:
        with torch.no_grad():
            result: torch.Tensor = (PrepackedAdaptedLinear(adapted) if prepacked else adapted)(x)
        return result.float()

    adapted.load(a, torch.zeros(512, 4))
    base = output()
    adapted.load(a, b)
    change, wanted = output() - base, x @ a.T @ b.T
    rounded_twice = (base.bfloat16() + wanted.bfloat16()).float() - base
    share, share_if_rounded_twice = ((each * wanted).sum() / (wanted**2).sum() for each in (change, rounded_twice))
    assert share.item() == pytest.approx(1.0, abs=0.1)
    assert share_if_rounded_twice < 0.5


def test_the_factors_are_those_of_the_product_and_a_layer_without_an_adapter_has_none() -> None:
    adapted = layer()
    stacked, down = adapted.factors()
    x = torch.randn(4, 5, dtype=torch.float64)
    product = torch.nn.functional.linear(torch.cat((x, x @ down.T), 1), stacked, adapted.bias)
    torch.testing.assert_close(product, adapted(x), atol=0, rtol=1e-12)
    plain = AdaptedLinear(nn.Linear(5, 7), dtype=torch.float32)
    for ask in (plain.factors, lambda: plain.load(down, stacked)):
        with pytest.raises(ValueError, match="no adapter"):
            ask()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_a_layer_that_rounds_more_often_is_linear(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    assert is_linear(FalconLinear(256, 512, bias=True, dtype=dtype))


def test_a_layer_that_computes_something_else_or_wants_another_shape_is_not_linear() -> None:
    class Doubled(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return 2 * super().forward(x)

    class Grouped(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x.view(-1, 3, self.in_features))

    assert not is_linear(Doubled(8, 8))
    assert not is_linear(Grouped(8, 8))
