"""History stays: the database itself refuses to change or delete it."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError

from labeling.models import Erasure, Event, Judgment
from tests.people import NOON, Stage, stage


@pytest.fixture
def scene() -> Stage:
    """One judgment has been made."""
    scene = stage(comparisons=1)
    scene.vote(scene.given(scene.alice), "a", comment="Shorter.")
    return scene


def refuses(statement: str) -> bool:
    """Whether the database refuses a statement as append-only."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        return "append-only" in str(error)
    return False


def test_an_event_can_neither_be_changed_nor_deleted(scene: Stage) -> None:
    assert refuses("UPDATE labeling_event SET verb = 'nothing.happened'")
    assert refuses("DELETE FROM labeling_event")
    assert Event.objects.filter(verb="judgment.made").count() == 1


def test_a_judgment_can_not_be_deleted(scene: Stage) -> None:
    assert refuses("DELETE FROM labeling_judgment")


@pytest.mark.parametrize(
    "change", ["choice = 'b'", "comment = ''", "seconds = 1", "created_at = now()", "key = 'other'"]
)
def test_nothing_about_a_judgment_can_be_changed(scene: Stage, change: str) -> None:
    assert refuses(f"UPDATE labeling_judgment SET {change}")
    assert refuses(f"UPDATE labeling_judgment SET {change}, superseded_at = now()")


def test_a_judgment_is_superseded_once_and_for_good(scene: Stage) -> None:
    Judgment.objects.update(superseded_at=NOON)
    assert refuses("UPDATE labeling_judgment SET superseded_at = NULL")
    assert refuses("UPDATE labeling_judgment SET superseded_at = now()")
    assert refuses("UPDATE labeling_judgment SET comment = 'x'")


def test_a_campaign_with_judgments_cannot_be_deleted(scene: Stage) -> None:
    with pytest.raises(ProtectedError):
        scene.campaign.delete()
    assert Judgment.objects.exists()


def test_words_can_be_blanked_only_of_whom_an_erasure_names_and_only_blanked(scene: Stage) -> None:
    blank = "UPDATE labeling_judgment SET comment = '', skip_reason = ''"
    assert refuses(blank)
    Erasure.objects.create(person=scene.bob, at=NOON, judgments=0, comments=0, tokens=0)
    assert refuses(blank)  # they are Alice's
    Erasure.objects.create(person=scene.alice, at=NOON, judgments=1, comments=1, tokens=0)
    assert refuses("UPDATE labeling_judgment SET comment = 'other'")
    assert refuses("UPDATE labeling_judgment SET comment = '', choice = 'b'")
    assert refuses("DELETE FROM labeling_judgment")
    assert not refuses(blank)
    assert Judgment.objects.get().comment == ""


def test_an_erasure_can_neither_be_changed_nor_deleted(scene: Stage) -> None:
    Erasure.objects.create(person=scene.bob, at=NOON, judgments=0, comments=0, tokens=0)
    assert refuses("UPDATE labeling_erasure SET comments = 9")
    assert refuses("DELETE FROM labeling_erasure")
