"""The work of the model for campaigns: for their leads each job in a sentence, for annotators when new pairs come.

Labeling does not know training. The app that trains registers its look-ups here when it starts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from labeling.models import Campaign, User


@dataclass(frozen=True, slots=True)
class ModelWork:
    """A job of the model in a sentence, and the address of the page that shows it."""

    sentence: str
    address: str


WorkLookup = Callable[[Sequence[Campaign], User, datetime], Mapping[int, list[ModelWork]]]
PairsLookup = Callable[[Campaign, datetime], str]
_WORK: list[WorkLookup] = []
_PAIRS: list[PairsLookup] = []


def register_lookups(*, work: WorkLookup, pairs: PairsLookup) -> None:
    """Registers the functions behind `model_work` and `coming_pairs`."""
    if work not in _WORK:
        _WORK.append(work)
        _PAIRS.append(pairs)


def model_work(campaigns: Sequence[Campaign], lead: User, now: datetime) -> dict[int, list[ModelWork]]:
    """The model's jobs for campaigns that this person leads, by the campaign's key; only jobs that are not over."""
    work: dict[int, list[ModelWork]] = {}
    for lookup in _WORK:
        for campaign, lines in lookup(campaigns, lead, now).items():
            work.setdefault(campaign, []).extend(lines)
    return work


def coming_pairs(campaign: Campaign, now: datetime) -> str:
    """When the model will have written new pairs, in a sentence that names no campaign; empty: it writes none."""
    return " ".join(filter(None, (lookup(campaign, now) for lookup in _PAIRS)))
