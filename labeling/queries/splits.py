"""How the prompts of a campaign are split for training.

Labeling does not know training. The app that trains registers its look-up here when it starts.
"""

from collections.abc import Callable

from labeling.exchange import Split
from labeling.models import Campaign

Lookup = Callable[[Campaign], Split]
_LOOKUPS: list[Lookup] = []


def register_split(lookup: Lookup) -> None:
    """Registers a function that returns the split of a campaign's next snapshot."""
    if lookup not in _LOOKUPS:
        _LOOKUPS.append(lookup)


def split_of(campaign: Campaign) -> Split:
    """The split of a campaign's next snapshot, if nobody chooses another share."""
    return _LOOKUPS[0](campaign) if _LOOKUPS else Split()
