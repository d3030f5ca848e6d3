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
"""The smallest scale, in nats: a smaller one would paint rounding errors."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token: its text, and its log-probability under the version and under the reference, in nats.

    heat: its colour, from -HEAT_STEPS (less likely than under the reference) to HEAT_STEPS.
    """

    text: str
    logp: float
    reference: float
    heat: int

    @property
    def ratio(self) -> float:
        """log pi - log pi_ref, in nats."""
        return self.logp - self.reference

    @property
    def visible_text(self) -> str:
        """The text with invisible characters made visible; a line break is marked and kept."""
        marked = self.text.replace("\n", "↵\n").replace("\t", "⇥")
        return marked if marked.strip(" ") else "·" * max(1, len(marked))


@dataclass(frozen=True, slots=True)
class Side:
    """The tokens of one completion."""

    tokens: list[Token]

    @property
    def logp(self) -> float:
        """The log-probability of the whole completion under the version, in nats."""
        return sum(token.logp for token in self.tokens)

    @property
    def reference(self) -> float:
        """The log-probability of the whole completion under the reference, in nats."""
        return sum(token.reference for token in self.tokens)

    @property
    def ratio(self) -> float:
        """log pi - log pi_ref of the whole completion, in nats."""
        return self.logp - self.reference


@dataclass(frozen=True, slots=True)
class Figures:
    """The quantities of DPO for two log-ratios and a beta. probability: P(chosen wins). loss: -log probability.

    weight: the factor of the gradient, beta times the probability that the label is wrong.
    """

    chosen_reward: float
    rejected_reward: float
    margin: float
    probability: float
    loss: float
    weight: float


@dataclass(frozen=True, slots=True)
class PairView:
    """A pair under one version. scale: the log-ratio of the deepest colour, in nats."""

    version: str
    chosen: Side
    rejected: Side
    scale: float

    def figures(self, beta: float) -> Figures:
        """The figures at a beta."""
        return figures(self.chosen.ratio, self.rejected.ratio, beta)


def figures(chosen_ratio: float, rejected_ratio: float, beta: float) -> Figures:
    """Equations 5 and 7 of DPO (arXiv 2305.18290), finite for any finite numbers."""
    margin = beta * (chosen_ratio - rejected_ratio)
    loss = log1p(exp(-margin)) if margin > 0 else -margin + log1p(exp(margin))
    # 1 - P, exact where it is small: the weight of a well-learned pair does not become zero.
    wrong = exp(-margin - loss) if margin > 0 else -expm1(-loss)
    return Figures(beta * chosen_ratio, beta * rejected_ratio, margin, exp(-loss), loss, beta * wrong)


def views(result: dict[str, Any]) -> tuple[PairView, PairView | None]:
    """A lens job's result as views, after and before (None: the reference itself), with one scale for both."""
    parts = [part for part in (result["after"], result["before"]) if part]
    sides = [part[side] for part in parts for side in ("chosen", "rejected")]
    scale = max([FAINTEST, *(abs(logp - reference) for side in sides for _, logp, reference in side)])
    both = [
        PairView(part["version"], _side(part["chosen"], scale), _side(part["rejected"], scale), scale) for part in parts
    ]
    return both[0], both[1] if len(both) > 1 else None


def _side(tokens: Sequence[Sequence[Any]], scale: float) -> Side:
    return Side(
        [
            Token(text, logp, reference, round(HEAT_STEPS * (logp - reference) / scale))
            for text, logp, reference in tokens
        ]
    )
