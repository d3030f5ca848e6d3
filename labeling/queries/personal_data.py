"""All that is held about one person, for that person: one JSON object, streamed.

What is held is read off the models: every row of every table of ours that names the person, so that a table which is
new tomorrow is in it without anybody thinking of it. What is left out is listed here, with the reason.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Model, Q, QuerySet

from labeling.models import Event, User

CHUNK = 500
SECRET = {"key_hash", "token_hash", "secret", "previous_secret", "password"}
"""Columns that open something, or are compared with what does."""

LEFT_OUT = {
    "labeling.KeptReply": "answers to their own calls, kept a day for retries; what they made is in its own table",
    "labeling.User_groups": "told with the account",
    "labeling.User_user_permissions": "told with the account",
}
"""Tables that name people and are not told, by label, with the reason."""


def tables() -> dict[type[Model], list[str]]:
    """Every table that names people, and in which columns; those that are left out too."""
    found: dict[type[Model], list[str]] = {}
    for relation in User._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and (relation.one_to_many or relation.one_to_one):
            found.setdefault(relation.related_model, []).append(relation.field.name)  # type: ignore[union-attr,arg-type]
    return dict(sorted(found.items(), key=lambda item: item[0]._meta.label))


def personal_data(person: User) -> Iterator[bytes]:
    """The account, then table by table every row that names the person: what they are, did, said and made.

    Judgments that were taken back are there too; keys and secrets are not. Events that others made about them as well.
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
    named = Q()
    for column in columns:
        named |= Q(**{column: person.pk})
    if model is Event:
        named |= Q(subject_type="user", subject_id=str(person.pk))
    return model._default_manager.filter(named)


def _list(rows: Iterable[Model]) -> Iterator[bytes]:
    between = b"\n"
    for row in rows:
        yield between + _json(_values(row))
        between = b",\n"


def _values(row: Model) -> dict[str, Any]:
    return {
        field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if field.name not in SECRET
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, default=_text).encode()


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
