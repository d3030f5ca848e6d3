"""The votes of a campaign as a search for groups reads them, with the form of the texts; and its result."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labeling.models import Campaign, Choice, Comparison, Completion, User
from labeling.stats import FoundGroups, Votes
from training.evaluation.axes import TEXT_AXES
from training.queries.groups import group_votes, is_simulated_only

MOST_COMPARISONS = 20_000
"""Those of the newest votes: more tell nothing more about who belongs together, and take hours."""
AT_ONCE = 500
"""Texts that are read at once."""


@dataclass(frozen=True, slots=True)
class VotesRead:
    """Votes and whose they are. people: pseudonyms, in the order of `votes.annotator`."""

    votes: Votes
    people: list[str]
    simulated: bool


def read_votes(campaign: Campaign, *, meanwhile: Callable[[], None]) -> VotesRead:
    """The votes of a campaign with the axes of form of each comparison, a less b, standardised.

    meanwhile: called every few hundred texts; whatever it raises ends the reading.
    """
    simulated = is_simulated_only(campaign)
    rows = list(
        group_votes(campaign, simulated=simulated)
        .order_by("-pk")
        .values_list("annotator", "comparison", "choice")[: 4 * MOST_COMPARISONS]
    )
    comparisons = list(dict.fromkeys(comparison for _by, comparison, _choice in rows))[:MOST_COMPARISONS]
    numbers = {comparison: number for number, comparison in enumerate(comparisons)}
    kept = [row for row in rows if row[1] in numbers]
    annotators = sorted({by for by, _comparison, _choice in kept})
    names = dict(User.objects.filter(pk__in=annotators).values_list("pk", "pseudonym"))
    places = {by: place for place, by in enumerate(annotators)}
    votes = Votes(
        np.array([places[by] for by, _comparison, _choice in kept], dtype=np.int64),
        np.array([numbers[comparison] for _by, comparison, _choice in kept], dtype=np.int64),
        np.array([float(choice == Choice.A) for _by, _comparison, choice in kept]),
        _features(comparisons, meanwhile),
    )
    return VotesRead(votes, [names[by] for by in annotators], simulated)


def _features(comparisons: Sequence[int], meanwhile: Callable[[], None]) -> Any:
    """How much more of each axis text a has, over its spread; shape (comparisons, axes). Zero where all are alike."""
    sides = Comparison.objects.filter(pk__in=comparisons).values_list("pk", "completion_a", "completion_b")
    of = {pk: (a, b) for pk, a, b in sides}
    keys = {key for pair in of.values() for key in pair}
    measured: dict[int, list[float]] = {}
    texts = Completion.objects.filter(pk__in=keys).values_list("pk", "text").iterator(chunk_size=AT_ONCE)
    for number, (key, text) in enumerate(texts):
        if number % AT_ONCE == 0:
            meanwhile()
        measured[key] = [axis.measure(text) for axis in TEXT_AXES]
    table = np.array([np.subtract(measured[of[pk][0]], measured[of[pk][1]]) for pk in comparisons])
    spread = np.sqrt(np.square(table).mean(axis=0))
    return np.clip(table / np.where(spread > 0, spread, 1.0), -3, 3)


def result_of(read: VotesRead, found: FoundGroups) -> dict[str, Any]:
    """The result of a search as its row keeps it.

    groups: how many; 1: one is enough. found: of each group the members (pseudonyms), the mean certainty of their
    membership, and the profile: each axis (its label) with how much a standard deviation more of it raises the log odds
    of being preferred. gain: by the number of groups, how much better held-out votes are predicted than by one:
    log-likelihood of a vote, and its standard error. left_out: people with too few votes.
    """
    groups = []
    for number in range(found.groups if found.groups > 1 else 0):
        members = [place for place, group in enumerate(found.member_of) if group == number]
        groups.append(
            {
                "members": [read.people[place] for place in members],
                "certainty": float(np.mean([found.certainty[place] for place in members])) if members else None,
                "profile": [[axis.label, float(w)] for axis, w in zip(TEXT_AXES, found.profiles[number], strict=True)],
            }
        )
    return {
        "groups": found.groups,
        "found": groups,
        "people": sum(group >= 0 for group in found.member_of),
        "left_out": sum(group < 0 for group in found.member_of),
        "votes": int(read.votes.for_a.size),
        "simulated": read.simulated,
        "gain": {str(groups): list(gain) for groups, gain in found.gain.items()},
    }
