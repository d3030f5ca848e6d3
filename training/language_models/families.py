"""The model families whose attention the engine and the embedded sampler compute by themselves."""

from typing import Any

# Plain softmax attention over absolute distances, proven by the tests: packed rows against a naive forward pass,
# rows of growing sequences against ``model.generate``.
FAMILIES = frozenset({"llama", "mistral", "qwen2", "qwen3", "smollm3", "olmo2"})
# Rotary embeddings whose angles depend on a token's position alone, not on the longest sequence of the batch.
STATIC_ROPE = frozenset({"default", "linear", "llama3", "yarn"})


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
