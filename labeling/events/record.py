"""Writing the event log: one row for each act, in the act's own transaction, with the webhook messages it causes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils import translation
from psycopg.types.json import Jsonb

from common.broker import send
from common.database.prepared import prepared_cursor
from common.sentences import Sentence
from labeling.events.types import types_of
from labeling.models import Campaign, Event, User
from labeling.queries.names import is_told

DELIVER = "labeling.tasks.deliver_webhook"
MOST_SENT_AT_ONCE = 100

# The event and its webhook messages in one statement: the way of a judgment has no room for a second.
RECORD = """
WITH event AS (
    INSERT INTO labeling_event (at, actor_id, verb, subject_type, subject_id, campaign_id, before, after, sentences)
    VALUES (%(at)s, %(actor)s, %(verb)s, %(subject_type)s, %(subject_id)s, %(campaign)s, %(before)s, %(after)s,
        %(sentences)s)
    RETURNING id
), messages AS (
    INSERT INTO labeling_webhookdelivery
        (webhook_id, event_id, type, message_id, status, attempts, due_at, created_at, excerpt, error)
    SELECT webhook.id, event.id, kind, 'msg_' || replace(gen_random_uuid()::text, '-', ''), 'waiting', 0, %(at)s,
        %(at)s, '', '{"text": "", "values": {}}'::jsonb
    FROM event, labeling_webhook webhook, unnest(%(types)s::text[]) kind
    WHERE webhook.is_active AND kind = ANY(webhook.event_types)
        AND (webhook.campaign_id IS NULL OR webhook.campaign_id = %(campaign)s)
    RETURNING id
)
SELECT event.id, ARRAY(SELECT id FROM messages) FROM event
"""


def record(
    verb: str,
    subject: models.Model,
    *,
    acting_user: User | None,
    now: datetime,
    campaign: Campaign | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> Event:
    """Records who did what to which row. before, after: JSON values of the things that changed, and only of those.

    A `Sentence` in `after` is stored in English, and what it was made of beside it.
    """
    sentences = {name: value for name, value in (after or {}).items() if isinstance(value, Sentence) and value}
    event = Event(
        at=now,
        actor=acting_user,
        verb=verb,
        subject_type=subject._meta.model_name or "",
        subject_id=str(subject.pk),
        campaign=campaign,
        before=dict(before or {}),
        after={**(after or {}), **_in_english(sentences)},
        sentences={name: sentence.as_json() for name, sentence in sentences.items()} or None,
    )
    types = types_of(verb, event.after) if is_told(verb, acting_user, campaign) else []
    if types:
        _save_with_messages(event, types)
    else:
        event.save(force_insert=True)
    return event


def send_deliveries(identifiers: Sequence[int]) -> None:
    """Has workers send these messages after the commit. A sweep sends those that are lost or too many at once."""
    if identifiers:
        transaction.on_commit(lambda: send(DELIVER, *identifiers[:MOST_SENT_AT_ONCE]))


def _in_english(sentences: Mapping[str, Sentence]) -> dict[str, str]:
    with translation.override("en"):
        return {name: str(Sentence.from_json(sentence.as_json())) for name, sentence in sentences.items()}


def _save_with_messages(event: Event, types: list[str]) -> None:
    values: dict[str, Any] = {
        "at": event.at,
        "actor": event.actor_id,
        "verb": event.verb,
        "subject_type": event.subject_type,
        "subject_id": event.subject_id,
        "campaign": event.campaign_id,
        "before": Jsonb(event.before),
        "after": Jsonb(event.after),
        "sentences": event.sentences and Jsonb(event.sentences),
        "types": types,
    }
    with prepared_cursor() as cursor:
        cursor.execute(RECORD, values)
        event.pk, message_ids = cursor.fetchone()
    event._state.adding = False
    send_deliveries(message_ids)
