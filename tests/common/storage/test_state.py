"""Whether the storage answers."""

import time

import pytest

from common.storage import state
from common.storage.room import Room
from tests.machines import Machines


def test_a_storage_that_answers_has_no_trouble_and_none_at_all_has_none_either(machines: Machines) -> None:
    assert state.trouble() == ""
    machines.settings.STORAGE_URL = ""
    assert state.trouble() == ""


def test_one_that_cannot_be_reached_says_why(machines: Machines) -> None:
    machines.settings.STORAGE_URL = "no-such-protocol://x"
    assert "no-such-protocol" in state.trouble()


def test_one_that_says_nothing_holds_up_nobody_for_long(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def silent(self: Room) -> None:
        asked.append(self)
        time.sleep(0.6)

    monkeypatch.setattr(state, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(Room, "answers", silent)
    begun = time.monotonic()
    assert state.trouble() == "it has said nothing for 0.1 seconds"
    assert state.trouble() == "it has said nothing for 0.1 seconds"
    assert time.monotonic() - begun < 0.5
    assert len(asked) == 1
    time.sleep(0.6)
