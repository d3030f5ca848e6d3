"""Events in words."""

import re
from pathlib import Path

from django.utils.translation import override

from labeling.events.labels import add_labels, label_of, labels

ROOT = Path(__file__).resolve().parents[3]


def test_every_verb_that_is_recorded_has_a_label() -> None:
    recorded: set[str] = set()
    for folder in ("labeling", "training"):
        for path in (ROOT / folder).rglob("*.py"):
            recorded |= set(re.findall(r'record(?:_all)?\(\s*"([a-z_]+\.[a-z_]+)"', path.read_text(encoding="utf-8")))
    assert len(recorded) > 30
    assert recorded <= set(labels())


def test_labels_are_in_the_readers_language_and_sorted_in_it() -> None:
    assert label_of("judgment.made") == "Judgment made"
    assert list(labels().values()) == sorted(labels().values(), key=str.casefold)
    with override("de"):
        assert label_of("judgment.made") == "Urteil abgegeben"


def test_a_verb_without_a_label_is_readable_all_the_same() -> None:
    assert label_of("some_thing.was_done") == "Some thing was done"
    add_labels({"some_thing.was_done": "Something was done"})
    assert label_of("some_thing.was_done") == "Something was done"
