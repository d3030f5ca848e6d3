"""All data about one person, for that person: one JSON object, streamed.

It contains every row of every table that refers to the person, as the models say. So a new table is included without
further work. Tables that are left out are listed here, with the reason.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Model, Q, QuerySet

from labeling.models import Event, User

CHUNK = 500
SECRET = {"key_hash", "token_hash", "secret", "previous_secret", "password", "channel", "session_key", "outside_key"}
"""Columns that hold secrets or hashes of secrets. A row may name others that are secret for a time: `secret_now`."""

LEFT_OUT = {
    "labeling.KeptReply": "replies to their own calls, kept for a day; what these calls wrote is in other tables",
    "labeling.User_groups": "part of the account",
    "labeling.User_user_permissions": "part of the account",
}
"""Tables that refer to people and are left out, by label, with the reason."""


def tables() -> dict[type[Model], list[str]]:
    """Every table that refers to people, with the columns that do. Includes those that are left out."""
    columns: dict[type[Model], list[str]] = {}
    for relation in User._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and (relation.one_to_many or relation.one_to_one):
            columns.setdefault(relation.related_model, []).append(relation.field.name)  # type: ignore[union-attr,arg-type]
    return dict(sorted(columns.items(), key=lambda item: item[0]._meta.label))


def personal_data(person: User) -> Iterator[bytes]:
    """The account, then table by table every row that refers to the person, as pieces of one JSON object.

    It includes judgments that were undone, and events by others about the person. It leaves out keys and secrets.
    """
    account = _values(person) | {
        "groups": list(person.groups.values_list("name", flat=True)),
        "permissions": list(person.user_permissions.values_list("codename", flat=True)),
    }
    yield b'{\n"account": ' + _json(account)
    for model, columns in tables().items():
        if model._meta.label not in LEFT_OUT:
            yield f',\n"{_name(model)}": ['.encode()
            yield from _list(_rows(model, columns, person).order_by("pk").iterator(chunk_size=CHUNK))
            yield b"]"
    yield b"\n}\n"


def _name(model: type[Model]) -> str:
    return str(model._meta.verbose_name_plural).replace(" ", "_")


def _rows(model: type[Model], columns: list[str], person: User) -> QuerySet[Any]:
    refers = Q()
    for column in columns:
        refers |= Q(**{column: person.pk})
    if model is Event:
        refers |= Q(subject_type="user", subject_id=str(person.pk))
    return model._default_manager.filter(refers)


def _list(rows: Iterable[Model]) -> Iterator[bytes]:
    separator = b"\n"
    for row in rows:
        yield separator + _json(_values(row))
        separator = b",\n"


def _values(row: Model) -> dict[str, Any]:
    secret = SECRET | getattr(row, "secret_now", set())
    return {
        field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if field.name not in secret
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, default=_text).encode()


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
