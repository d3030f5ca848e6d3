"""The versions of code and libraries that the numbers depend on."""

from __future__ import annotations

import platform

import torch

CODE_VERSION = 3  # raise it when the same config and data would give another adapter


def library_versions() -> dict[str, str]:
    """The versions of engine, torch, transformers and Python, by name."""
    import transformers

    return {
        "engine": str(CODE_VERSION),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "python": platform.python_version(),
    }


def rounding_ingredients(quantization: str) -> dict[str, str]:
    """The format of frozen weights that are rounded, and the version of the library that rounds them."""
    from importlib.metadata import version

    if quantization == "none":
        return {}
    return {"quantization": quantization, "bitsandbytes": version("bitsandbytes")}
