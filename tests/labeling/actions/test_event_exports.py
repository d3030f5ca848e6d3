"""The event log as a file: pseudonyms instead of names, and no formula for a spreadsheet."""

import csv
import json
from io import StringIO

import pytest

from common.errors import NotAllowed
from labeling.actions.curation import retire_comparison
from labeling.actions.event_exports import COLUMNS, export_events
from labeling.models import Comparison, Event
from tests.people import Stage, stage


@pytest.fixture
def scene() -> Stage:
    """A campaign with a few events."""
    scene = stage(comparisons=1)
    scene.vote(scene.given(scene.alice), "a")
    retire_comparison(comparison=Comparison.objects.get(), reason="=1+1", acting_user=scene.maya, now=scene.now)
    return scene


def test_lines_hold_every_event_in_order_with_pseudonyms(scene: Stage) -> None:
    export = export_events(campaign=scene.campaign, form="jsonl", acting_user=scene.maya, now=scene.now)
    rows = [json.loads(line) for line in b"".join(export.pieces).splitlines()]
    assert [row["verb"] for row in rows] == list(scene.campaign.events.order_by("pk").values_list("verb", flat=True))
    (judged,) = [row for row in rows if row["verb"] == "judgment.made"]
    assert judged["actor"] == scene.alice.pseudonym
    assert b"alice" not in b"".join(
        export_events(campaign=scene.campaign, form="jsonl", acting_user=scene.maya, now=scene.now).pieces
    )


def test_a_table_has_a_header_and_the_same_events(scene: Stage) -> None:
    export = export_events(campaign=scene.campaign, form="csv", verb="judgment.made", acting_user=None, now=scene.now)
    header, row = csv.reader(StringIO(b"".join(export.pieces).decode()))
    assert tuple(header) == COLUMNS
    assert json.loads(row[header.index("after")])["choice"] == "a"
    assert export.filename == f"{scene.campaign.slug}-events.csv"


def test_taking_the_log_is_an_event_and_only_for_leads(scene: Stage) -> None:
    export_events(campaign=scene.campaign, form="jsonl", acting_user=scene.maya, now=scene.now)
    assert Event.objects.get(verb="campaign.exported").after == {"dialect": "events, jsonl"}
    with pytest.raises(NotAllowed):
        export_events(campaign=scene.campaign, form="jsonl", acting_user=scene.alice, now=scene.now)
