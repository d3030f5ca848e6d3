"""Previews of imports: the counts of the import, before anything is kept."""

import gc
import io
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from common.errors import NotAllowed
from labeling.actions.import_reports import ImportReport, ImportSettings
from labeling.actions.imports import import_comparisons, import_prompts
from labeling.actions.previews import (
    PreviewDecided,
    cancel_preview,
    import_preview,
    prepare_again,
    prepare_import,
    preview_import,
)
from labeling.models import Comparison, ImportBatch, KeptUpload, Prompt
from tests.people import Stage, stage

RECORDS = [
    b'{"prompt": "Why?", "chosen": "Because.", "rejected": "No."}',
    b'{"prompt": "Why?", "chosen": "No.", "rejected": "Because."}',
    b'{"prompt": "Why?", "chosen": "So.", "rejected": "So."}',
    b'{"prompt": "How?", "chosen": "So.", "rejected": "Not so.", "gold": "chosen"}',
    b'{"prompt": "How?", "chosen": "", "rejected": "Not so."}',
    b'{"prompt": "When?", "chosen": "Now.", "rejected": "Never."}',
    b"{broken",
]
PROMPTS = [b'{"prompt": "Why?"}', b'{"prompt": "How?", "id": 7}', b'{"prompt": ""}', b'{"text": "?"}', b'"Why?"']


def prepared(scene: Stage, content: bytes, kind: str = "comparisons", **choices: Any) -> ImportBatch:
    return prepare_import(
        campaign=scene.campaign,
        kind=kind,
        stream=io.BytesIO(content),
        name="pairs.jsonl",
        settings=ImportSettings(**choices),
        acting_user=scene.maya,
        now=scene.now,
    )


def counted(report: ImportReport) -> tuple[dict[str, int], bool, list[int]]:
    return report.counts, report.refused, [one.line for one in report.rejected]


class TestTheCounts(TestCase):
    """For any file, a preview reports what the import reports."""

    @given(
        before=st.lists(st.sampled_from(RECORDS), max_size=3),
        lines=st.lists(st.sampled_from(RECORDS), min_size=1, max_size=12),
        choices=st.fixed_dictionaries(
            {}, optional=dict.fromkeys(("refuse_all", "keep_preferences", "as_gold"), st.booleans())
        ),
    )
    @settings(max_examples=30, deadline=None)
    def test_of_comparisons(self, before: list[bytes], lines: list[bytes], choices: dict[str, Any]) -> None:
        scene = stage()
        shared: dict[str, Any] = {"campaign": scene.campaign, "acting_user": scene.maya}
        known = io.BytesIO(b"\n".join([RECORDS[-2], *before]))
        import_comparisons(stream=known, now=scene.now, settings=ImportSettings(dialect="trl"), **shared)
        settings, content = ImportSettings(dialect="trl", **choices), b"\n".join(lines)
        preview = preview_import(kind="comparisons", stream=io.BytesIO(content), settings=settings, **shared)
        report = import_comparisons(stream=io.BytesIO(content), settings=settings, now=scene.now, **shared)
        assert counted(preview.report) == counted(report)

    @given(lines=st.lists(st.sampled_from(PROMPTS), min_size=1, max_size=12), refuse_all=st.booleans())
    @settings(max_examples=30, deadline=None)
    def test_of_prompts(self, lines: list[bytes], refuse_all: bool) -> None:
        scene = stage()
        shared: dict[str, Any] = {"campaign": scene.campaign, "acting_user": scene.maya}
        settings, content = ImportSettings(form="json", refuse_all=refuse_all), b"\n".join(lines)
        preview = preview_import(kind="prompts", stream=io.BytesIO(content), settings=settings, **shared)
        report = import_prompts(stream=io.BytesIO(content), settings=settings, now=scene.now, **shared)
        assert counted(preview.report) == counted(report)


def test_a_preview_keeps_nothing_in_the_campaign_and_can_then_be_imported_once() -> None:
    scene = stage()
    batch = prepared(scene, b"\n".join(RECORDS))
    assert (batch.status, batch.created, batch.rejected_count, batch.dialect) == ("preview", 3, 3, "trl")
    assert [one["line"] for one in batch.sample] == [1, 2, 4, 6]
    assert not Comparison.objects.exists()
    report = import_preview(batch=batch, acting_user=scene.maya, now=scene.now)
    assert report.created == 3
    batch.refresh_from_db()
    assert (batch.status, batch.upload, batch.sample) == ("imported", None, [])
    assert Comparison.objects.filter(batch=batch, **batch.id_range).count() == 3
    assert not KeptUpload.objects.exists()
    with pytest.raises(PreviewDecided):
        import_preview(batch=batch, acting_user=scene.maya, now=scene.now)


def test_a_preview_says_which_of_its_records_are_there_already() -> None:
    scene = stage()
    import_preview(batch=prepared(scene, RECORDS[0]), acting_user=scene.maya, now=scene.now)
    batch = prepared(scene, b"\n".join([RECORDS[0], *RECORDS, RECORDS[1]]))
    first = [one["duplicate"] for one in batch.sample]
    assert first[:2] == [True, True]
    assert first.count(True) + batch.created >= len(first)
    fresh = prepared(scene, b"\n".join([RECORDS[5], RECORDS[5]]))
    assert ([one["duplicate"] for one in fresh.sample], fresh.created) == ([False, True], 1)


def test_a_preview_shows_texts_and_what_is_known_about_them() -> None:
    scene = stage()
    (record,) = prepared(scene, RECORDS[0]).sample
    assert record["prompt"] == [{"role": "user", "content": "Why?"}]
    assert (record["texts"], record["preference"], record["settled"]) == (["Because.", "No."], "first", False)
    (kept,) = prepared(scene, RECORDS[0], keep_preferences=True).sample
    assert kept["settled"]


def test_a_long_text_is_cut_in_the_preview_only() -> None:
    scene = stage()
    content = json.dumps({"prompt": "Why? " * 5000, "chosen": "Because.", "rejected": "No."}).encode()
    batch = prepared(scene, content)
    assert len(batch.sample[0]["prompt"][0]["content"]) < 1100
    import_preview(batch=batch, acting_user=scene.maya, now=scene.now)
    assert len(Prompt.objects.get().messages[0]["content"]) == 25_000


def test_the_same_upload_is_read_differently() -> None:
    scene = stage()
    batch = prepared(scene, b'{"prompt": "Why?"}')
    assert "dialect" in batch.error
    prepare_again(batch=batch, kind="prompts", settings=ImportSettings(), acting_user=scene.maya)
    assert (batch.error, batch.created, batch.kind, batch.dialect) == ("", 1, "prompts", "json")


def test_plain_text_is_named_as_such() -> None:
    assert prepared(stage(), b"# Title\n\nText.\n", kind="prompts").dialect == "text"


def test_a_cancelled_preview_is_decided() -> None:
    scene = stage()
    batch = prepared(scene, RECORDS[0])
    cancel_preview(batch=batch, acting_user=scene.maya)
    batch.refresh_from_db()
    with pytest.raises(PreviewDecided):
        import_preview(batch=batch, acting_user=scene.maya, now=scene.now)
    with pytest.raises(PreviewDecided):
        cancel_preview(batch=batch, acting_user=scene.maya)


def test_only_leads_preview() -> None:
    scene = stage()
    with pytest.raises(NotAllowed):
        preview_import(
            campaign=scene.campaign,
            kind="prompts",
            stream=io.BytesIO(b"Why?"),
            settings=ImportSettings(),
            acting_user=scene.alice,
        )


class Endless:
    """A stream of that many prompts, none of which is ever in memory before it is read."""

    def __init__(self, count: int) -> None:
        self.pieces: Iterator[bytes] = (f"What is the number {number}?\n".encode() for number in range(count))

    def read(self, size: int = -1, /) -> bytes:
        piece = b""
        while len(piece) < 60_000 and (line := next(self.pieces, b"")):
            piece += line
        return piece


def test_the_memory_of_a_preview_does_not_grow_with_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, held = stage(), list[int]()
    monkeypatch.setattr(connection.connection, "prepare_threshold", None)  # psycopg keeps the last 100 statements

    class Watched(Endless):
        def read(self, size: int = -1, /) -> bytes:
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])
            return super().read(size)

    tracemalloc.start()
    preview_import(
        campaign=scene.campaign,
        kind="prompts",
        stream=Watched(12_000),
        settings=ImportSettings(),
        acting_user=scene.maya,
    )
    tracemalloc.stop()
    assert len(held) > 5, held
    assert held[-1] < held[2] + 400_000, held  # part of a batch; the hashes of all lines are 1.5 MB
