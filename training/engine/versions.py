"""Versions of the code and the libraries that numbers depend on."""

from __future__ import annotations

import platform

import torch

CODE_VERSION = 3  # goes up when the same config and data would give another adapter


def library_versions() -> dict[str, str]:
    """Engine, torch, transformers and Python."""
    import transformers

    return {
        "engine": str(CODE_VERSION),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "python": platform.python_version(),
    }
