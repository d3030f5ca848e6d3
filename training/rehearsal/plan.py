"""The settings of a rehearsal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from training.models import DEFAULT_RULES, FEWEST_PAIRS
from training.rehearsal.rules import PreferenceRule

USUAL_PAIRS = 50
"""Held-out pairs that the product's own gate demands."""
HELD_OUT_SHARE = 0.3
"""Of the pairs of a small campaign (`training.queries.splits`)."""


class RehearsalFailed(RuntimeError):
    """A phase of a round failed; the message says which and why."""


@dataclass(frozen=True)
class RehearsalPlan:
    """The settings of a rehearsal. The defaults were found in docs/experiments.md."""

    rule: PreferenceRule
    rounds: int = 1
    error_rates: tuple[float, ...] = (0.1,)
    """One for each annotator in turn."""
    overlap: int = 3
    pairs_per_prompt: int = 2
    seed: int = 0
    max_tokens: int = 96
    samples: int = 2
    """Samples of each version for each prompt that is held for gates, for the win rates and rewards."""
    held: float = 0.4
    """The share of the prompts that is held for gates by people."""
    least_pairs: int | None = None
    """Held-out pairs that the gate demands; None: the usual number, or fewer where the first round cannot bring it."""
    allowed_fall: float = 0.0
    """By how much held-out accuracy may surely fall against the parent: 0.05 allows five points."""
    kl_budget: float | None = None
    """Nats a token that a version may drift from the one that serves; None: the gate's default."""
    only_new_labels: bool = False
    """Whether a round learns only the labels that the version it starts from has not learned."""
    poison: int | None = None
    """The round in which a poisoned crowd judges first."""
    poisoned_labels: int = 60
    regret: int | None = None
    """The round after whose promotion the lead rolls back."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the engine that differ from its defaults."""

    def error_rate(self, number: int) -> float:
        """Of the annotator with this number, from 0."""
        return self.error_rates[number % len(self.error_rates)]

    def pairs_a_round(self, prompts: int) -> int:
        """About how many pairs a round brings."""
        return round(prompts * (1 - self.held)) * self.pairs_per_prompt

    def gate_rules(self, prompts: int) -> list[dict[str, Any]]:
        """The default rules of a gate, with people who must be asked, and held-out pairs that the size allows."""
        expected = HELD_OUT_SHARE * self.pairs_a_round(prompts) / 2  # many pairs are ties by the rule
        least = self.least_pairs or max(FEWEST_PAIRS, min(USUAL_PAIRS, round(expected)))
        changed: dict[str, dict[str, Any]] = {
            "pairs": {"floor": least},
            "people": {"on_missing": "hold"},
            "difference_to_parent_high": {"floor": -self.allowed_fall},
        }
        if self.kl_budget is not None:
            changed["kl_per_token"] = {"ceiling": self.kl_budget}
        return [rule.as_json() | changed.get(rule.figure, {}) for rule in DEFAULT_RULES]

    def as_json(self) -> dict[str, Any]:
        """The settings as JSON values."""
        names = ("rounds", "overlap", "pairs_per_prompt", "seed", "max_tokens", "samples", "held", "poisoned_labels")
        return {
            **{
                name: getattr(self, name)
                for name in (*names, "allowed_fall", "kl_budget", "only_new_labels", "poison", "regret")
            },
            "rule": self.rule.name,
            "error_rates": list(self.error_rates),
            "config": dict(self.config),
        }
