"""The reader of Label Studio's Ranker template: a prompt, a list of items, and each annotator's order of them.

An order becomes comparisons as any ranking does (`ReadLimits.ranking`), and each annotator who ordered both items of a
comparison has an opinion on it. Items in different buckets have no order: a bucket has a name, and no place.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any

from common.phrases import gettext_noop
from labeling.exchange import parsing
from labeling.exchange.asking import asked_by, has_prompt
from labeling.exchange.building import MOST_RANKED, Source, common_preference, compare
from labeling.exchange.label_studio_reader import PEOPLE
from labeling.exchange.opinions import opinion, person_name, unused, without
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.platform_readers import Pair, object_in, read_every
from labeling.exchange.questions import preferred_order
from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.reader import Comparisons, Reader
from labeling.exchange.records import CompletionText, ImportedComparison, JsonObject, Vote
from labeling.exchange.sides_reader import has_sides
from labeling.exchange.usual_names import with_usual_names

TEXTS = ("body", "text", "title")
"""The fields of an item, of which the first that it has is its text."""

UNSORTED = "_"
"""The bucket of items that nobody has moved, if there are others."""


def read_label_studio_ranking(place: Place, record: JsonObject, limits: ReadLimits) -> Comparisons:
    """A task with a list of items. Raises BadRecordError if no annotation orders two of them."""
    data = with_usual_names(object_in(record, "data"))
    name = _items_field(data)
    items = _items(data, name)
    annotations = parsing.required_list(record, "annotations")
    orders = [[one for one in _orders(annotation, items) if len(one) > 1] for annotation in annotations]
    unread = [without(one, *PEOPLE) for one, found in zip(annotations, orders, strict=True) if not found]
    pairs: dict[frozenset[str], Pair] = {}
    for order in (one for listed in orders for one in listed):
        for pair in _pairs(order, limits.ranking):
            pairs.setdefault(frozenset(pair), pair)
    if not pairs:
        raise BadRecordError("ranking", gettext_noop("No annotation orders two of the items."), "annotations")
    asked = asked_by(data)
    others = parsing.rest(data, *asked.used, name)
    asked.extras |= {"data_fields": others} if others else {}
    asked.used = []
    used = ("data",) if unread else ("data", "annotations")
    source = Source(place, "labelstudio-ranker", record | ({"annotations": unread} if unread else {}), limits)

    def read_pair(pair: Pair) -> ImportedComparison:
        votes = tuple(
            vote
            for annotation, listed in zip(annotations, orders, strict=True)
            if (vote := _vote(annotation, listed, pair, limits))
        )
        sides, preference = (items[pair[0]], items[pair[1]]), common_preference(votes)[0]
        return compare(source, asked, sides, ("better", "worse"), preference=preference, votes=votes, used=used)

    return read_every(pairs.values(), read_pair)


def _items_field(data: Mapping[str, Any]) -> str:
    """The field of the data that lists the items. Empty: none does."""
    return next((name for name, value in data.items() if _is_items(value)), "")


def _is_items(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) > 1
        and all(isinstance(one, dict) and "id" in one and any(name in one for name in TEXTS) for one in value)
    )


def _items(data: JsonObject, name: str) -> dict[str, CompletionText]:
    """The texts of the items, by id."""
    listed = parsing.required_list(data, name)
    if len(listed) > MOST_RANKED:
        reason = gettext_noop("The ranking has %(number)s completions; from 2 to %(most)s can be read.")
        raise BadRecordError("ranking", reason, name, number=len(listed), most=MOST_RANKED)
    items = {}
    for one in listed:
        field = next(field for field in TEXTS if field in one)
        items[str(one["id"])] = CompletionText(parsing.required_text(one, field), metadata=without(one, field))
    if len(items) < len(listed):
        raise BadRecordError("ranking", gettext_noop("Two items have the same id."), name)
    return items


def _orders(annotation: JsonObject, items: Mapping[str, Any]) -> list[list[str]]:
    """The items that an annotator put in an order, best first: one list, or one for each bucket.

    None of an annotation that its annotator cancelled: it stays as it is among those that say nothing.
    """
    if annotation.get("was_cancelled") is True:
        return []
    order = _preferred_order(annotation)
    if isinstance(order, list):
        return [_known(order, items)]
    if isinstance(order, dict):
        return [_known(one, items) for bucket, one in order.items() if _is_sole(order) or bucket != UNSORTED]
    return []


def _preferred_order(annotation: JsonObject) -> Any:
    """The order of the tag that asks for the preference. None: there is none, or nobody knows which."""
    results = annotation.get("result")
    listed = [one for one in results if isinstance(_order(one), list | dict)] if isinstance(results, list) else []
    orders = {str(one.get("from_name")): _order(one) for one in listed}
    return orders.get(preferred_order(orders))


def _known(order: Any, items: Mapping[str, Any]) -> list[str]:
    named = [str(one) for one in order] if isinstance(order, list) else []
    if len(set(named)) < len(named) or not items.keys() >= set(named):
        raise BadRecordError(
            "ranking", gettext_noop("A ranking names an item twice, or one that is none."), "annotations"
        )
    return named


def _pairs(order: Sequence[str], ranking: str) -> list[Pair]:
    if ranking == "best-worst":
        return [(order[0], order[-1])]
    return list(pairwise(order) if ranking == "neighbours" else combinations(order, 2))


def _vote(annotation: JsonObject, orders: Sequence[Sequence[str]], pair: Pair, limits: ReadLimits) -> Vote | None:
    """The opinion of an annotator on a pair; None: they did not order both."""
    order = next((one for one in orders if pair[0] in one and pair[1] in one), None)
    if order is None:
        return None
    choice = "first" if order.index(pair[0]) < order.index(pair[1]) else "second"
    read = ("completed_by", "result", "was_cancelled")
    others = unused(annotation, choice, *read, seconds=None)  # they are of the whole task
    others |= {"results": besides} if (besides := _besides(annotation)) else {}
    person = person_name(annotation.get("completed_by"), limits.name_chars)
    return opinion(person, choice, annotation, seconds=None, metadata=others)


def _besides(annotation: JsonObject) -> list[Any]:
    """The results of an annotation that are more than the order that was read: its buckets' names, and other tags."""
    order = _preferred_order(annotation)
    return [one for one in annotation["result"] if not (_order(one) == order and _is_sole(order))]


def _order(result: Any) -> Any:
    value = result.get("value") if isinstance(result, dict) else None
    return value.get("ranker") if isinstance(value, dict) else None


def _is_sole(order: list[Any] | JsonObject) -> bool:
    return isinstance(order, list) or len(order) == 1


def _is_ranking(record: Mapping[str, Any]) -> bool:
    data = record.get("data")
    if not isinstance(data, dict) or not isinstance(record.get("annotations"), list):
        return False
    return has_prompt(with_usual_names(data)) and not has_sides(data) and bool(_items_field(data))


LABEL_STUDIO_RANKERS = (
    Reader("labelstudio-ranker", "data (prompt, items), annotations", _is_ranking, read_label_studio_ranking),
)
