"""Which share of a card's arithmetic a run uses (MFU, arXiv 2204.02311, appendix B): its own operations alone, without
what is computed twice."""

from __future__ import annotations

import torch
from torch import nn

from training.engine.model.layers import layers_of
from training.engine.model.policy import TrainedModel
from training.engine.model.weights import CastLinear
from training.language_models.adapters import AdaptedLinear

PEAKS = {
    "H200": 989e12,
    "H100 PCIe": 756e12,
    "H100 NVL": 835e12,
    "H100": 989e12,
    "A100": 312e12,
    "L40S": 362e12,
    "L40": 181e12,
    "L4": 121e12,
    "B200": 2250e12,
}
"""Dense operations a second in bf16 that the makers state, by a part of the card's name: the first that fits."""


def peak_of(card: str) -> float | None:
    """Operations a second of a card by its name; None where nothing is known of it."""
    return next((value for name, value in PEAKS.items() if name in card), None)


class Operations:
    """The arithmetic of a model's steps: 2 operations for a weight and token in the forward and 2 for the gradient by
    the input, 2 more where the weight is trained. Attention's own products are left out, so it is a lower bound."""

    def __init__(self, trained: TrainedModel) -> None:
        self.per_token = sum(map(_of_layer, layers_of(trained.model).modules()))
        output = trained.head.output
        self.per_scored = (4 if trained.weights_are_frozen else 6) * output.in_features * output.out_features
        is_known = trained.device.type == "cuda" and trained.dtype == torch.bfloat16
        self.peak = peak_of(torch.cuda.get_device_name(trained.device)) if is_known else None

    def of_step(self, tokens: int, scored: int) -> int:
        """The operations of a step: of all tokens in the layers, of the scored ones in the head."""
        return tokens * self.per_token + scored * self.per_scored

    def share(self, operations: int, seconds: float, processes: int) -> dict[str, float]:
        """``mfu`` of so many operations in a time; nothing where the card's peak is not known."""
        return {} if self.peak is None else {"mfu": round(operations / seconds / (self.peak * processes), 4)}


def _of_layer(module: nn.Module) -> int:
    if isinstance(module, CastLinear):
        return 6 * module.weight.numel()
    if not isinstance(module, AdaptedLinear):
        return 0
    factors = [each.numel() for each in (module.lora_a, module.lora_b) if each is not None]
    return 4 * module.in_features * module.out_features + 6 * sum(factors)
