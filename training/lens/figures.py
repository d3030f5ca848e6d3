"""The arithmetic of a lens job: from token log-probabilities to rewards, margin, probability and loss. Pure.

The page's beta slider does the same in the browser (frontend/js/lib/dpo_figures.js); a browser test holds the two
together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, expm1, log1p
from typing import Any

HEAT_STEPS = 5
FAINTEST = 0.05
"""Nats: a scale below it would paint rounding."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token's own text, its log-probability under the version and under the reference (nats), and how it is painted:
    heat from -HEAT_STEPS (less likely than before) to HEAT_STEPS."""

    text: str
    logp: float
    reference: float
    heat: int

    @property
    def ratio(self) -> float:
        """log pi - log pi_ref."""
        return self.logp - self.reference

    @property
    def shown(self) -> str:
        """The text with what cannot be seen made visible; a line break stays one too."""
        marked = self.text.replace("\n", "↵\n").replace("\t", "⇥")
        return marked if marked.strip(" ") else "·" * max(1, len(marked))


@dataclass(frozen=True, slots=True)
class Side:
    """One completion."""

    tokens: list[Token]

    @property
    def logp(self) -> float:
        """Of the whole completion under the version."""
        return sum(token.logp for token in self.tokens)

    @property
    def reference(self) -> float:
        """The same under the reference."""
        return sum(token.reference for token in self.tokens)

    @property
    def ratio(self) -> float:
        """log pi - log pi_ref of the whole completion."""
        return self.logp - self.reference


@dataclass(frozen=True, slots=True)
class Figures:
    """What DPO makes of two log-ratios at a beta. loss: -log P(chosen wins). weight: what the gradient is scaled by,
    beta times the probability that the label is wrong."""

    chosen_reward: float
    rejected_reward: float
    margin: float
    probability: float
    loss: float
    weight: float


@dataclass(frozen=True, slots=True)
class View:
    """A pair under one version. scale: nats of the deepest colour."""

    version: str
    chosen: Side
    rejected: Side
    scale: float

    def figures(self, beta: float) -> Figures:
        """Rewards and what follows from them."""
        return figures(self.chosen.ratio, self.rejected.ratio, beta)


def figures(chosen_ratio: float, rejected_ratio: float, beta: float) -> Figures:
    """Equations 5 and 7 of DPO (arXiv 2305.18290), finite for any finite numbers."""
    margin = beta * (chosen_ratio - rejected_ratio)
    loss = log1p(exp(-margin)) if margin > 0 else -margin + log1p(exp(margin))
    # 1 - P is exact where it is small, so that the weight of a pair that is learned does not become zero.
    wrong = exp(-margin - loss) if margin > 0 else -expm1(-loss)
    return Figures(beta * chosen_ratio, beta * rejected_ratio, margin, exp(-loss), loss, beta * wrong)


def views(result: dict[str, Any]) -> tuple[View, View | None]:
    """A lens job's result as the page shows it: after, and before (None: the reference itself). One scale for both."""
    parts = [part for part in (result["after"], result["before"]) if part]
    ratios = [abs(mine - theirs) for part in parts for side in ("chosen", "rejected") for _, mine, theirs in part[side]]
    scale = max([FAINTEST, *ratios])
    found = [
        View(part["version"], _side(part["chosen"], scale), _side(part["rejected"], scale), scale) for part in parts
    ]
    return found[0], found[1] if len(found) > 1 else None


def _side(tokens: Sequence[Sequence[Any]], scale: float) -> Side:
    return Side(
        [Token(text, mine, theirs, round(HEAT_STEPS * (mine - theirs) / scale)) for text, mine, theirs in tokens]
    )
