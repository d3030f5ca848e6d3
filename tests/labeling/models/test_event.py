"""Events stay: the database itself refuses to change or delete them."""

from labeling.models import Event
from tests.labeling.models.append_only import refuses
from tests.people import Stage


def test_an_event_can_neither_be_changed_nor_deleted(scene: Stage) -> None:
    assert refuses("UPDATE labeling_event SET verb = 'nothing.happened'")
    assert refuses("DELETE FROM labeling_event")
    assert Event.objects.filter(verb="judgment.made").count() == 1
