"""All that is held about one person, for that person: one JSON object, streamed."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Model, Q, QuerySet

from labeling.models import ApiToken, Assignment, Event, Judgment, Membership, User, Verdict, Webhook

CHUNK = 500
SECRET = {"key_hash", "secret", "previous_secret", "password"}


def personal_data(person: User) -> Iterator[bytes]:
    """Account, memberships, tokens (never keys), assignments, judgments (those taken back too), adjudications, acts."""
    account = _values(person) | {"groups": list(person.groups.values_list("name", flat=True))}
    parts: dict[str, QuerySet[Any]] = {
        "memberships": Membership.objects.filter(user=person),
        "tokens": ApiToken.objects.filter(user=person),
        "assignments": Assignment.objects.filter(annotator=person),
        "judgments": Judgment.objects.filter(annotator=person),
        "adjudications": Verdict.objects.filter(settled_by_user=person),
        "webhooks": Webhook.objects.filter(created_by=person),
        "events": Event.objects.filter(Q(actor=person) | Q(subject_type="user", subject_id=str(person.pk))),
    }
    yield b'{\n"account": ' + _json(account)
    for name, rows in parts.items():
        yield f',\n"{name}": ['.encode()
        yield from _list(rows.order_by("pk").iterator(chunk_size=CHUNK))
        yield b"]"
    yield b"\n}\n"


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
