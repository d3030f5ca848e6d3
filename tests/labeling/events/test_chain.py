"""The chain names the first event that was changed, removed, inserted or moved."""

import hashlib
import json

import pytest
from django.utils import timezone

from labeling.actions.erasure import erase_person
from labeling.actions.event_chain import seal_events
from labeling.events.chain import (
    CHANGED,
    FIRST,
    INSERTED,
    LINK_MISSING,
    OTHER_SEAL,
    OUT_OF_ORDER,
    REMOVED,
    Break,
    Seal,
    verify,
)
from labeling.models import Event, EventLink
from tests.labeling.events.tampering import tamper
from tests.labeling.personal import judged_with_comments
from tests.people import NOON, Stage, pair, stage

COPY = """
INSERT INTO labeling_event (id, at, verb, subject_type, subject_id, before, after, actor_id, campaign_id)
SELECT {id}, at, verb, subject_type, subject_id, before, after, actor_id, campaign_id
FROM labeling_event WHERE id = {of}
"""


@pytest.fixture
def sealed() -> Stage:
    scene = stage(comparisons=3, overlap=1)
    scene.settle("aba")
    assert seal_events(now=timezone.now()) is not None
    return scene


def ids() -> list[int]:
    return list(Event.objects.order_by("pk").values_list("pk", flat=True))


def test_every_event_has_its_place_and_the_whole_is_in_order(sealed: Stage) -> None:
    numbers = list(EventLink.objects.order_by("number").values_list("number", "event_number"))
    assert numbers == list(enumerate(ids(), 1))
    verified = verify()
    assert (verified.found, verified.unsealed) == (None, 0)
    assert verified.seal == Seal(*EventLink.objects.order_by("-number").values_list("number", "hash")[0])
    sealed.add([pair(9)])
    assert verify().unsealed >= 1
    assert verify().found is None


def test_the_hash_is_the_one_that_the_document_describes(sealed: Stage) -> None:
    first = Event.objects.order_by("pk").values().first()
    assert first is not None
    content = first | {"at": first["at"].strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")}
    line = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert EventLink.objects.get(number=1).hash == hashlib.sha256(f"{FIRST}\n{line}".encode()).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        "verb = 'judgment.undone'",
        "at = at + interval '1 microsecond'",
        "actor_id = NULL",
        'after = after || \'{"choice": "tie"}\'',
        "before = '{\"x\": 1}'",
        "subject_id = subject_id || '0'",
        "campaign_id = NULL",
        "sentences = '{}'",
    ],
)
def test_a_changed_event_is_named(sealed: Stage, change: str) -> None:
    event = ids()[-2]
    tamper(f"UPDATE labeling_event SET {change} WHERE id = {event}")
    assert verify().found == Break(CHANGED, len(ids()) - 1, event)


def test_a_removed_event_is_named(sealed: Stage) -> None:
    event = ids()[3]
    tamper(f"DELETE FROM labeling_event WHERE id = {event}")
    assert verify().found == Break(REMOVED, 4, event)


def test_removed_with_its_link_it_leaves_a_gap(sealed: Stage) -> None:
    event = ids()[3]
    tamper(
        f"DELETE FROM labeling_event WHERE id = {event}", f"DELETE FROM labeling_eventlink WHERE event_number = {event}"
    )
    assert verify().found == Break(LINK_MISSING, 4)


def test_an_inserted_event_is_named(sealed: Stage) -> None:
    event = ids()[3]
    tamper(f"UPDATE labeling_event SET id = id + 1000 WHERE id > {event}")
    tamper(f"UPDATE labeling_eventlink SET event_number = event_number + 1000 WHERE event_number > {event}")
    tamper(COPY.format(id=event + 1, of=event))
    assert verify().found == Break(INSERTED, 5, event + 1)


def test_swapped_events_are_named(sealed: Stage) -> None:
    one, other = ids()[3:5]
    tamper(
        f"UPDATE labeling_event SET id = -1 WHERE id = {one}",
        f"UPDATE labeling_event SET id = {one} WHERE id = {other}",
        f"UPDATE labeling_event SET id = {other} WHERE id = -1",
    )
    assert verify().found == Break(CHANGED, 4, one)


def test_swapped_links_are_named(sealed: Stage) -> None:
    one, other = ids()[3:5]
    tamper(
        f"UPDATE labeling_eventlink SET event_number = -1 WHERE event_number = {one}",
        f"UPDATE labeling_eventlink SET event_number = {one} WHERE event_number = {other}",
        f"UPDATE labeling_eventlink SET event_number = {other} WHERE event_number = -1",
    )
    assert verify().found == Break(OUT_OF_ORDER, 4, one)


def test_a_past_that_was_rewritten_as_a_whole_differs_from_a_kept_seal(sealed: Stage) -> None:
    kept = verify().seal
    assert kept is not None
    tamper(f"UPDATE labeling_event SET verb = 'x.y' WHERE id = {ids()[3]}", "DELETE FROM labeling_eventlink")
    seal_events(now=timezone.now())
    assert verify().found is None
    assert verify(kept).found == Break(OTHER_SEAL, kept.number, ids()[-1])


def test_an_end_that_was_cut_off_differs_from_a_kept_seal(sealed: Stage) -> None:
    kept = verify().seal
    assert kept is not None
    last = ids()[-1]
    tamper(
        f"DELETE FROM labeling_event WHERE id = {last}", f"DELETE FROM labeling_eventlink WHERE event_number = {last}"
    )
    assert verify(kept).found == Break(OTHER_SEAL, kept.number)
    assert verify(Seal(kept.number - 1, EventLink.objects.get(number=kept.number - 1).hash)).found is None


def test_an_erasure_leaves_everything_in_order() -> None:
    scene = judged_with_comments()
    seal_events(now=NOON)
    erase_person(person=scene.alice, confirmation="alice", withdraw=True, acting_user=scene.alice, now=NOON)
    seal_events(now=NOON)
    verified = verify()
    assert verified.found is None
    assert verified.seal is not None
    assert verified.seal.number == Event.objects.count()


@pytest.mark.parametrize("text", ["", "12", "12:ab", "x:" + "0" * 64])
def test_what_is_no_seal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no seal"):
        Seal.parse(text)
