"""Prompts and comparisons by their metadata: the fields of imported records that are none of the platform's.

A search is `key=value`, or a key alone: it must be there. A key may name a field within a field, with dots. A value is
text, a number, true, false or null; it may be the field, or stand in the field's list.
"""

import json
from functools import reduce
from math import isfinite
from operator import or_
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.fields.json import HasKey, KeyTransform

from labeling.models import Campaign, Comparison, Completion, Prompt

FEW = 1000
METADATA_CHARACTERS = 200
"""The longest search."""


def prompts_with_metadata(campaign: Campaign, rows: QuerySet[Prompt], search: str) -> QuerySet[Prompt]:
    """The prompts that have it, or one of whose completions has."""
    if (few := _few_prompts(_prompts(campaign, search), _written(campaign, search))) is not None:
        return rows.filter(pk__in=few)
    completions = Completion.objects.filter(_matching("metadata", search), prompt=OuterRef("pk"))
    return rows.filter(_matching("metadata", search) | Q(Exists(completions)))


def comparisons_with_metadata(campaign: Campaign, rows: QuerySet[Comparison], search: str) -> QuerySet[Comparison]:
    """The comparisons that have it themselves, or whose prompt or one of whose completions has."""
    own = Comparison.objects.filter(_matching("metadata", search), campaign=campaign).values_list("prompt", flat=True)
    few = _few_prompts(own, _prompts(campaign, search), _written(campaign, search))
    if few is not None:
        rows = rows.filter(prompt__in=few)
    columns = ("metadata", "prompt__metadata", "completion_a__metadata", "completion_b__metadata")
    return rows.filter(reduce(or_, (_matching(column, search) for column in columns)))


def _prompts(campaign: Campaign, search: str) -> QuerySet[Prompt, int]:
    return Prompt.objects.filter(_matching("metadata", search), campaign=campaign).values_list("pk", flat=True)


def _written(campaign: Campaign, search: str) -> QuerySet[Completion, int]:
    """The prompts of completions that have it."""
    rows = Completion.objects.filter(_matching("metadata", search), prompt__campaign=campaign)
    return rows.values_list("prompt", flat=True)


def _few_prompts(*found: QuerySet[Any, int]) -> set[int] | None:
    """The prompts of a rare value, found by the indexes. None: a frequent one is on any page soon enough."""
    lists = [list(one[: FEW + 1]) for one in found]
    return {key for keys in lists for key in keys} if max(map(len, lists)) <= FEW else None


def _matching(column: str, search: str) -> Q:
    key, equals, value = (part.strip() for part in search.partition("="))
    if not equals:
        *outer, last = key.split(".")
        field: F | KeyTransform = F(column)
        for name in outer:  # written out: in a keyword, a field named "in" or "lt" would be a lookup
            field = KeyTransform(name, field)
        return Q(**{f"{column}__has_key": key}) | Q(HasKey(field, last))
    values = [value, *_as_json(value)]
    wanted = [form for one in values for form in (one, [one])]
    return reduce(or_, (Q(**{f"{column}__contains": shape}) for one in wanted for shape in _shapes(key, one)))


def _shapes(key: str, value: Any) -> list[Any]:
    """The field by its whole name, and, with dots in it, as a field within a field."""
    parts = key.split(".")
    nested = value
    for part in reversed(parts):
        nested = {part: nested}
    return [{key: value}] if len(parts) == 1 else [{key: value}, nested]


def _as_json(value: str) -> list[Any]:
    """The value as a number, true, false or null, if it is one that the database can hold."""
    try:
        typed = json.loads(value)
    except (ValueError, RecursionError):
        return []
    if isinstance(typed, str | list | dict) or (isinstance(typed, float) and not isfinite(typed)):
        return []
    return [typed]
