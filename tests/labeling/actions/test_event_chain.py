"""The sealer seals committed events in the order of their ids, however many write at the same time."""

import pytest

from labeling import tasks
from labeling.actions import event_chain
from labeling.actions.event_chain import seal_events
from labeling.events.chain import verify
from labeling.models import Event, EventLink
from tests.people import NOON, stage


def test_without_events_there_is_no_seal() -> None:
    assert seal_events(now=NOON) is None
    assert tasks.seal_event_log() == ""


def test_a_second_sealing_goes_on_where_the_first_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_chain, "AT_ONCE", 4)
    scene = stage(comparisons=5)
    first = seal_events(now=NOON)
    assert first is not None
    assert first.number == Event.objects.count() > 4
    scene.settle("ab")
    text = tasks.seal_event_log()
    assert text == str(verify().seal)
    assert EventLink.objects.count() == Event.objects.count() > first.number
    assert verify(first).found is None


def test_a_sealing_without_time_leaves_the_rest_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_chain, "AT_ONCE", 4)
    stage(comparisons=5)
    seal = seal_events(now=NOON, seconds=0)
    assert seal is not None
    assert seal.number == 4
    assert verify().unsealed == Event.objects.count() - 4
