"""The chain stays: the database itself refuses to change or delete its links."""

from labeling.actions.event_chain import seal_events
from labeling.models import EventLink
from tests.labeling.models.append_only import refuses
from tests.people import NOON, Stage


def test_a_link_can_neither_be_changed_nor_deleted(scene: Stage) -> None:
    seal_events(now=NOON)
    assert refuses("UPDATE labeling_eventlink SET hash = ''")
    assert refuses("DELETE FROM labeling_eventlink")
    assert EventLink.objects.exclude(hash="").exists()
