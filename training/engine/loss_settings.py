"""The choice of a preference loss, without its computation: the standard library only.

The interface offers losses and draws their floors; it does not load torch for that (200 MB, and seconds at each start).
"""

import math
from dataclasses import dataclass

NAMES = ("sigmoid", "sigmoid_norm", "robust", "ipo", "hinge", "orpo", "simpo", "sft", "unlikelihood", "em")
"""The losses, by their names in `losses.LOSSES`."""

BETAS = {"sigmoid_norm": 5.0, "ipo": 2.5, "simpo": 2.0}
"""Where a loss compares means over tokens, DPO's beta of 0.1 would ask for nats a token. sigmoid_norm: that of Tulu 3
(arXiv 2411.15124); simpo: the paper's; ipo: asks for a difference of 1 / (2 beta) = 0.2 nats a token, as much as DPO's
margin of 1 is over 50 tokens."""

BETA = 0.1
"""DPO's own, and that of every other loss."""

RANGES = {
    **dict.fromkeys(("sigmoid", "robust", "hinge", "orpo", "em"), (0.001, 10.0)),
    **dict.fromkeys(BETAS, (0.5, 100.0)),
}
"""The betas under which a loss does its work. Below, no text reaches what it asks for, and it pushes without end;
above, the first steps reach it."""

RATES = {"lora": (1e-6, 5e-2), "full": (1e-8, 1e-3)}
"""Learning rates of an adapter and of all weights. Above them training blows up, below them nothing is learned."""

PER_TOKEN = tuple(BETAS)
"""The losses whose rewards are means over a completion's tokens: a margin of sums would grow with length alone."""

WITH_MARGIN = ("sigmoid", "robust", "hinge", "em")
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
    center_rewards_coefficient: float = 0.0


def doubts(settings: LossSettings, *, learning_rate: float, tuning: str) -> list[str]:
    """A sentence for each value that its loss cannot work with, though it is allowed. Empty: all is as usual."""
    found = []
    low, high = RANGES.get(settings.loss, (0.0, math.inf))  # sft and unlikelihood have no beta
    if not low <= settings.beta <= high:
        asks = f" (it asks for about {0.5 / settings.beta:.2g} nats a token)" if settings.loss in PER_TOKEN else ""
        own = BETAS.get(settings.loss, BETA)
        found.append(
            f"beta={settings.beta:g} does not suit loss={settings.loss}{asks}: set it between {low:g} and {high:g}, or "
            f"leave it out for {own:g}"
        )
    asked, most = settings.simpo_margin / settings.beta, 2 * settings.beta
    if settings.loss == "simpo" and settings.simpo_margin > most:
        found.append(
            f"simpo_margin={settings.simpo_margin:g} asks for {asked:.2g} nats a token: set it to at most {most:g}, "
            "twice the beta"
        )
    low, high = RATES[tuning]
    if not low <= learning_rate <= high:
        found.append(
            f"learning_rate={learning_rate:g} does not suit tuning={tuning}: set it between {low:g} and {high:g}"
        )
    return found


def as_table() -> str:
    """Every loss with its own beta and the range of it, for the command line's help."""
    lines = ["losses (--set loss=NAME), their beta unless it is set, and its usual range:"]
    for name in NAMES:
        own = f"{BETAS.get(name, BETA):g}"
        lines.append(f"  {name:<13} {own:<4} {'{:g} to {:g}'.format(*RANGES[name]) if name in RANGES else 'not used'}")
    rates = ", ".join(f"{low:g} to {high:g} with tuning={name}" for name, (low, high) in RATES.items())
    return "\n".join([*lines, f"usual learning rates: {rates}"])


def loss_without_preference(settings: LossSettings) -> float | None:
    """The loss of a policy that is its reference: the start of a run. None where it depends on the texts.

    The confidence of a label does not matter there. sigmoid, sigmoid_norm, robust, em: ``log 2``; hinge: 1; ipo:
    ``1 / (4 beta^2)``.
    """
    starts = dict.fromkeys(("sigmoid", "sigmoid_norm", "robust", "em"), math.log(2.0))
    starts |= {"hinge": 1.0, "ipo": 1.0 / (4.0 * settings.beta**2)}
    return None if settings.sft_weight else starts.get(settings.loss)
