"""Sampling completions: an embedded sampler on the CPU, or any OpenAI-compatible server. No Django, no Celery.

`python -m training.generation --help` prepares the default model and samples from a folder by hand.
Parts that need torch or an HTTP client are loaded on first use: a web process that only checks settings stays small.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from training.generation.contract import (
    FinishReason,
    GeneratedCompletion,
    GenerationFailure,
    GenerationRequest,
    Generator,
    Outcome,
    SamplingSettings,
)
from training.generation.diversity import NEARLY_THE_SAME, distinct_pairs, similarity
from training.generation.errors import (
    GenerationError,
    GeneratorUnavailable,
    InvalidRequest,
    InvalidSettings,
    ModelForgotten,
    ModelNotUsable,
    ModelPreparationError,
)
from training.generation.manifest import MANIFEST_NAME, read_model_manifest
from training.language_models.messages import Message

if TYPE_CHECKING:
    from training.generation.default_model import prepare_model
    from training.generation.sampler import EmbeddedSampler
    from training.generation.server import ModelServer
    from training.generation.servers import OpenAIGenerator

__all__ = [
    "MANIFEST_NAME",
    "NEARLY_THE_SAME",
    "EmbeddedSampler",
    "FinishReason",
    "GeneratedCompletion",
    "GenerationError",
    "GenerationFailure",
    "GenerationRequest",
    "Generator",
    "GeneratorUnavailable",
    "InvalidRequest",
    "InvalidSettings",
    "Message",
    "ModelForgotten",
    "ModelNotUsable",
    "ModelPreparationError",
    "ModelServer",
    "OpenAIGenerator",
    "Outcome",
    "SamplingSettings",
    "distinct_pairs",
    "prepare_model",
    "read_model_manifest",
    "similarity",
]

_LOADED_WHEN_USED = {
    "EmbeddedSampler": "training.generation.sampler",
    "ModelServer": "training.generation.server",
    "OpenAIGenerator": "training.generation.servers",
    "prepare_model": "training.generation.default_model",
}


def __getattr__(name: str) -> Any:
    """Loads the heavy parts on first use (PEP 562)."""
    if name not in _LOADED_WHEN_USED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Read once, when torch is loaded. Threads that wait for long yield their core: without this a second busy process
    # on two cores made a decoding step 2 to 10 times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    return getattr(import_module(_LOADED_WHEN_USED[name]), name)
