"""Copies of everything that the tables hold, to see what a page costs where there is much of everything."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache
from typing import Any, cast

from django.apps import apps
from django.db.models import CharField, Field, ForeignKey, IntegerField, Model, TextField

APART = 1_000_000
"""Between the key of a row and that of its first copy, and so on."""

MOST = 12
"""Rows of a table that are copied."""


Keys = set[tuple[type[Model], Any]]


def copy_everything(numbers: Iterable[int], *, shared: Collection[Model]) -> None:
    """Copies the first rows of all tables, once for each number. A copy belongs to the copies of what its row belongs
    to, but for `shared`: those stay one, and get the copies. A row that can only be there once is not copied."""
    kept: Keys = {(type(row), row.pk) for row in shared}
    numbers, made = list(numbers), cast(Keys, set())
    models = _in_order([model for model in _models() if _key(model) is not None])
    for model in models:
        first = model._base_manager.filter(**{f"{_key(model)}__lt": APART}).order_by("pk")[:MOST]
        rows = [row for row in first if (model, row.pk) not in kept]
        copies = [_copy(row, number, kept, made) for number in numbers for row in rows]
        model._base_manager.bulk_create([one for one in copies if one is not None], ignore_conflicts=True)
        there = model._base_manager.filter(**{f"{_key(model)}__gt": APART})
        made |= {(model, key) for key in there.values_list("pk", flat=True)}
    _let_go(models, made)


@cache
def _models() -> list[type[Model]]:
    """The tables of both apps, those between two tables included."""
    return [
        model
        for name in ("labeling", "training")
        for model in apps.get_app_config(name).get_models(include_auto_created=True)
    ]


def _key(model: type[Model]) -> str | None:
    """The name of the key's attribute; None: it is no number."""
    key = model._meta.pk
    return key.attname if isinstance(key, (ForeignKey, IntegerField)) else None


@cache
def _links(model: type[Model]) -> list[ForeignKey[Any, Any]]:
    return [field for field in model._meta.concrete_fields if isinstance(field, ForeignKey)]


def _in_order(models: list[type[Model]]) -> list[type[Model]]:
    """Each after those that its rows must belong to."""
    order: list[type[Model]] = []

    def put(model: type[Model]) -> None:
        if model in order or model not in models:
            return
        for link in _links(model):
            if not link.null and link.related_model is not model:
                put(link.related_model)
        order.append(model)

    for model in models:
        put(model)
    return order


def _copy(row: Model, number: int, kept: Keys, made: Keys) -> Model | None:
    """None: it belongs to a row that could not be copied."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    moved: set[str] = set()
    for link in _links(type(row)):
        related, value = link.related_model, values[link.attname]
        if value is not None and related in _models() and (related, value) not in kept:
            values[link.attname] = value + APART * number
            moved.add(link.name)
            if not link.null and related is not type(row) and (related, values[link.attname]) not in made:
                return None
    key = row._meta.pk
    if not isinstance(key, ForeignKey):
        values[key.attname] += APART * number
    elif key.name not in moved:
        return None
    for names in _unique(type(row)):
        if not moved & set(names):
            _make_another(row, names, values, number)
    return type(row)(**values)


@cache
def _unique(model: type[Model]) -> list[tuple[str, ...]]:
    """The fields that are unique together."""
    single = [(field.name,) for field in model._meta.concrete_fields if field.unique and not field.primary_key]
    constraints = [tuple(getattr(one, "fields", ())) for one in model._meta.constraints]
    return [*single, *(names for names in constraints if names), *map(tuple, model._meta.unique_together)]


def _make_another(row: Model, names: tuple[str, ...], values: dict[str, Any], number: int) -> None:
    """Changes one of the values, so that the row may be there beside the first."""
    for field in (row._meta.get_field(name) for name in names):
        if isinstance(field, Field) and not isinstance(field, ForeignKey) and values[field.attname] is not None:
            values[field.attname] = _another(field, values[field.attname], number)
            return


def _another(field: Field[Any, Any], value: Any, number: int) -> Any:
    if isinstance(field, IntegerField):
        return value + 100 * number
    if isinstance(value, (bytes, memoryview)):
        return bytes(value)[:-2] + number.to_bytes(2, "big")
    if isinstance(field, (CharField, TextField)):
        longest = field.max_length or 1000
        return f"{value[: longest - 5]}-{number:04d}"
    return value


def _let_go(models: list[type[Model]], made: Keys) -> None:
    """Where a row was not copied after all, the copies of others that may be without do not name it."""
    for model in models:
        for link in _links(model):
            if link.null and link.related_model in models:
                named = model._base_manager.filter(**{f"{link.attname}__gt": APART})
                keys = set(named.values_list(link.attname, flat=True))
                dangling = [key for key in keys if (link.related_model, key) not in made]
                if dangling:
                    model._base_manager.filter(**{f"{link.attname}__in": dangling}).update(**{link.attname: None})
