"""Figures of suite runs: shares by tag with Wilson's intervals, and what changed from one run to another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labeling.stats import wilson_interval
from training.evaluation.suites.checks import Outcome


@dataclass(frozen=True, slots=True)
class TagFigures:
    """Scenarios of one tag. The share and its 95 % interval are of those decided; unknown ones count for nothing."""

    tag: str
    passed: int
    failed: int
    unknown: int

    @property
    def decided(self) -> int:
        return self.passed + self.failed

    @property
    def share(self) -> float | None:
        return self.passed / self.decided if self.decided else None

    @property
    def interval(self) -> tuple[float, float]:
        return wilson_interval(self.passed, self.decided)


def figures_by_tag(results: Sequence[tuple[str, Outcome]]) -> list[TagFigures]:
    """The figures of each tag in the order of its first scenario. results: (tag, outcome) of each scenario."""
    tags = list(dict.fromkeys(tag for tag, _ in results))
    return [figures_of(tag, [outcome for other, outcome in results if other == tag]) for tag in tags]


def figures_of(tag: str, outcomes: Sequence[Outcome]) -> TagFigures:
    """The figures of some scenarios under one name."""
    return TagFigures(tag, outcomes.count("passed"), outcomes.count("failed"), outcomes.count("unknown"))


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes between two runs, by the ids of scenarios that both decided.

    lost: passed before, failed after. won: the reverse. same: the same outcome. open: unknown in one of the runs.
    """

    lost: list[str]
    won: list[str]
    same: list[str]
    open: list[str]

    @property
    def decided(self) -> int:
        return len(self.lost) + len(self.won) + len(self.same)


def changes(before: Mapping[str, Outcome], after: Mapping[str, Outcome]) -> Changes:
    """The changes from one run to another, over the scenarios that both have, in the order of the later run."""
    found = Changes([], [], [], [])
    for key, outcome in after.items():
        if key not in before:
            continue
        earlier = before[key]
        if "unknown" in (earlier, outcome):
            found.open.append(key)
        elif earlier == outcome:
            found.same.append(key)
        else:
            (found.lost if outcome == "failed" else found.won).append(key)
    return found
