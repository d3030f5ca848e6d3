"""erase_person shows the consequences, and erases with --yes."""

import json
from io import StringIO

from django.core.management import call_command

from labeling.models import Erasure
from tests.people import Stage


def test_the_command_erases_only_with_yes(scene: Stage) -> None:
    out = StringIO()
    call_command("erase_person", "alice", stdout=out)
    assert json.loads(out.getvalue())["erased"] is False
    assert not Erasure.objects.exists()
    call_command("erase_person", "alice", "--yes", "--withdraw", stdout=StringIO())
    assert (Erasure.objects.get().person, Erasure.objects.get().withdrawn) == (scene.alice, 2)
