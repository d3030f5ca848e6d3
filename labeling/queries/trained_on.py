"""Which model versions were trained on a person's judgments: asked here, answered by the app that trains.

Labeling does not know training; the app above it registers its look-up when it starts.
"""

from collections.abc import Callable

from labeling.models import User

Lookup = Callable[[User], list[str]]
_LOOKUPS: list[Lookup] = []


def register_lookup(lookup: Lookup) -> None:
    """Registers a function that names the model versions trained on a person's judgments."""
    if lookup not in _LOOKUPS:
        _LOOKUPS.append(lookup)


def versions_trained_on(person: User) -> list[str]:
    """Their names, in alphabetical order."""
    return sorted({name for lookup in _LOOKUPS for name in lookup(person)})
