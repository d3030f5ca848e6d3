"""The app that trains registers its look-up, and labeling asks it."""

import pytest

from labeling.queries import trained_on
from labeling.queries.trained_on import register_lookup, versions_trained_on
from tests.people import person


def test_each_look_up_is_asked_once_and_names_come_once_and_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trained_on, "_LOOKUPS", [])
    alice = person("alice")
    asked = []

    def of_one(user: object) -> list[str]:
        asked.append(user)
        return ["v2", "v1"]

    register_lookup(of_one)
    register_lookup(of_one)
    register_lookup(lambda user: ["v2", "v3"])
    assert versions_trained_on(alice) == ["v1", "v2", "v3"]
    assert asked == [alice]


def test_training_has_registered_its_own() -> None:
    assert trained_on._LOOKUPS
    assert versions_trained_on(person("alice")) == []
