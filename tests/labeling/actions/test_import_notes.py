"""An import reports where each field went, what contradicts itself, and what was unusual."""

import io
import json
from dataclasses import replace
from typing import Any

import pytest

from labeling.actions import import_notes
from labeling.actions.campaigns import create_campaign
from labeling.actions.exports import open_export
from labeling.actions.import_reports import ImportReport, ImportSettings
from labeling.actions.imports import import_comparisons, import_prompts
from labeling.actions.outside_annotators import opinion_author
from labeling.actions.previews import preview_import
from labeling.exchange.options import WriteOptions
from labeling.models import Comparison, Completion, ImportBatch, Prompt
from tests.people import Stage, stage

RECORD = {"prompt": "Why?", "chosen": "Because.", "rejected": "No.", "score": 8.5, "annotator": "p-03", "tags": ["x"]}


def lines(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def bring_in(scene: Stage, content: bytes, **settings: Any) -> ImportReport:
    chosen = ImportSettings(**settings)
    return import_comparisons(
        campaign=scene.campaign, stream=io.BytesIO(content), settings=chosen, acting_user=scene.maya, now=scene.now
    )


def test_metadata_of_comparisons_completions_and_prompts_is_kept() -> None:
    scene = stage()
    bring_in(scene, lines(RECORD))
    assert Comparison.objects.get().metadata == {
        "score": 8.5,
        "opinions": [{"annotator": opinion_author("p-03"), "choice": "first", "left": "first"}],
    }
    assert Prompt.objects.get().tags == ["x"]
    answers = [{"answer": text, "rank": rank} for rank, text in ((1, "Yes"), (2, "Maybe"))]
    bring_in(scene, lines({"prompt": "Is it?", "answers": answers}))
    assert Completion.objects.get(text="Yes").metadata == {"rank": 1}
    assert Completion.objects.get(text="Because.").metadata is None
    turns = {"question_id": 81, "category": "writing", "turns": ["First", "Second"], "reference": None}
    import_prompts(campaign=scene.campaign, stream=io.BytesIO(lines(turns)), acting_user=scene.maya, now=scene.now)
    assert Prompt.objects.get(external_id="81").metadata == {"later_turns": ["Second"], "reference": None}


def test_the_report_and_the_preview_say_where_each_field_went() -> None:
    scene = stage()
    content = lines(RECORD, {**RECORD, "prompt": "What?", "tools": [1]}, {**RECORD, "prompt": "Who?", "score": None})
    expected = {
        "prompt": {"used": 2},
        "chosen": {"used": 2},
        "rejected": {"used": 2},
        "annotator": {"used": 2},
        "score": {"metadata": 2},
        "tags": {"used": 2},
        "tools": {"refused": 1},
    }
    preview = preview_import(
        campaign=scene.campaign,
        kind="comparisons",
        stream=io.BytesIO(content),
        settings=ImportSettings(),
        acting_user=scene.maya,
    )
    assert preview.report.as_dict()["field_uses"] == expected
    assert bring_in(scene, content).as_dict()["field_uses"] == expected
    assert ImportBatch.objects.get().field_uses == expected


def test_contradictions_are_counted_and_listed() -> None:
    turned = {**RECORD, "chosen": "No.", "rejected": "Because."}
    report = bring_in(stage(), lines(RECORD, turned, RECORD, {**turned, "prompt": "Else?"}))
    assert (report.created, report.duplicates) == (2, 2)
    assert report.notes.as_dict() == {
        "notes": {"contradictions": 1},
        "contradictions": [{"line": 2, "record": 2, "earlier_record": 1}],
        "examples": {},
    }


def test_the_other_fields_of_a_pair_that_is_here_already_are_said_to_be_left_out() -> None:
    scene = stage()
    first = bring_in(scene, lines({**RECORD, "licence": "MIT"}))
    again = bring_in(scene, lines({**RECORD, "licence": "GPL"}, {**RECORD, "licence": "MIT"}))
    assert first.notes.counts["fields_left_out"] == 0
    assert (again.duplicates, again.notes.counts["fields_left_out"]) == (2, 1)
    assert (Comparison.objects.get().metadata or {})["licence"] == "MIT"


def test_tags_and_prompt_fields_that_are_kept_are_not_said_to_be_left_out() -> None:
    scene = stage()
    bring_in(scene, lines({**RECORD, "tags": ["a"]}))
    beside = {**RECORD, "rejected": "Else.", "tags": ["b"], "licence": "MIT"}  # its prompt has other tags
    bring_in(scene, lines(beside))
    again = bring_in(scene, lines(beside, {**RECORD, "tags": ["a"]}))
    assert (again.duplicates, again.notes.counts["fields_left_out"]) == (2, 0)
    more = bring_in(scene, lines({**RECORD, "tags": ["c"]}, {**beside, "licence": "GPL"}))
    assert (more.duplicates, more.notes.counts["fields_left_out"]) == (2, 2)


def test_a_full_table_of_pairs_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_notes, "SLOTS", 4)
    others = [{**RECORD, "prompt": f"Q{number}"} for number in range(9)]
    turned = [{**one, "chosen": "No.", "rejected": "Because."} for one in others]
    report = bring_in(stage(), lines(*others, *turned))
    assert report.notes.counts["contradictions"] == 2


def test_a_mapping_reads_any_columns_and_is_remembered() -> None:
    scene = stage()
    mapping = {"prompt": "frage", "a": "eins", "b": "zwei", "preference": "besser", "id": "nr"}
    first = b"nr;frage;eins;zwei;besser;quelle\n7;Warum?;Darum.;Nein.;zwei;Heft\n"
    report = bring_in(scene, first, mapping=mapping, keep_preferences=True)
    assert (report.created, report.settled) == (1, 1)
    comparison = Comparison.objects.get()
    assert (comparison.external_id, comparison.metadata) == ("7", {"quelle": "Heft"})
    record = {"frage": "Wann?", "eins": "Jetzt.", "zwei": "Nie.", "besser": "eins", "nr": 8}
    report = bring_in(scene, json.dumps({"data": [record]}).encode())
    assert (report.created, report.batch.dialect if report.batch else "") == (1, "mapping")
    assert bring_in(scene, lines({**RECORD, "prompt": "Else?"})).created == 1  # a known dialect comes first


def test_tags_belong_to_a_new_prompt_and_otherwise_stay_with_the_comparison() -> None:
    scene = stage()
    bring_in(scene, lines(RECORD, RECORD | {"chosen": "So.", "tags": ["y"]}, RECORD | {"chosen": "Hm.", "tags": "x,y"}))
    assert Prompt.objects.get().tags == ["x"]
    assert [(one.metadata or {}).get("tags") for one in Comparison.objects.order_by("pk")] == [None, ["y"], "x,y"]


@pytest.mark.parametrize("dialect", ["csv", "labelstudio", "trl"])
def test_tags_and_fields_of_a_prompt_come_back_with_an_export(dialect: str) -> None:
    scene = stage()
    bring_in(scene, lines({name: RECORD[name] for name in RECORD if name != "annotator"}), keep_preferences=True)
    elsewhere = create_campaign(name="Elsewhere", acting_user=scene.maya, now=scene.now)
    Prompt.objects.update(metadata={"licence": "cc0"})
    exported = b"".join(open_export(scene.campaign, dialect, WriteOptions(extras=dialect == "trl")).pieces)
    bring_in(replace(scene, campaign=elsewhere), exported, keep_preferences=True)
    prompt = elsewhere.prompts.get()
    assert prompt.tags == ["x"]
    assert prompt.metadata == (None if dialect == "trl" else {"licence": "cc0"})
    kept = elsewhere.comparisons.get().metadata or {}
    assert {"tags", "prompt_fields"}.isdisjoint(kept)


@pytest.mark.parametrize("keep_preferences", [False, True])
def test_records_that_state_no_known_preference_are_counted_where_preferences_are_kept(keep_preferences: bool) -> None:
    pair = {"prompt": "Why?", "response_a": "Because.", "response_b": "No."}
    content = lines({**pair, "winner": "a"}, {**pair, "prompt": "How?", "rank": "a"})
    expected = {"no_preference": 1} if keep_preferences else {}
    report = bring_in(stage(), content, keep_preferences=keep_preferences)
    assert (report.created, dict(report.notes.counts)) == (2, expected)
