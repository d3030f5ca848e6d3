"""An adapter folded into its base model: ``W + (alpha / r) B A``, as a full model's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from training.engine.errors import InputError
from training.engine.model.adapter_format import read_shape, read_state
from training.engine.model.weights import read_model, write_model
from training.engine.run_folder import building
from training.language_models.folders import publish_folder


@torch.no_grad()
def merge(model: Path, adapter: Path, out: Path, *, dtype: torch.dtype) -> dict[str, Any]:
    """Write the merged model to ``out``, whole or not at all. Sums are taken in fp64 and rounded once to ``dtype``:
    bfloat16 loses most of a young adapter in that rounding, float32 loses nothing.

    Raises InputError if ``out`` exists, or if the adapter does not fit the model.
    """
    if out.exists():
        raise InputError(f"{out} already exists: choose another folder")
    shape, state = read_shape(adapter), read_state(adapter)
    base = read_model(model)
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
        write_model(temporary, tensors, source=model)
        publish_folder(temporary, out, replace=True)
    return {"out": str(out), "layers": len(layers), "dtype": str(dtype).removeprefix("torch.")}
