"""An erasure stays, and it alone allows blanking comments."""

from labeling.models import Erasure, Judgment
from tests.labeling.models.append_only import refuses
from tests.people import NOON, Stage


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
