"""The choice of a preference loss, without its computation: the standard library only.

The interface offers losses and draws their floors; it does not load torch for that (200 MB, and seconds at each start).
"""

import math
from dataclasses import dataclass

NAMES = ("sigmoid", "robust", "ipo", "hinge", "orpo", "simpo")
"""The losses, by their names in `losses.LOSSES`."""

WITH_MARGIN = ("sigmoid", "robust", "hinge")
"""The losses that ``dpop_weight`` applies to."""


@dataclass(frozen=True)
class LossSettings:
    """A loss by its name, and its constants. See ``RunConfig`` for their ranges."""

    loss: str = "sigmoid"
    beta: float = 0.1
    label_noise: float = 0.1
    simpo_margin: float = 0.5
    sft_weight: float = 0.0
    dpop_weight: float = 0.0


def loss_without_preference(settings: LossSettings) -> float | None:
    """The loss of a policy that is its reference: the start of a run. None where it depends on the texts.

    The confidence of a label does not matter there. sigmoid, robust: ``log 2``; hinge: 1; ipo: ``1 / (4 beta^2)``.
    """
    starts = {"sigmoid": math.log(2.0), "robust": math.log(2.0), "hinge": 1.0, "ipo": 1.0 / (4.0 * settings.beta**2)}
    return None if settings.sft_weight else starts.get(settings.loss)
