"""A model without its layers' weights, and the rows of stored weights that a process of several reads for itself.

A model that does not fit one device is never whole on any: its layers are built without memory (torch's ``meta``
device), spread over the processes, and filled by each with its own rows.
"""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from training.language_models.families import has_plain_attention
from training.language_models.loading import ModelNotLoadable, check_model_folder, first_line, quiet_libraries

_SINGLE, _INDEX = "model.safetensors", "model.safetensors.index.json"


class StoredWeights:
    """The weights of a model's folder, read by name and rows. Raises ModelNotLoadable where one is missing."""

    def __init__(self, folder: Path) -> None:
        check_model_folder(folder)
        self.folder = folder
        self._open: dict[str, Any] = {}  # files by their names
        if (folder / _INDEX).is_file():
            self._files: dict[str, str] = json.loads((folder / _INDEX).read_text(encoding="utf-8"))["weight_map"]
        else:
            self._files = dict.fromkeys(self._file(_SINGLE).keys(), _SINGLE)

    def _file(self, name: str) -> Any:
        try:
            return self._open.setdefault(name, safe_open(self.folder / name, framework="pt"))
        except (OSError, SafetensorError) as error:
            raise ModelNotLoadable(f"the weights in {self.folder} cannot be read: {first_line(error)}") from error

    def rows(self, name: str, first: int = 0, last: int | None = None) -> Tensor:
        """The rows from ``first`` to before ``last`` of a tensor, on the CPU, as they are stored."""
        if name not in self._files:
            raise ModelNotLoadable(f"{self.folder} has no {name}: a model is spread over processes from safetensors")
        part: Tensor = self._file(self._files[name]).get_slice(name)[first:last]
        return part


def load_hollow(folder: Path, stored: StoredWeights, device: torch.device) -> PreTrainedModel:
    """The model of a folder with embeddings, last norm and head on the device, and its layers on ``meta``.

    Raises ModelNotLoadable, also for a model outside of FAMILIES: of others nobody knows what their modules hold.
    """
    try:
        with quiet_libraries(), torch.device("meta"):
            config = AutoConfig.from_pretrained(folder, local_files_only=True)
            if not has_plain_attention(config):
                raise ModelNotLoadable(f"a {config.model_type} cannot be shared by processes: set sharding to none")
            model: Any = AutoModelForCausalLM.from_config(config, dtype=config.dtype or torch.float32)
    except (OSError, ValueError, KeyError) as error:
        raise ModelNotLoadable(f"{folder} cannot be loaded as a causal language model: {first_line(error)}") from error
    layers = model.base_model.layers
    within = {id(each) for each in layers.modules()}
    for path, module in list(model.named_modules()):
        if id(module) in within:
            continue
        if any(True for _ in module.buffers(recurse=False)):  # angles of positions, which no file holds
            _replace(model, path, type(module)(config).to(device))
            continue
        for name, parameter in list(module.named_parameters(recurse=False)):
            if config.tie_word_embeddings and module is model.get_output_embeddings():
                continue
            values = stored.rows(f"{path}.{name}").to(device=device, dtype=parameter.dtype)
            setattr(module, name, nn.Parameter(values, requires_grad=False))
    model.tie_weights()
    loaded: PreTrainedModel = model
    return loaded


def _replace(model: nn.Module, path: str, module: nn.Module) -> None:
    parent, _, name = path.rpartition(".")
    setattr(model.get_submodule(parent), name, module)
