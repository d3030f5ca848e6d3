"""The trained weights and their form on disk: an adapter in PEFT's format, or a whole model's folder."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.core_model_loading import revert_weight_conversion

from training.engine.config import UNQUANTIZED
from training.engine.errors import InputError
from training.engine.model.adapter_format import AdaptedBase, read_state, write_adapter
from training.engine.model.lora import Adapter, copy_into
from training.engine.model.parallel import gathered, own_rows, spread_like
from training.language_models import loading
from training.language_models.adapters import is_linear
from training.language_models.hollow import StoredWeights, load_hollow
from training.language_models.loading import ModelNotLoadable, load_model

MODEL_WEIGHTS = "model.safetensors"
_WEIGHT_FILES = (".safetensors", ".bin", ".safetensors.index.json", ".bin.index.json", ".gguf")


class Weights(Protocol):
    """The trained parameters under their names, and their folder."""

    @property
    def folder_name(self) -> str:
        """The name of the finished weights' folder in the run's folder."""

    def parameters(self) -> dict[str, nn.Parameter]:
        """Everything that is trained."""

    def load(self, state: dict[str, Tensor]) -> None:
        """Copy values in. Raises InputError if names or shapes are not exactly those of the parameters."""

    def state(self) -> dict[str, Tensor]:
        """The values, whole and on the CPU, in their master precision. Every process must call this."""

    def write(self, directory: Path, state: dict[str, Tensor]) -> None:
        """Write such values into an existing folder."""

    def read(self, directory: Path) -> dict[str, Tensor]:
        """The values that ``write`` wrote. Raises InputError if they cannot be read."""


@dataclass(frozen=True)
class AdapterWeights:
    """LoRA beside a frozen base model, which is named in the adapter's config."""

    adapter: Adapter
    base_model: str
    folder_name: str = "adapter"
    quantization: str = UNQUANTIZED

    def parameters(self) -> dict[str, nn.Parameter]:
        """A and B of every adapted layer."""
        return self.adapter.parameters()

    def load(self, state: dict[str, Tensor]) -> None:
        """Copy A and B in."""
        self.adapter.load(state)

    def state(self) -> dict[str, Tensor]:
        """A and B by name."""
        return state_of(self.parameters())

    def write(self, directory: Path, state: dict[str, Tensor]) -> None:
        """PEFT's two files."""
        write_adapter(directory, self.adapter.shape, state, base=AdaptedBase(self.base_model, self.quantization))

    def read(self, directory: Path) -> dict[str, Tensor]:
        """A and B by name."""
        return read_state(directory)


@dataclass(frozen=True)
class ModelWeights:
    """All weights of a model that was read from the folder ``source``."""

    model: PreTrainedModel
    source: Path
    folder_name: str = "model"

    def parameters(self) -> dict[str, nn.Parameter]:
        """Every parameter once, under its name in transformers."""
        return {name: each for name, each in self.model.named_parameters() if each.requires_grad}

    def load(self, state: dict[str, Tensor]) -> None:
        """Copy all weights in."""
        own = self.parameters()
        copy_into(own, {name: spread_like(each, own.get(name, each)) for name, each in state.items()}, what="model")

    def state(self) -> dict[str, Tensor]:
        """All weights by name."""
        return state_of(self.parameters())

    def write(self, directory: Path, state: dict[str, Tensor]) -> None:
        """A folder that transformers and vLLM load."""
        write_model(directory, self.model, state, source=self.source)

    def read(self, directory: Path) -> dict[str, Tensor]:
        """The weights by name."""
        try:
            return dict(load_model(directory).named_parameters())  # under the names that they have in memory
        except ModelNotLoadable as error:
            raise InputError(f"cannot read the model: {error}") from error


def state_of(parameters: dict[str, nn.Parameter]) -> dict[str, Tensor]:
    """Parameters' values, whole and on the CPU."""
    return {name: gathered(each.detach()) for name, each in parameters.items()}


def check_model_folder(directory: Path) -> None:
    """Raises InputError, with the reason, for a path that is no folder of a model."""
    try:
        loading.check_model_folder(directory)
    except ModelNotLoadable as error:
        raise InputError(str(error)) from error


def read_model(directory: Path) -> PreTrainedModel:
    """The causal language model of a folder, on the CPU, in its stored dtype. Raises InputError if there is none."""
    try:
        return load_model(directory)
    except ModelNotLoadable as error:
        raise InputError(str(error)) from error


def stored_weights(directory: Path) -> StoredWeights:
    """The weights of a model's folder, to be read in parts. Raises InputError if they cannot be."""
    try:
        return StoredWeights(directory)
    except ModelNotLoadable as error:
        raise InputError(str(error)) from error


def read_hollow_model(stored: StoredWeights, device: torch.device) -> PreTrainedModel:
    """The model of a folder with empty layers; see ``load_hollow``. Raises InputError if there is none."""
    try:
        return load_hollow(stored.folder, stored, device)
    except ModelNotLoadable as error:
        raise InputError(str(error)) from error


@torch.no_grad()
def fill(layers: nn.ModuleList, path: str, stored: StoredWeights) -> None:
    """Read this process's rows of all layers' frozen weights from their file. ``path``: of the layers in the model."""
    for number, layer in enumerate(layers):
        for name, module in layer.named_modules():
            tensors = dict(module.named_parameters(recurse=False)) | dict(module.named_buffers(recurse=False))
            for kind in tensors.keys() - {"lora_a", "lora_b"}:
                own, first = own_rows(tensors[kind])
                stored_name = f"{path}.{number}.{name}.{'weight' if kind == 'stacked' else kind}"
                try:
                    rows = stored.rows(stored_name, first, first + len(own))
                except ModelNotLoadable as error:
                    raise InputError(str(error)) from error
                if kind == "stacked":  # room for the scaled B lies beside W
                    own.zero_()
                    own[:, : rows.shape[1]].copy_(rows)
                else:
                    own.copy_(rows)


def write_model(directory: Path, model: PreTrainedModel, state: dict[str, Tensor], *, source: Path) -> None:
    """Write the weights of a model, all of one dtype, into an existing folder with config, tokenizer and template of
    ``source``. Under the names of its files: transformers makes one tensor of a mixture's experts in memory, and other
    programs read them one by one. Buffers that belong to the file (DeepSeek's biases of the routing) are kept."""
    for path in source.iterdir():
        if path.is_file() and not path.name.endswith(_WEIGHT_FILES):
            shutil.copyfile(path, directory / path.name)
    dtype = next(iter(state.values())).dtype
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    config.pop("torch_dtype", None)
    config["dtype"] = str(dtype).removeprefix("torch.")
    (directory / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    stored = model.state_dict().keys()
    buffers = {name: each for name, each in model.named_buffers() if name in stored}
    named = revert_weight_conversion(model, {name: each.cpu() for name, each in {**state, **buffers}.items()})
    tensors = {name: tensor.contiguous() for name, tensor in named.items()}
    save_file(tensors, directory / MODEL_WEIGHTS, metadata={"format": "pt"})


class CastLinear(nn.Module):
    """A trained linear layer: master weights in fp32 (fp64 under fp64), products in ``dtype``."""

    def __init__(self, source: nn.Linear, *, dtype: torch.dtype) -> None:
        super().__init__()
        self.weight, self.bias, self.dtype = source.weight, source.bias, dtype
        self.out_features = source.out_features

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) of any float dtype to (..., out) in the compute dtype."""
        bias = None if self.bias is None else self.bias.to(self.dtype)
        return nn.functional.linear(x.to(self.dtype), self.weight.to(self.dtype), bias)


def free_all(model: nn.Module, *, dtype: torch.dtype, skip: nn.Module) -> None:
    """Replace every linear layer of ``model`` in place, except ``skip``, the output head; everything is trained."""
    model.requires_grad_(True)
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if is_linear(child) and child is not skip:
                setattr(parent, name, CastLinear(child, dtype=dtype))
