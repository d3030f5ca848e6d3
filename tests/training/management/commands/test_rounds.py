"""A campaign's rounds on the command line."""

import json

import pytest
from django.core.management import CommandError, call_command

from tests.browser.furnished import furnish
from tests.labeling.management.running import run
from tests.people import stage

pytestmark = pytest.mark.django_db


def test_rounds_are_listed_and_one_is_shown_with_its_phases() -> None:
    furnish(stage(comparisons=3))
    lines = run("rounds", "sums")[0].splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("Round 2: not_promoted; sums-v2; 0.0 min of people, ")
    shown = run("rounds", "sums", "--number", "3")[0]
    assert "  train: running" in shown
    assert [json.loads(line)["number"] for line in run("rounds", "sums", "--json")[0].splitlines()] == [4, 3, 2, 1]
    with pytest.raises(CommandError, match="no round 9"):
        call_command("rounds", "sums", "--number", "9")
