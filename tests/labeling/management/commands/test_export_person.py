"""export_person prints all data about a person."""

import json

import pytest
from django.core.management import CommandError

from tests.labeling.management.running import run
from tests.people import Stage


def test_the_command_prints_one_json_object(scene: Stage) -> None:
    out, _ = run("export_person", "alice")
    assert json.loads(out)["account"]["email"] == "alice@example.org"


def test_a_person_who_does_not_exist_is_named(scene: Stage) -> None:
    with pytest.raises(CommandError, match="nobody"):
        run("export_person", "nobody")
