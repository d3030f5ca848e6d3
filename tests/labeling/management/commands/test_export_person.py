"""export_person prints all data about a person."""

import json

import pytest
from django.core.management import CommandError

from labeling.models import Event
from tests.labeling.management.running import run
from tests.people import Stage


def test_the_command_prints_one_json_object(scene: Stage) -> None:
    out, _ = run("export_person", "alice")
    assert json.loads(out)["account"]["email"] == "alice@example.org"
    assert Event.objects.get(verb="person.data_read").subject_id == str(scene.alice.pk)


def test_a_person_who_does_not_exist_is_named(scene: Stage) -> None:
    with pytest.raises(CommandError, match="nobody"):
        run("export_person", "nobody")
