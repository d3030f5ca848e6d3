"""The hash chain over the event log, and its verification.

A link's hash is SHA-256 over the previous link's hash (64 zeros before the first), a line feed, and the event as JSON:
the fields of `CONTENT` in one object, keys sorted, no spaces, other characters than ASCII escaped, the time in UTC as
`2026-03-02T12:00:00.000000+00:00`. So anybody can compute it from an export of both tables.
"""

import hashlib
import json
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from labeling.models import Event, EventLink

FIRST = "0" * 64
"""The hash before the first link."""

CONTENT = (
    "id",
    "at",
    "actor_id",
    "verb",
    "subject_type",
    "subject_id",
    "campaign_id",
    "before",
    "after",
    "sentences",
)
"""All columns of an event. An erasure touches none of them: events name people by number and pseudonym."""

READ_AT_ONCE = 2000

CHANGED = "changed"
REMOVED = "removed"
INSERTED = "inserted"
OUT_OF_ORDER = "out of order"
LINK_MISSING = "link missing"
OTHER_SEAL = "not the kept seal"


@dataclass(frozen=True, slots=True)
class Seal:
    """The chain's end at some time: its last number and hash. Kept elsewhere, it proves everything before it."""

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> "Seal":
        """A seal as it is printed. Raises ValueError."""
        number, _, digest = text.strip().partition(":")
        if not number.isdecimal() or len(digest) != len(FIRST):
            raise ValueError(f"{text!r} is no seal, such as 1200:5f1d… with 64 digits")
        return cls(int(number), digest.lower())


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where log and chain differ. number: of the link; event: the id of the event, if one is meant."""

    kind: str
    number: int
    event: int | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """The result of a verification. seal: the last link, None without one. unsealed: newer events without a link."""

    seal: Seal | None
    unsealed: int
    found: Break | None


def link_hash(previous: str, content: dict[str, Any]) -> str:
    """The hash of the next link. content: the values of `CONTENT` by name."""
    at: datetime = content["at"]
    plain = content | {"at": at.astimezone(UTC).isoformat(timespec="microseconds")}
    line = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{line}".encode("ascii")).hexdigest()


def last_link() -> EventLink | None:
    """The end of the chain; None: nothing is sealed yet."""
    return EventLink.objects.order_by("-number").first()


def verify(kept: Seal | None = None) -> Verified:
    """Compares every sealed event with its link, in their order, and the chain with a seal that was kept elsewhere."""
    last = last_link()
    found = _first_break(last, kept)
    if last is None:
        return Verified(None, Event.objects.count(), found)
    unsealed = Event.objects.filter(pk__gt=last.event_number).count()
    return Verified(Seal(last.number, last.hash), unsealed, found)


def _first_break(last: EventLink | None, kept: Seal | None) -> Break | None:
    end = last.number if last else 0
    previous, number, sealed = FIRST, 0, 0
    while number < end:
        links = EventLink.objects.filter(number__gt=number, number__lte=end).order_by("number")[:READ_AT_ONCE]
        contents = _contents(sealed, max(link.event_number for link in links))
        ids = deque(sorted(contents))
        for link in links:
            number += 1
            while ids and ids[0] <= sealed:
                ids.popleft()
            if link.number != number:
                return Break(LINK_MISSING, number)
            found = _break_at(link, previous, sealed, ids[0] if ids else None, contents.get(link.event_number))
            if found or (kept is not None and kept.number == number and kept.hash != link.hash):
                return found or Break(OTHER_SEAL, number, link.event_number)
            previous, sealed = link.hash, link.event_number
    return Break(OTHER_SEAL, end + 1) if kept is not None and kept.number > end else None


def _break_at(
    link: EventLink, previous: str, sealed: int, lowest: int | None, content: dict[str, Any] | None
) -> Break | None:
    """Whether a link fits. sealed: the event of the link before. lowest: the first event after that one."""
    if link.event_number <= sealed:
        return Break(OUT_OF_ORDER, link.number, link.event_number)
    if lowest is not None and lowest < link.event_number:
        is_linked = EventLink.objects.filter(event_number=lowest).exists()
        return Break(OUT_OF_ORDER if is_linked else INSERTED, link.number, lowest)
    if content is None:
        return Break(REMOVED, link.number, link.event_number)
    if link_hash(previous, content) != link.hash:
        return Break(CHANGED, link.number, link.event_number)
    return None


def _contents(after: int, until: int) -> dict[int, dict[str, Any]]:
    return {row["id"]: row for row in Event.objects.filter(pk__gt=after, pk__lte=until).values(*CONTENT)}
