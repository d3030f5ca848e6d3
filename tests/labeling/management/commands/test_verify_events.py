"""`verify_events` says that the log is in order, or names what is not and exits with 1."""

import json

import pytest
from django.core.management import CommandError

from labeling.models import Event
from tests.labeling.events.tampering import tamper
from tests.labeling.management.running import run
from tests.people import stage


def test_a_log_in_order_is_told_with_its_seal() -> None:
    assert "Nothing is sealed yet." in run("verify_events")[0]
    assert "There are no events yet." in run("seal_events")[0]
    scene = stage(comparisons=1)
    seal = run("seal_events")[0].strip()
    assert run("verify_events", "--seal", seal)[0].strip() == f"All sealed events are in order: {seal}."
    scene.settle("a")
    assert "Events that wait for their seal: 1." in run("verify_events")[0]


def test_a_changed_event_is_named_and_the_command_fails() -> None:
    stage(comparisons=1)
    seal = run("seal_events")[0].strip()
    event = Event.objects.order_by("pk")[2].pk
    tamper(f"UPDATE labeling_event SET verb = 'x.y' WHERE id = {event}")
    with pytest.raises(CommandError, match=f"Event {event} was changed, or its link 3 of the chain was."):
        run("verify_events", "--seal", seal)


def test_programs_read_the_result_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    stage(comparisons=1)
    seal = run("seal_events")[0].strip()
    found = json.loads(run("verify_events", "--json")[0])
    assert (found["in_order"], found["seal"], found["found"]) == (True, seal, None)


def test_what_is_no_seal_is_refused() -> None:
    with pytest.raises(CommandError, match="is no seal"):
        run("verify_events", "--seal", "12")
