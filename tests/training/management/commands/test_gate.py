"""A campaign's gate on the command line."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.browser.furnished import Furnished, furnish
from tests.people import stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def furnished() -> Furnished:
    return furnish(stage(comparisons=3))


def output(*arguments: Any, **options: Any) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


def test_a_gate_is_shown_and_changed(furnished: Furnished, tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text('[{"figure": "pairs", "floor": 20}]')
    assert "Gate 1 of sums" in output("gate", "sums")
    assert "- It was measured on at least 20 held-out pairs." in output("gate", "sums", "--set", str(file))
    assert json.loads(output("gate", "sums", "--json"))["number"] == 2
    file.write_text('[{"figure": "pairs", "floor": 1}]')
    with pytest.raises(CommandError, match="from 10"):
        call_command("gate", "sums", "--set", str(file))
