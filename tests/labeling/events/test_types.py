"""Types of webhook messages, made from verbs of the event log."""

import pytest

from labeling.events.types import CONFLICT, FINISHED, SETTLED, offered, payload, types_of
from labeling.models import Event
from tests.people import stage


@pytest.mark.parametrize(
    ("verb", "after", "types"),
    [
        ("judgment.made", {"status": "open", "verdict": {}}, []),
        ("judgment.made", {"status": "settled", "verdict": {"winner": "a"}}, [SETTLED]),
        ("judgment.changed", {"status": "conflict", "verdict": {}}, [CONFLICT]),
        ("judgment.undone", {}, ["judgment.undone"]),
        ("comparison.adjudicated", {"winner": "b"}, [SETTLED]),
        ("campaign.status_changed", {"status": "closed"}, ["campaign.status_changed", FINISHED]),
        ("campaign.status_changed", {"status": "paused"}, ["campaign.status_changed"]),
        ("campaign.changed", {}, []),
    ],
)
def test_an_event_causes_the_messages_that_its_verb_and_values_say(
    verb: str, after: dict[str, object], types: list[str]
) -> None:
    assert types_of(verb, after) == types


def test_training_offers_its_own_types_and_each_has_a_sentence() -> None:
    types = offered()
    assert list(types) == sorted(types)
    assert {SETTLED, CONFLICT, FINISHED} < set(types)
    assert any(name.startswith("version.") for name in types)
    assert all(str(sentence).endswith(".") for sentence in types.values())


def test_a_message_names_people_by_pseudonym_and_a_verdict_by_its_winner() -> None:
    scene = stage(comparisons=1)
    judgment = scene.vote(scene.given(scene.alice), "a")
    event = Event.objects.get(verb="judgment.made")
    message = payload(SETTLED, event)
    assert message["data"] == {
        "event": event.pk,
        "campaign": scene.campaign.slug,
        "comparison": judgment.comparison_id,
        "verdict": {"winner": "a", "confidence": 0.75, "settled_by": "majority"},
    }
    created = Event.objects.get(verb="campaign.created")
    assert payload("campaign.created", created)["data"]["actor"] == scene.maya.pseudonym
