"""A campaign's gate on the command line."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.browser.furnished import Furnished, furnish
from tests.labeling.management.running import run
from tests.people import stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def furnished() -> Furnished:
    return furnish(stage(comparisons=3))


def test_a_gate_is_shown_and_changed(furnished: Furnished, tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text('[{"figure": "pairs", "floor": 20}]')
    assert "Gate 1 of sums" in run("gate", "sums")[0]
    assert "- It was measured on at least 20 held-out pairs." in run("gate", "sums", "--set", str(file))[0]
    assert json.loads(run("gate", "sums", "--json")[0])["number"] == 2
    file.write_text('[{"figure": "pairs", "floor": 1}]')
    with pytest.raises(CommandError, match="from 10"):
        call_command("gate", "sums", "--set", str(file))
