"""An adapter folded into its base model: ``W + (alpha / r) B A``, as a full model's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from training.engine.errors import InputError
from training.engine.events import log
from training.engine.model.adapter_format import quantization_of, read_shape, read_state
from training.engine.model.weights import read_model, write_model
from training.engine.run_folder import building
from training.language_models.adapters import is_linear
from training.language_models.folders import publish_folder
from training.language_models.four_bits import NF4, NotQuantizable, rounded


@torch.no_grad()
def merge(model: Path, adapter: Path, out: Path, *, dtype: torch.dtype, as_stored: bool = False) -> dict[str, Any]:
    """Write the merged model to ``out``, whole or not at all. Sums are taken in fp64 and rounded once to ``dtype``:
    bfloat16 loses most of a young adapter in that rounding, float32 loses nothing.

    An adapter that learned beside a model in four bits is added to the weights as those four bits have them, so that
    the merged model is the one that was trained. ``rounding`` in the answer is what they lost: the length of all
    differences to the stored weights over the length of those weights. ``as_stored`` adds it to the stored weights.

    Raises InputError if ``out`` exists, if the adapter does not fit the model, or if four bits cannot be had.
    """
    if out.exists():
        raise InputError(f"{out} already exists: choose another folder")
    shape, state = read_shape(adapter), read_state(adapter)
    four_bits = quantization_of(adapter) == NF4 and not as_stored
    base = read_model(model)
    lost = _round(base, base.get_output_embeddings()) if four_bits else None
    layers = {name.rpartition(".lora_")[0] for name in state}
    for name in sorted(layers):
        try:
            linear = base.get_submodule(name)
        except AttributeError as error:
            raise InputError(f"the adapter {adapter} does not fit the model: it has no layer {name}") from error
        product = state[f"{name}.lora_B"].double() @ state[f"{name}.lora_A"].double()
        assert isinstance(linear.weight, torch.nn.Parameter)
        if linear.weight.shape != product.shape:
            raise InputError(f"the adapter {adapter} does not fit the model: {name} has another shape")
        linear.weight.data = (linear.weight.double() + shape.alpha / shape.rank * product).to(dtype)
    tensors = {name: each.detach().to(dtype) for name, each in base.named_parameters()}
    with building(out) as temporary:
        write_model(temporary, base, tensors, source=model)
        publish_folder(temporary, out, replace=True)
    answer = {"out": str(out), "layers": len(layers), "dtype": str(dtype).removeprefix("torch.")}
    if lost is None:
        return answer
    log(f"the merged weights are those of the model in four bits: {lost:.1%} of their length differs from the stored")
    return answer | {"base": NF4, "rounding": round(lost, 4)}


def _round(base: nn.Module, head: nn.Module | None) -> float:
    """Put in the place of every linear layer's weights, except the head's, what four bits keep of them. Returns the
    share of their length that is lost."""
    squares = torch.zeros(2, dtype=torch.float64)
    for each in base.modules():
        if not is_linear(each) or each is head:
            continue
        try:
            kept = rounded(each.weight.data, dtype=torch.float32)
        except NotQuantizable as error:
            raise InputError(f"the adapter learned beside a model in four bits: {error}") from error
        stored = each.weight.data.float()
        squares += torch.stack([(kept - stored).double().square().sum(), stored.double().square().sum()])
        each.weight.data = kept
    return float((squares[0] / squares[1]).sqrt())
