"""Exports of the event log, streamed: of a campaign with pseudonyms for names, of all with the names of the list."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from itertools import islice
from typing import Any

from labeling.access import require_admin, require_lead
from labeling.events.record import record
from labeling.exchange import canonical_json, harmless_cell
from labeling.models import Campaign, EarlierEvent, Event, User
from labeling.queries.names import named_in_log, names_in_log, told_events, veil
from labeling.queries.records import filtered_events

COLUMNS = ("id", "at", "actor", "verb", "subject_type", "subject_id", "before", "after")
CHUNK = 1000
FORMS = {"jsonl": "application/jsonl", "csv": "text/csv"}


@dataclass(frozen=True, slots=True)
class EventExport:
    """An export in progress. pieces: the bytes of the file."""

    filename: str
    media_type: str
    pieces: Iterator[bytes]


def export_events(
    *, campaign: Campaign, form: str, acting_user: User | None, now: datetime, **filters: Any
) -> EventExport:
    """The events in the order in which they happened, as JSON lines or CSV.

    Those that an imported campaign brought come first, without an id. form: "jsonl" or "csv". filters: as in
    `filtered_events`; with one, only the campaign's own. Raises NotAllowed.
    """
    require_lead(acting_user, campaign)
    after = {"dialect": f"events, {form}"}
    record("campaign.exported", campaign, acting_user=acting_user, now=now, campaign=campaign, after=after)
    return EventExport(f"{campaign.slug}-events.{form}", FORMS[form], _pieces(_rows(campaign, filters), form, COLUMNS))


def export_all_events(*, form: str, acting_user: User, now: datetime, **filters: Any) -> EventExport:
    """The same of all campaigns and of none, each event with its campaign's slug. Raises NotAllowed but for admins.

    People have the names that the list of these events gives them: both have the same ids, so that a pseudonym in one
    and a name in the other would tell who is who.
    """
    require_admin(acting_user)
    record("events.exported", acting_user, acting_user=acting_user, now=now, after={"dialect": f"events, {form}"})
    events = filtered_events(None, **filters).order_by("pk").iterator(chunk_size=CHUNK)
    return EventExport(f"events.{form}", FORMS[form], _pieces(_rows_of_log(events), form, (*COLUMNS, "campaign")))


def _rows(campaign: Campaign, filters: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if not any(filters.values()):
        for earlier in told_events(campaign.earlier_events.all(), campaign).order_by("pk").iterator(chunk_size=CHUNK):
            yield _row(veil(earlier, campaign), None, earlier.actor or None)
    for event in filtered_events(campaign, **filters).order_by("pk").iterator(chunk_size=CHUNK):
        yield _row(veil(event, campaign), event.pk, event.actor.pseudonym if event.actor else None)


def _row(event: Event | EarlierEvent, number: int | None, actor: str | None) -> dict[str, Any]:
    return {
        "id": number,
        "at": event.at.isoformat(),
        "actor": actor,
        "verb": event.verb,
        "subject_type": event.subject_type,
        "subject_id": event.subject_id,
        "before": event.before,
        "after": event.after,
    }


def _rows_of_log(events: Iterator[Event]) -> Iterator[dict[str, Any]]:
    while chunk := list(islice(events, CHUNK)):
        names, _ = names_in_log(chunk)
        for event in chunk:
            slug = event.campaign.slug if event.campaign else None
            yield _row(named_in_log(event, names), event.pk, getattr(event, "actor_name", None)) | {"campaign": slug}


def _pieces(rows: Iterator[dict[str, Any]], form: str, columns: Sequence[str]) -> Iterator[bytes]:
    return _csv(rows, columns) if form == "csv" else _lines(rows)


def _lines(rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    for row in rows:
        yield canonical_json(row) + b"\n"


def _csv(rows: Iterator[dict[str, Any]], columns: Sequence[str]) -> Iterator[bytes]:
    yield _csv_line(columns)
    for row in rows:
        texts = row | {name: canonical_json(row[name]).decode() for name in ("before", "after")}
        yield _csv_line(["" if texts[name] is None else harmless_cell(str(texts[name])) for name in columns])


def _csv_line(cells: Any) -> bytes:
    line = StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()
