"""The votes that a search for groups counts, and its result in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from common.sentences import Sentence
from labeling.models import Campaign, Choice, Comparison, Judgment
from labeling.queries.names import names_by_pseudonym
from labeling.queries.planned_votes import planned_votes
from labeling.stats.preference_groups import FEWEST_ANNOTATORS, FEWEST_VOTES


def group_votes(campaign: Campaign, *, simulated: bool = False) -> QuerySet[Judgment]:
    """The planned votes that prefer a side, of people; of simulated annotators alone if asked for."""
    rows = planned_votes(campaign).filter(choice__in=(Choice.A, Choice.B), annotator__is_simulated=simulated)
    return rows.exclude(comparison__status__in=Comparison.OUT)


def enough_people(campaign: Campaign, *, simulated: bool = False) -> int:
    """How many annotators have enough votes for a search."""
    rows = group_votes(campaign, simulated=simulated).order_by().values_list("annotator", flat=True)
    keys, counts = np.unique(np.fromiter(rows.iterator(), dtype=np.int64), return_counts=True)
    return int((counts >= FEWEST_VOTES).sum()) if keys.size else 0


def is_simulated_only(campaign: Campaign) -> bool:
    """Whether nobody but simulated annotators has voted: then a search looks at these, and says so."""
    return not group_votes(campaign).exists() and group_votes(campaign, simulated=True).exists()


ENOUGH = gettext_noop(
    "One group is enough: no division of the %(people)s annotators predicts held-out votes surely better."
)
DIVIDED = gettext_noop(
    "%(groups)s groups: held-out votes of %(people)s annotators are predicted surely better than by one group."
)
TOO_FEW = gettext_noop(
    "A search needs at least %(people)s annotators with %(votes)s votes that prefer a side; there are %(there)s."
)


def finding_of(result: dict[str, Any]) -> Sentence:
    """The result of a search in a sentence."""
    if result["groups"] == 1:
        return Sentence(ENOUGH, {"people": result["people"]})
    return Sentence(DIVIDED, {"groups": result["groups"], "people": result["people"]})


def too_few(there: int) -> Sentence:
    """Why a search makes no sense yet."""
    return Sentence(TOO_FEW, {"people": FEWEST_ANNOTATORS, "votes": FEWEST_VOTES, "there": there})


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """A group that a search found, for its readers. names: empty where the campaign is pseudonymous."""

    size: int
    names: list[str]
    certainty: float
    leanings: list[tuple[str, float]]


FEWEST_LEANING = 0.25
"""A leaning of a smaller weight is not worth a word."""


def found_groups(
    campaign: Campaign, result: dict[str, Any], names: Mapping[str, str] | None = None
) -> list[FoundGroup]:
    """The groups of a search. leanings: labels of the axes that sway it, the strongest first, with their weights.

    names: of `names_found`; None: they are read.
    """
    names = names_found(campaign, [result]) if names is None else names
    groups = []
    for one in result["found"]:
        swayed = sorted(one["profile"], key=lambda each: -abs(each[1]))
        leanings = [(label, weight) for label, weight in swayed if abs(weight) >= FEWEST_LEANING]
        shown = sorted((names[pseudonym] for pseudonym in one["members"] if pseudonym in names), key=str.casefold)
        groups.append(FoundGroup(len(one["members"]), shown, one["certainty"] or 0.0, leanings[:3]))
    return groups


def names_found(campaign: Campaign, results: Iterable[dict[str, Any]]) -> dict[str, str]:
    """The names of everybody in the groups of some searches; none in a pseudonymous campaign."""
    if campaign.pseudonymous:
        return {}
    people = {pseudonym for result in results for one in result["found"] for pseudonym in one["members"]}
    return names_by_pseudonym(campaign, people)
