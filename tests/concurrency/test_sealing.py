"""Sealing beside writers: an id that is taken and not committed holds the seal back, and is not skipped."""

import threading
from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection, transaction

from labeling.actions import event_chain
from labeling.actions.event_chain import seal_events
from labeling.events.chain import verify
from labeling.events.record import record
from labeling.models import Event, EventLink
from tests.concurrency.threads import all_at_once
from tests.people import NOON, Stage, stage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.serial]


@pytest.fixture
def scene() -> Stage:
    return stage()


def note(scene: Stage, times: int = 1) -> None:
    for _ in range(times):
        record("campaign.changed", scene.campaign, acting_user=scene.maya, now=NOON, campaign=scene.campaign)


def held_open(scene: Stage, may_end: threading.Event, written: threading.Event) -> threading.Thread:
    """Somebody who writes an event and commits only when told to."""

    def write() -> None:
        with transaction.atomic():
            note(scene)
            written.set()
            may_end.wait(20)
        connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    assert written.wait(20)
    return thread


def test_an_id_in_flight_holds_the_seal_back(scene: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_chain, "PATIENCE", 0.2)
    before = seal_events(now=NOON)
    may_end = threading.Event()
    writer = held_open(scene, may_end, threading.Event())
    note(scene)  # a later id that is committed earlier
    assert seal_events(now=NOON) == before
    may_end.set()
    writer.join()
    after = seal_events(now=NOON)
    assert before is not None
    assert after is not None
    assert after.number == before.number + 2
    assert verify().found is None


def test_the_seal_waits_for_a_writer_that_ends_soon(scene: Stage) -> None:
    may_end = threading.Event()
    writer = held_open(scene, may_end, threading.Event())
    note(scene)
    threading.Timer(0.3, may_end.set).start()
    seal_events(now=NOON)
    writer.join()
    assert EventLink.objects.count() == Event.objects.count()


def test_eight_writers_and_three_sealers_leave_one_chain(scene: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_chain, "AT_ONCE", 7)
    jobs: list[Callable[[], object]] = [partial(note, scene, 20) for _ in range(8)]
    jobs += [partial(seal_events, now=NOON) for _ in range(3)]
    all_at_once(jobs)
    seal_events(now=NOON)
    verified = verify()
    assert verified.found is None
    assert verified.seal is not None
    assert verified.seal.number == Event.objects.count() >= 160
