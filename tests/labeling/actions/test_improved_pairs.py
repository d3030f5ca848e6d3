"""Pairs of improved texts in our own files: in the campaign that they are from they are part of its judgments."""

import io
import json
from typing import Any

import pytest

from labeling.actions.campaigns import create_campaign
from labeling.actions.exports import export_campaign
from labeling.actions.import_reports import ImportReport, ImportSettings
from labeling.actions.imports import import_comparisons
from labeling.actions.previews import preview_import
from labeling.exchange import WriteOptions
from tests.people import Stage, stage

DIALECTS = ("trl", "trl-implicit", "kto", "hh", "openai")
NOTHING = {"created": 0, "settled": 0, "judgments": 0, "gold": 0, "rejected_count": 0}


def improved() -> Stage:
    """Two comparisons whose winners Alice improved, and one that she only judged."""
    scene = stage(comparisons=3, allow_edit=True)
    for winner, fields in (("a", {"edit": "Much better."}), ("b", {"edit": "Better still."}), ("a", {})):
        scene.vote(scene.given(scene.alice), winner, **fields)
    return scene


def exported(scene: Stage, dialect: str, *, extras: bool = False) -> bytes:
    shared: Any = {"campaign": scene.campaign, "acting_user": scene.maya, "now": scene.now}
    return b"".join(export_campaign(dialect=dialect, options=WriteOptions(extras=extras), **shared).pieces)


def brought(scene: Stage, content: bytes, *, keep: bool) -> tuple[ImportReport, ImportReport]:
    """The reports of a preview and of the import."""
    settings = ImportSettings(keep_preferences=keep)
    shared: Any = {"campaign": scene.campaign, "settings": settings, "acting_user": scene.maya}
    preview = preview_import(kind="comparisons", stream=io.BytesIO(content), **shared)
    return preview.report, import_comparisons(stream=io.BytesIO(content), now=scene.now, **shared)


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_our_own_file_with_improved_texts_adds_nothing_to_its_campaign(dialect: str, keep: bool) -> None:
    scene = improved()
    preview, report = brought(scene, exported(scene, dialect), keep=keep)
    assert report.counts == preview.counts == NOTHING | {"duplicates": 7}
    assert scene.campaign.comparisons.count() == 3


def test_elsewhere_each_of_them_is_a_pair() -> None:
    scene = improved()
    content = exported(scene, "trl")
    scene.campaign = create_campaign(name="Elsewhere", acting_user=scene.maya, now=scene.now)
    preview, report = brought(scene, content, keep=True)
    assert report.counts == preview.counts
    assert (report.created, report.settled) == (7, 7)


def test_another_preference_about_an_improved_text_is_a_pair_of_its_own() -> None:
    scene = improved()
    rows = [json.loads(line) for line in exported(scene, "trl").splitlines()]
    edits = [row for row in rows if row["chosen"][0]["content"] == "Much better."]
    against = [row | {"chosen": row["rejected"], "rejected": row["chosen"]} for row in edits]
    named = [edits[0] | {"annotator": "somebody"}]
    content = "\n".join(map(json.dumps, [*against, *named])).encode()
    preview, report = brought(scene, content, keep=True)
    assert report.counts == preview.counts
    assert (report.created, report.duplicates) == (2, 0)


def test_each_row_has_the_name_of_its_own_pair() -> None:
    scene = improved()
    rows = [json.loads(line) for line in exported(scene, "trl", extras=True).splitlines()]
    assert len({row["pair"] for row in rows}) == len(rows) == 7
    assert {one.pair_hash for one in scene.campaign.comparisons.all()} < {row["pair"] for row in rows}
