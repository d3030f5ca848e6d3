"""Layers whose weights are laid out once for the CPU's kernels: the same numbers, whatever is computed beside a row."""

import copy

import pytest
import torch
from torch import nn

from tests.training.engine import tiny
from training.generation.linear import (
    PrepackedAdaptedLinear,
    PrepackedLinear,
    can_prepack,
    prepack_linears,
)
from training.language_models.adapters import AdaptedLinear

pytestmark = pytest.mark.skipif(not can_prepack(torch.bfloat16), reason="this build of torch has no such kernels")


def test_a_prepacked_layer_computes_what_the_plain_one_does() -> None:
    torch.manual_seed(0)
    plain = nn.Linear(48, 80).requires_grad_(False)
    assert plain.bias is not None
    packed, x = PrepackedLinear(plain.weight, plain.bias), torch.randn(3, 7, 48)
    torch.testing.assert_close(packed(x), plain(x), atol=1e-5, rtol=0)


def test_an_adapted_layer_keeps_its_bias_and_its_adapter() -> None:
    torch.manual_seed(0)
    adapted = AdaptedLinear(nn.Linear(48, 80), dtype=torch.float32, rank=4, scale=2.0)
    adapted.load(torch.randn(4, 48), torch.randn(80, 4))
    x = torch.randn(3, 7, 48)
    with torch.no_grad():
        torch.testing.assert_close(PrepackedAdaptedLinear(adapted)(x), adapted(x), atol=1e-4, rtol=0)


def test_in_bfloat16_a_rows_bits_do_not_depend_on_the_rows_beside_it() -> None:
    torch.manual_seed(0)
    adapted = AdaptedLinear(nn.Linear(64, 96), dtype=torch.bfloat16, rank=4, scale=2.0)
    adapted.load(torch.randn(4, 64), torch.randn(96, 4))
    layer, x = PrepackedAdaptedLinear(adapted), torch.randn(40, 64).bfloat16()
    with torch.no_grad():
        for count in (2, 3, 17, 40):
            assert torch.equal(layer(x[:count]), layer(x)[:count])


def test_every_linear_layer_of_a_model_is_replaced_and_the_head_computes_in_float32() -> None:
    model = tiny.model().bfloat16().eval()
    plain = copy.deepcopy(model)
    prepack_linears(model, head=model.get_output_embeddings())
    assert not any(type(module) is nn.Linear for module in model.modules())
    ids = torch.tensor([[1, 2, 3]])
    with torch.inference_mode():
        logits, expected = model(ids).logits, plain(ids).logits
    assert logits.dtype == torch.float32
    torch.testing.assert_close(logits, expected.float(), atol=0.3, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16])
def test_other_formats_have_no_such_kernels(dtype: torch.dtype) -> None:
    assert not can_prepack(dtype)
