"""Argilla's records whose question orders three or more texts.

An order becomes comparisons as any ranking does (`ReadLimits.ranking`), and each annotator who ordered the texts has an
opinion on each of them. Equal ranks are a tie.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import Any

from common.phrases import gettext_noop
from labeling.exchange import parsing
from labeling.exchange.asking import asked_by
from labeling.exchange.building import MOST_RANKED
from labeling.exchange.opinions import COMMENTS, opinion, person_name, unused, without
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.platform_readers import (
    FINISHED,
    OTHER_ANSWERS,
    SKIPPED,
    Answers,
    Pair,
    answers_of,
    object_in,
    platform_comparison,
    read_argilla,
    read_every,
)
from labeling.exchange.questions import preferred_order
from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.reader import Comparisons, Reader, has
from labeling.exchange.records import ImportedComparison, JsonObject, Preference, Vote
from labeling.exchange.usual_names import with_usual_names

Ranks = dict[str, float]
"""The fields with the texts, and the rank of each; the lowest is the best."""


def read_argilla_record(place: Place, record: JsonObject, limits: ReadLimits) -> Comparisons:
    """A record with two texts, or one whose annotators ordered more."""
    fields = with_usual_names(object_in(record, "fields"))
    answers = list(answers_of(record.get("responses")))
    orders = [_ranks_in(given, fields) if status in FINISHED else {} for _, status, given, _ in answers]
    ranked = {name for order in orders for name in order}
    if not ranked:
        return read_argilla(place, record, limits)
    pairs: dict[frozenset[str], Pair] = {}
    for order in filter(None, orders):
        for pair in _pairs(sorted(order, key=order.__getitem__), limits.ranking):
            pairs.setdefault(frozenset(pair), pair)
    others = [
        {**about, "answers": said}
        for (_, status, given, about), order in zip(answers, orders, strict=True)
        if not order and status in FINISHED and status not in SKIPPED and (said := without(given))
    ]
    record = record | ({OTHER_ANSWERS: others} if others else {})
    asked_by(without(fields, *ranked))  # refuses the record, not each pair, if it has no prompt

    def read_pair(pair: Pair) -> ImportedComparison:
        votes = [_vote(one, order, pair, limits, fields) for one, order in zip(answers, orders, strict=True)]
        data = {name: value for name, value in fields.items() if name in pair or name not in ranked}
        stated = {"a": pair[0], "b": pair[1]}
        known = tuple(vote for vote in votes if vote)
        return platform_comparison(place, "argilla", data, known, record, ("fields", "responses"), limits, stated)

    return read_every(pairs.values(), read_pair)


def _ranks_in(answers: JsonObject, fields: JsonObject) -> Ranks:
    """The ranks in an annotator's answers. Empty: no question orders three or more texts."""
    listed: list[JsonObject] = answers.get(_question(answers, fields), [])
    ranks: Ranks = {}
    for one in listed:
        name, rank = one.get("value"), parsing.optional_number(one, "rank")
        if rank is None:
            raise BadRecordError("ranking", gettext_noop("A ranking has no rank for an answer."), "responses")
        if not isinstance(name, str) or name not in fields or name in ranks:
            reason = gettext_noop("A ranking names an item twice, or one that is none.")
            raise BadRecordError("ranking", reason, "responses")
        ranks[name] = rank
    return ranks


def _question(answers: JsonObject, fields: JsonObject) -> str:
    """The question that orders three or more texts by preference. Empty: there is none, or nobody knows which."""
    return preferred_order({name: value for name, value in answers.items() if _is_ranking(value, fields)})


def _is_ranking(value: Any, fields: JsonObject) -> bool:
    """Whether an answer orders texts. One whose items are no names of fields orders something else, as qualities."""
    is_long = isinstance(value, list) and 2 < len(value) <= MOST_RANKED
    if not is_long or not all(isinstance(one, dict) and {"value", "rank"} <= one.keys() for one in value):
        return False
    items = [one["value"] for one in value]
    return not all(isinstance(one, str) for one in items) or any(one in fields for one in items)


def _pairs(order: Sequence[str], ranking: str) -> Iterator[Pair]:
    if ranking == "best-worst":
        yield order[0], order[-1]
    else:
        yield from pairwise(order) if ranking == "neighbours" else combinations(order, 2)


def _vote(answers: Answers, ranks: Ranks, pair: Pair, limits: ReadLimits, fields: JsonObject) -> Vote | None:
    """The opinion of an annotator on a pair; None: a draft, or no order of both."""
    user, status, given, about = answers
    name = person_name(user, limits.name_chars)
    if status in SKIPPED:
        return opinion(name, "skip", about, metadata=unused(about, "skip"))
    if not ranks.keys() >= set(pair):
        return None
    difference = ranks[pair[0]] - ranks[pair[1]]
    choice: Preference = "first" if difference < 0 else "second" if difference else "tie"
    words = next((value for question, value in given.items() if question in COMMENTS and isinstance(value, str)), "")
    read = _question(given, fields)
    besides = {question: value for question, value in given.items() if value != words and question != read}
    stated = {"comment": words} if words else {}
    others = unused(about, choice, **stated) | ({"answers": besides} if besides else {})
    return opinion(name, choice, about, metadata=others, **stated)


ARGILLA_RECORDS = (Reader("argilla", "fields, responses", has("fields", "responses"), read_argilla_record),)
