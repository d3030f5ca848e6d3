"""The model versions that were trained on a person's judgments.

Labeling does not know training. The app that trains registers its look-up here when it starts.
"""

from collections.abc import Callable

from labeling.models import User

Lookup = Callable[[User], list[str]]
_LOOKUPS: list[Lookup] = []


def register_lookup(lookup: Lookup) -> None:
    """Registers a function that returns the names of the model versions trained on a person's judgments."""
    if lookup not in _LOOKUPS:
        _LOOKUPS.append(lookup)


def versions_trained_on(person: User) -> list[str]:
    """The names of the model versions trained on a person's judgments, sorted."""
    return sorted({name for lookup in _LOOKUPS for name in lookup(person)})
