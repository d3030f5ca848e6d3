"""Loads a causal language model from a folder in the layout of transformers."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel
from transformers.utils import logging as transformers_logging


class ModelNotLoadable(Exception):
    """A folder that holds no causal language model. The message names folder and reason, without a full stop."""


def check_model_folder(folder: Path) -> None:
    """Raises ModelNotLoadable, with the reason, for a path that is no folder of a model."""
    if folder.is_file():
        raise ModelNotLoadable(f"{folder} is a file: name the model's folder")
    if not folder.is_dir():
        raise ModelNotLoadable(f"the folder {folder} does not exist")
    if (broken := broken_link(folder)) is not None:
        raise ModelNotLoadable(f"{broken} is a link to a file that does not exist")
    if (folder / "config.json").is_file():
        _refuse_pickles(folder)
        return
    if (folder / "adapter_config.json").is_file():
        raise ModelNotLoadable(
            f"{folder} is an adapter, not a model: name the base model's folder, and this one as the adapter"
        )
    raise ModelNotLoadable(f"{folder} is no model folder: it has no config.json")


def _refuse_pickles(folder: Path) -> None:
    weights = [path.name for path in sorted(folder.glob("pytorch_model*")) if path.suffix in (".bin", ".pt", ".pth")]
    if weights and not any(folder.glob("*.safetensors")):
        raise ModelNotLoadable(
            f"{folder} cannot be loaded as a causal language model: its weights are pickled ({weights[0]}), and a "
            "pickle may run any program. Convert them where you trust their source, by python -c "
            f'"from transformers import AutoModelForCausalLM as M; M.from_pretrained({str(folder)!r})'
            f'.save_pretrained({str(folder)!r})"'
        )


def broken_link(folder: Path) -> Path | None:
    """A link in a folder that leads to nothing: libraries take its file for one that was left out."""
    return next((path for path in sorted(folder.iterdir()) if path.is_symlink() and not path.exists()), None)


def load_model(folder: Path, *, dtype: torch.dtype | None = None) -> PreTrainedModel:
    """The model on the CPU, in ``dtype`` or in the format it is stored in. Nothing is looked up over the network.

    Pickled weights are refused: loading them can run programs. Raises ModelNotLoadable.
    """
    check_model_folder(folder)
    try:
        with quiet_libraries():
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                folder,
                dtype=dtype or "auto",
                use_safetensors=True,
                local_files_only=True,
                output_loading_info=True,
            )
    except SafetensorError as error:
        raise ModelNotLoadable(f"the weights in {folder} are damaged: {first_line(error)}; copy them anew") from error
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        if str(error).startswith("Unrecognized configuration class"):
            kind = AutoConfig.from_pretrained(folder, local_files_only=True).model_type
            raise ModelNotLoadable(
                f"{folder} cannot be loaded as a causal language model: transformers has none for a {kind}. Models "
                "with an encoder (T5) are none, and some that see pictures (Qwen2-VL)"
            ) from error
        raise ModelNotLoadable(f"{folder} cannot be loaded as a causal language model: {first_line(error)}") from error
    model: PreTrainedModel = loaded[0]
    if getattr(model.config.get_text_config(), "attn_logit_softcapping", None):
        model.set_attn_implementation("eager")  # the others leave the caps out without a word (Gemma 2)
    if missing := sorted(loaded[1]["missing_keys"]):  # transformers only warns, and fills them with random numbers
        raise ModelNotLoadable(f"{folder} lacks {len(missing)} of the model's weights, {missing[0]} among them")
    return model


def first_line(error: Exception) -> str:
    """The first line of an error's message, or the name of its kind if it has none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """No progress bars, advice or warnings from transformers and PEFT; errors are still raised."""
    logger: Any = transformers_logging  # its switches carry no types
    level, bars = logger.get_verbosity(), logger.is_progress_bar_enabled()
    logger.set_verbosity_error()
    logger.disable_progress_bar()
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logger.set_verbosity(level)
        if bars:
            logger.enable_progress_bar()
