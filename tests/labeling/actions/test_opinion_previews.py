"""A preview counts the judgments, contradictions and duplicates that the import of the same file would report."""

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from labeling.actions import comparisons, import_records
from labeling.actions.import_reports import ImportReport, ImportSettings
from labeling.actions.imports import import_comparisons
from labeling.actions.previews import prepare_import, preview_import
from tests.people import Stage, stage

YES = {"prompt": "Why?", "chosen": "So.", "rejected": "No."}
NO = {"prompt": "Why?", "chosen": "No.", "rejected": "So."}
OTHER = {"prompt": "How?", "chosen": "So.", "rejected": "No."}
NAMES: tuple[dict[str, str], ...] = ({}, {"annotator": "ann"}, {"annotator": "ben"}, {"annotator": "cid"})
RECORDS = [one | name for one in (YES, NO, OTHER) for name in NAMES]
KEPT = ImportSettings(keep_preferences=True)


def content_of(records: list[dict[str, Any]]) -> io.BytesIO:
    return io.BytesIO("\n".join(map(json.dumps, records)).encode())


def both(scene: Stage, records: list[dict[str, Any]]) -> tuple[ImportReport, ImportReport]:
    """The report of a preview, and that of the import."""
    shared: Any = {"campaign": scene.campaign, "settings": KEPT, "acting_user": scene.maya}
    preview = preview_import(kind="comparisons", stream=content_of(records), **shared)
    return preview.report, import_comparisons(stream=content_of(records), now=scene.now, **shared)


def counted(report: ImportReport) -> dict[str, int]:
    return report.counts | {"left_out": report.notes.counts["left_out"], "erased": report.notes.counts["erased"]}


@pytest.mark.parametrize(
    ("before", "records", "judgments", "left_out", "duplicates"),
    [
        pytest.param([], [YES | NAMES[1], YES | NAMES[2], NO | NAMES[3]], 3, 0, 0, id="several on one new pair"),
        pytest.param([], [YES | NAMES[1], NO | NAMES[1]], 1, 1, 1, id="one person in two ways"),
        pytest.param([YES], [NO | NAMES[1], NO | NAMES[2]], 2, 0, 0, id="on a pair with a verdict"),
        pytest.param([YES | NAMES[1]], [YES | NAMES[1], YES | NAMES[2]], 1, 0, 1, id="on a pair that has some"),
        pytest.param([], [YES, NO, YES], 1, 0, 1, id="without a name"),
    ],
)
def test_further_votes_on_a_pair_are_no_duplicates(
    before: list[dict[str, Any]], records: list[dict[str, Any]], judgments: int, left_out: int, duplicates: int
) -> None:
    scene = stage(overlap=3)
    if before:
        both(scene, before)
    preview, report = both(scene, records)
    assert counted(preview) == counted(report)
    assert (preview.judgments, preview.notes.counts["left_out"], preview.duplicates) == (
        judgments,
        left_out,
        duplicates,
    )


def test_the_records_shown_are_not_marked_as_known_where_they_bring_a_vote() -> None:
    scene = stage()
    shared: Any = {"kind": "comparisons", "name": "votes.jsonl", "settings": KEPT, "acting_user": scene.maya}
    records = content_of([YES | NAMES[1], YES | NAMES[2], YES | NAMES[2]])
    batch = prepare_import(campaign=scene.campaign, stream=records, now=scene.now, **shared)
    assert [one["duplicate"] for one in batch.sample] == [False, False, True]
    assert (batch.created, batch.judgments, batch.duplicates) == (1, 2, 1)


class TestAnyFile(TestCase):
    """Whatever the campaign has, and however the file falls into batches."""

    @given(
        before=st.lists(st.sampled_from(RECORDS), max_size=4),
        records=st.lists(st.sampled_from(RECORDS), min_size=1, max_size=9),
        rules=st.fixed_dictionaries(
            {"overlap": st.integers(1, 3), "verdict_rule": st.sampled_from(("majority", "unanimity", "dawid_skene"))}
        ),
        size=st.integers(1, 9),
    )
    @settings(max_examples=12, deadline=None)
    def test_is_counted_as_it_will_be_imported(
        self, before: list[dict[str, Any]], records: list[dict[str, Any]], rules: dict[str, Any], size: int
    ) -> None:
        scene = stage(**rules)
        if before:
            both(scene, before)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(import_records, "BATCH_RECORDS", size)
            patch.setattr(comparisons, "CHUNK", size)
            preview, report = both(scene, records)
        assert counted(preview) == counted(report)
