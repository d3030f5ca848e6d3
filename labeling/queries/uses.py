"""Where the labels of a comparison, prompt or judgment were used.

Labeling does not know training. The app that trains registers its look-up here when it starts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from labeling.models import Comparison, Judgment, Prompt


@dataclass(frozen=True, slots=True)
class Use:
    """A snapshot that holds pairs of a comparison, prompt or judgment.

    snapshot: its hash. address: of its page. comparisons: how many of them it holds. is_held_out: its pairs measure
    versions, and none learns from them. versions: trained on it; later: trained from those. Each with its page.
    """

    snapshot: str
    address: str
    at: datetime
    comparisons: int
    is_held_out: bool
    versions: list[tuple[str, str]]
    later: list[tuple[str, str]]


Lookup = Callable[[Comparison | Prompt | Judgment], list[Use]]
_LOOKUPS: list[Lookup] = []


def register_uses(lookup: Lookup) -> None:
    """Registers a function that returns the uses of a comparison, prompt or judgment, newest first."""
    if lookup not in _LOOKUPS:
        _LOOKUPS.append(lookup)


def uses_of(row: Comparison | Prompt | Judgment) -> list[Use]:
    """The snapshots that hold pairs of it, newest first."""
    return [use for lookup in _LOOKUPS for use in lookup(row)]
