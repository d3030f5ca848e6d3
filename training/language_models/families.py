"""The model families whose attention the engine and the embedded sampler compute by themselves."""

from typing import Any

from transformers import conversion_mapping

# Plain softmax attention over absolute distances, proven by the tests: packed rows against a naive forward pass,
# rows of growing sequences against ``model.generate``.
FAMILIES = frozenset({"llama", "mistral", "qwen2", "qwen3", "smollm3", "olmo2"})
# Rotary embeddings whose angles depend on a token's position alone, not on the longest sequence of the batch.
STATIC_ROPE = frozenset({"default", "linear", "llama3", "yarn"})
# Their fused kernels read these weights past any adapter; PEFT loads none on them.
_MAMBA = frozenset({"falcon_h1", "falcon_mamba", "mamba", "mamba2", "nemotron_h"})
_OF_MAMBA = frozenset({"out_proj", "conv1d"})
# Experts that were layers of these names are one tensor now. PEFT takes the names for the experts in every family
# whose files are converted as these two, and so loads nothing into dense layers and shared experts of the same names.
_OF_EXPERTS = {"qwen2_moe": frozenset({"gate_proj", "up_proj", "down_proj"}), "mixtral": frozenset({"w1", "w2", "w3"})}


def names_without_adapter(config: Any) -> frozenset[str]:
    """Linear layers of a model that no adapter may be on, by the last part of their paths: PEFT would refuse it, or
    leave these layers out of it. ``config``: the model's."""
    if config.model_type in _MAMBA:
        return _OF_MAMBA
    converted: dict[str, str] = getattr(conversion_mapping, "_MODEL_TO_CONVERSION_PATTERN", {})  # as PEFT finds them
    return _OF_EXPERTS.get(converted.get(config.model_type, ""), frozenset())


def has_plain_attention(config: Any) -> bool:
    """Whether every layer of a model attends to the whole past, so that many sequences may share one pass.

    ``config``: the model's config in transformers. Any other model runs one sequence at a time through its own code.
    """
    rope = getattr(config, "rope_parameters", None) or {}
    layer_types = set(getattr(config, "layer_types", None) or ["full_attention"])
    return (
        config.model_type in FAMILIES
        and rope.get("rope_type", "default") in STATIC_ROPE
        and layer_types == {"full_attention"}
        and not (getattr(config, "sliding_window", None) and getattr(config, "use_sliding_window", True))
    )
