"""Verdict rules: from the votes on one comparison to its settled preference.

A rule is a function of the numbers of judgments for "a", "b", "tie" and "both_bad" alone. So neither the order of the
votes nor the display side matters, and exchanging a and b exchanges the result.

**Confidence.** Each vote is a draw from all possible annotators; p is the share of them who prefer a, with a tie as
half a vote for each side. With Jeffreys' prior Beta(1/2, 1/2) the posterior mean of p is (a + ties / 2 + 1/2) /
(votes + 1). So one vote gives 0.75, three of three 0.875, two of three 0.625, no votes 0.5: never certain, but closer
with more votes. This number, for the winning side, is p(chosen > rejected) in training.

**Certainty.** A vote of certainty p counts p for its choice and 1 - p for the other side. So one vote of certainty p
gives (p + 1/2) / 2. The winner follows from the whole votes, and its confidence is at least 1/2.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from labeling.stats.errors import InvalidCounts

Winner = Literal["a", "b", "tie", "both_bad"]
How = Literal["majority", "unanimity", "conflict", "no_votes"]

PRIOR = 0.5
"""Jeffreys' prior: half a vote for each side."""

CHOICES = ("a", "b", "tie", "both_bad")


@dataclass(frozen=True, slots=True)
class VerdictResult:
    """The result of a rule for the votes on one comparison.

    winner: None: unsettled.
    confidence: 0.5..1. For a or b: p(winner preferred). For tie and both bad: the smoothed share of votes without a
        preference. Unsettled: how far the votes lean, either way.
    settled: whether there is a winner.
    how: the rule that settled it; "conflict": the rule found no winner; "no_votes": there are none.
    preference: p(a preferred), 0..1, for every verdict.
    votes: the number of votes.
    """

    winner: Winner | None
    confidence: float
    settled: bool
    how: How
    preference: float
    votes: int


VerdictRule = Callable[[Mapping[str, int]], VerdictResult]


def preference_probability(votes: Mapping[str, int]) -> float:
    """p(a preferred): the posterior mean of the share of votes for a under Jeffreys' prior, ties half each."""
    a, b, tie, both_bad = _counted(votes)
    return (a + (tie + both_bad) / 2 + PRIOR) / (a + b + tie + both_bad + 2 * PRIOR)


def majority(votes: Mapping[str, int]) -> VerdictResult:
    """More than half of all votes for a, for b, or for neither (tie and both bad together).

    Among votes for neither, both bad wins only if it has more votes than tie, because it is the stronger statement.
    """
    return _settle(votes, "majority", lambda count, total: 2 * count > total)


def unanimity(votes: Mapping[str, int]) -> VerdictResult:
    """All votes for a, all for b, or all for neither."""
    return _settle(votes, "unanimity", lambda count, total: count == total)


RULES: Mapping[str, VerdictRule] = {"majority": majority, "unanimity": unanimity}
"""The rules by the name that a campaign stores."""


def lean_of(choice: str, certainty: float | None) -> float:
    """The part of a vote that its certainty moves from b to a. None: certain, which moves nothing."""
    if certainty is None or choice not in ("a", "b"):
        return 0.0
    return certainty - 1 if choice == "a" else 1 - certainty


def leaned(result: VerdictResult, lean: float) -> float:
    """The confidence of a result whose votes have certainties. lean: the sum of `lean_of` over its votes."""
    if not lean or result.winner in ("tie", "both_bad"):
        return result.confidence
    preference = result.preference + lean / (result.votes + 2 * PRIOR)
    leaning = max(preference, 1 - preference)
    return max({"a": preference, "b": 1 - preference}.get(result.winner or "", leaning), 0.5)


def _settle(
    votes: Mapping[str, int],
    rule: Literal["majority", "unanimity"],
    wins: Callable[[int, int], bool],
) -> VerdictResult:
    a, b, tie, both_bad = _counted(votes)
    total, neither = a + b + tie + both_bad, tie + both_bad
    preference = preference_probability(votes)
    leaning = max(preference, 1 - preference)
    if total == 0:
        return VerdictResult(None, leaning, False, "no_votes", preference, 0)
    if wins(a, total):
        return VerdictResult("a", leaning, True, rule, preference, total)
    if wins(b, total):
        return VerdictResult("b", leaning, True, rule, preference, total)
    if wins(neither, total):
        winner: Winner = "both_bad" if both_bad > tie else "tie"
        return VerdictResult(
            winner,
            (neither + PRIOR) / (total + 2 * PRIOR),
            True,
            rule,
            preference,
            total,
        )
    return VerdictResult(None, leaning, False, "conflict", preference, total)


def _counted(votes: Mapping[str, int]) -> tuple[int, int, int, int]:
    for choice, count in votes.items():
        if choice not in CHOICES:
            raise InvalidCounts(f"Unknown choice {choice!r}: a vote is one of {', '.join(CHOICES)}.")
        if count < 0 or count != int(count):
            raise InvalidCounts(f"{count} votes for {choice} is impossible.")
    return (
        votes.get("a", 0),
        votes.get("b", 0),
        votes.get("tie", 0),
        votes.get("both_bad", 0),
    )
