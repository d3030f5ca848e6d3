"""The order and the pages of the lists of prompts and of comparisons.

A page is found by the key of the row before it (keyset), never by counting rows, so it costs the same wherever it is.
By age, by confidence and in the queue an index gives the rows. The other orders read those that match once.
"""

from typing import Any

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from labeling.models import Comparison, Prompt, Verdict
from labeling.queries.records import TOKENS

NEWEST, OLDEST, QUEUE = "newest", "oldest", "queue"
LEAST_CERTAIN, MOST_CERTAIN = "least_certain", "most_certain"
LEAST_JUDGED, MOST_JUDGED = "least_judged", "most_judged"
LEAST_COMPARED, MOST_COMPARED = "least_compared", "most_compared"


def page_of_prompts(rows: QuerySet[Prompt], *, order: str, after: int | None, size: int) -> list[Prompt]:
    """Up to `size` prompts behind the one with the id `after`.

    order: newest, oldest; least_compared, most_compared: by the number of their comparisons.
    """
    if order in (LEAST_COMPARED, MOST_COMPARED):
        keys = _keys_by_value(_with_comparisons(rows), "compared", order == MOST_COMPARED, after, size)
        by_key = rows.model.objects.in_bulk(keys)
        return [by_key[key] for key in keys if key in by_key]
    return list(_behind(rows, order, after)[:size])


def page_of_comparisons(rows: QuerySet[Comparison], *, order: str, after: int | None, size: int) -> list[Comparison]:
    """Up to `size` comparisons behind the one with the id `after`, with their texts and verdicts.

    order: newest, oldest; queue: those with a free place, in the order in which annotators are given them;
    least_certain, most_certain: by the confidence of their verdicts, those without a verdict last; least_judged,
    most_judged: by the number of their judgments.
    """
    if order == QUEUE:
        keys = list(_in_queue(rows, after).values_list("pk", flat=True)[:size])
    elif order in (LEAST_CERTAIN, MOST_CERTAIN):
        keys = _keys_by_confidence(rows, order, after, size)
    elif order in (LEAST_JUDGED, MOST_JUDGED):
        keys = _keys_by_value(rows, "judged", order == MOST_JUDGED, after, size)
    else:
        keys = _keys_by_id(rows, order, after, size)
    beside = ("prompt", "completion_a", "completion_b", "verdict", "gold", "practice")
    full = Comparison.objects.select_related(*beside).defer(
        *(f"completion_{side}__{name}" for side in "ab" for name in TOKENS)
    )
    by_key = full.in_bulk(keys)
    return [by_key[key] for key in keys if key in by_key]


def _behind(rows: QuerySet[Any], order: str, after: int | None) -> QuerySet[Any]:
    if order == OLDEST:
        return (rows if after is None else rows.filter(pk__gt=after)).order_by("pk")
    return (rows if after is None else rows.filter(pk__lt=after)).order_by("-pk")


def _keys_by_id(rows: QuerySet[Comparison], order: str, after: int | None, size: int) -> list[int]:
    # Each status has its part of one index in the order of the ids: the first rows of each are read, no others.
    parts = [
        _behind(rows.filter(status=one), order, after).values_list("pk", flat=True)[:size] for one in Comparison.Status
    ]
    return sorted(parts[0].union(*parts[1:], all=True), reverse=order == NEWEST)[:size]


def _keys_by_confidence(rows: QuerySet[Comparison], order: str, after: int | None, size: int) -> list[int]:
    # The verdict's campaign is named, so that its index gives the rows in their order.
    sign, later = ("", "gt") if order == LEAST_CERTAIN else ("-", "lt")
    certain = rows.filter(verdict__campaign=F("campaign"))
    last = Verdict.objects.filter(comparison=after).first() if after is not None else None
    keys: list[int] = []
    if after is None or last is not None:
        if last is not None:
            behind = Q(**{f"verdict__confidence__{later}": last.confidence})
            same = Q(verdict__confidence=last.confidence, **{f"verdict__comparison__{later}": after})
            certain = certain.filter(behind | same, **{f"verdict__confidence__{later}e": last.confidence})
        ordered = certain.order_by(f"{sign}verdict__confidence", f"{sign}verdict__comparison_id")
        keys, after = list(ordered.values_list("pk", flat=True)[:size]), None
    if len(keys) < size:
        keys += _keys_by_id(rows.filter(verdict=None), OLDEST, after, size - len(keys))
    return keys


def _keys_by_value(rows: QuerySet[Any], name: str, is_descending: bool, after: int | None, size: int) -> list[int]:
    """Rows of one value stand newest first, in both orders."""
    last = None if after is None else _value_of(rows.model, name, after)
    if last is not None:
        beyond = Q(**{f"{name}__{'lt' if is_descending else 'gt'}": last})
        rows = rows.filter(beyond | Q(**{name: last}, pk__lt=after))
    return list(rows.order_by(f"-{name}" if is_descending else name, "-pk").values_list("pk", flat=True)[:size])


def _value_of(model: type[Any], name: str, pk: int) -> int | None:
    rows = model.objects.filter(pk=pk)
    value: int | None = (_with_comparisons(rows) if model is Prompt else rows).values_list(name, flat=True).first()
    return value


def _with_comparisons(prompts: QuerySet[Prompt]) -> QuerySet[Prompt]:
    """Prompts, each with `compared`: how many comparisons it has."""
    of_prompt = Comparison.objects.filter(prompt=OuterRef("pk")).order_by().values("prompt")
    counted = Subquery(of_prompt.annotate(number=Count("pk")).values("number"), output_field=IntegerField())
    return prompts.annotate(compared=Coalesce(counted, 0))


def _in_queue(rows: QuerySet[Comparison], after: int | None) -> QuerySet[Comparison]:
    rows = rows.filter(status=Comparison.Status.OPEN, taken__lt=F("overlap")).order_by("position", "pk")
    last = Comparison.objects.filter(pk=after).first() if after is not None else None
    if last is None:
        return rows
    return rows.filter(position__gte=last.position).exclude(position=last.position, pk__lte=last.pk)
