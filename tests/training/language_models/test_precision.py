"""The number format of matrix products."""

import pytest
import torch

from training.language_models.precision import FORMATS, choose_dtype, master_dtype, multiplies_bfloat16

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("capabilities", "native"), [({"avx512_bf16": True}, True), ({"amx_bf16": True}, True), ({"avx512_f": True}, False)]
)
def test_auto_is_bfloat16_where_the_processor_multiplies_it(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], native: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert multiplies_bfloat16(CPU) == native
    assert choose_dtype("auto", CPU) == (torch.bfloat16 if native else torch.float32)


def test_a_gpu_that_only_emulates_it_gets_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: including_emulation)
    assert choose_dtype("auto", torch.device("cuda")) == torch.float32


def test_a_named_format_is_taken_as_it_is() -> None:
    assert [choose_dtype(name, CPU) for name in FORMATS] == list(FORMATS.values())


def test_masters_are_never_below_single_precision() -> None:
    assert [master_dtype(dtype) for dtype in FORMATS.values()] == [torch.float32, torch.float32, torch.float64]
