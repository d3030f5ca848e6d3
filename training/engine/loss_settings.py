"""The choice of a preference loss, without its computation: the standard library only.

The interface offers losses and draws their floors; it does not load torch for that (200 MB, and seconds at each start).
"""

import math
from dataclasses import dataclass

NAMES = ("sigmoid", "sigmoid_norm", "robust", "ipo", "hinge", "orpo", "simpo", "sft", "unlikelihood")
"""The losses, by their names in `losses.LOSSES`."""

BETAS = {"sigmoid_norm": 5.0, "ipo": 2.5, "simpo": 2.0}
"""Where a loss compares means over tokens, DPO's beta of 0.1 would ask for nats a token. sigmoid_norm: that of Tulu 3
(arXiv 2411.15124); simpo: the paper's; ipo: asks for a difference of 1 / (2 beta) = 0.2 nats a token, as much as DPO's
margin of 1 is over 50 tokens."""

PER_TOKEN = tuple(BETAS)
"""The losses whose rewards are means over a completion's tokens: a margin of sums would grow with length alone."""

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
    unlikelihood_weight: float = 1.0


def loss_without_preference(settings: LossSettings) -> float | None:
    """The loss of a policy that is its reference: the start of a run. None where it depends on the texts.

    The confidence of a label does not matter there. sigmoid, sigmoid_norm, robust: ``log 2``; hinge: 1; ipo: ``1 / (4
    beta^2)``.
    """
    starts = dict.fromkeys(("sigmoid", "sigmoid_norm", "robust"), math.log(2.0))
    starts |= {"hinge": 1.0, "ipo": 1.0 / (4.0 * settings.beta**2)}
    return None if settings.sft_weight else starts.get(settings.loss)
