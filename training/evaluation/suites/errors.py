"""Errors of suites: sentences with places, which the edge translates; every refusal says where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


def gettext_noop(text: str) -> str:
    """Marks a sentence for the catalogue; the edge translates it."""
    return text


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. line: in the file, from 1; 0: the file as a whole. text: may name values."""

    line: int
    text: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        said = self.text % self.values if self.values else self.text
        return f"Line {self.line}: {said}" if self.line else said


class WrongScenario(ValueError):
    """A scenario or one of its checks that cannot be used. line: of the part that is wrong, where it is known, or 0."""

    line = 0

    def __init__(self, text: str, **values: Any) -> None:
        self.text, self.values = text, values
        super().__init__(text % values if values else text)

    def at(self, line: int) -> Problem:
        return Problem(self.line or line, self.text, self.values)


class WrongSuite(ValueError):
    """A file that is no suite: every line that is wrong, in order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(map(str, problems)))
