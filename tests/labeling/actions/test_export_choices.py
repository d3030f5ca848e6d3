"""Exports are filtered and cleaned, alike by action, API, page and command, and the report says what was found."""

import csv
import json
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from common.errors import Invalid
from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.actions.export_choices import export_filter, keep_evaluation, write_options
from labeling.actions.exports import drop_report, export_campaign, open_export
from labeling.actions.uploads import UploadGone
from labeling.models import Comparison, Event, Verdict
from tests.clients import Visiting, text_of
from tests.people import Stage, asks, stage

pytestmark = pytest.mark.django_db

BREAD = "How do I bake a good loaf of sourdough bread at home?"
QUESTIONS = (BREAD, f"{BREAD} Please.", "Why is the sky blue?", "Did a@example.org write, and why?")


@pytest.fixture
def scene(settings: Any, tmp_path: Path) -> Stage:
    """Four settled comparisons: a question and a much alike one, one of an evaluation, one with an address."""
    settings.VAR_DIR = tmp_path / "var"
    scene = stage()
    scene.add(
        ComparisonDraft(
            prompt=asks(text),
            first=CompletionDraft(f"One {number}, call +49 30 901820"),
            second=CompletionDraft(f"Two {number}"),
            preference="first",
        )
        for number, text in enumerate(QUESTIONS)
    )
    return scene


def exported(scene: Stage, dialect: str = "trl", **values: Any) -> list[str]:
    """The questions in the file, in their order."""
    options = write_options(values, acting_user=scene.maya)
    export = export_campaign(
        campaign=scene.campaign,
        dialect=dialect,
        options=options,
        where=export_filter(values),
        acting_user=scene.maya,
        now=scene.now,
    )
    return [json.loads(piece)["prompt"][0]["content"] for piece in export.pieces]


def kept(scene: Stage, lines: bytes = b"Why is the sky blue?\n") -> int:
    upload, _evaluation = keep_evaluation(
        campaign=scene.campaign, stream=BytesIO(lines), name="eval.txt", acting_user=scene.maya, now=scene.now
    )
    return upload.pk


def test_near_duplicates_are_counted_or_left_out(scene: Stage) -> None:
    assert exported(scene) == list(QUESTIONS)
    assert exported(scene, near_duplicates="report") == list(QUESTIONS)
    assert exported(scene, near_duplicates="drop") == [BREAD, *QUESTIONS[2:]]
    options = write_options({"near_duplicates": "drop"}, acting_user=scene.maya)
    report = drop_report(campaign=scene.campaign, dialect="trl", options=options, acting_user=scene.maya)
    assert (report.kept, report.dropped["near_duplicate"], report.found["near_duplicate"]) == (3, 1, 1)
    assert report.examples["near_duplicate"][0]["earlier"] == BREAD


def test_a_prompt_that_is_not_exported_is_no_earlier_one(scene: Stage) -> None:
    twin = f"{BREAD} Now."
    scene.add([ComparisonDraft(asks(twin), CompletionDraft("x"), CompletionDraft("y"))])
    scene.add([ComparisonDraft(asks(f"{twin} Oh."), CompletionDraft("x"), CompletionDraft("y"), "first")])
    Comparison.objects.filter(prompt__messages=asks(BREAD)).update(status="retired")
    Comparison.objects.filter(prompt__messages=asks(QUESTIONS[1])).update(status="retired")
    assert f"{twin} Oh." in exported(scene, near_duplicates="drop")
    Verdict.objects.filter(comparison__prompt__messages=asks(f"{twin} Oh.")).update(winner="tie")
    scene.add([ComparisonDraft(asks(f"{twin} Ah."), CompletionDraft("x"), CompletionDraft("y"), "first")])
    assert f"{twin} Ah." in exported(scene, near_duplicates="drop")


def test_a_redacted_prompt_keeps_its_side_of_the_split(scene: Stage) -> None:
    scene.add(
        ComparisonDraft(asks(f"Is it a{number}@x.org?"), CompletionDraft(f"x{number}"), CompletionDraft("y"), "first")
        for number in range(20)
    )
    plain, redacted = (
        [row["split"] for row in csv.DictReader(StringIO(b"".join(export.pieces).decode()))]
        for export in (
            open_export(scene.campaign, "csv", write_options(values, acting_user=scene.maya))
            for values in ({}, {"redact": ["email"]})
        )
    )
    assert redacted == plain
    assert set(plain) == {"train", "test"}


def test_prompts_of_an_evaluation_are_counted_or_left_out(scene: Stage) -> None:
    number = kept(scene)
    assert len(exported(scene, evaluation=number, contaminated="report")) == 4
    assert exported(scene, evaluation=number, contaminated="drop") == [*QUESTIONS[:2], QUESTIONS[3]]
    with pytest.raises(Invalid, match="no prompt"):
        kept(scene, b"\n")
    with pytest.raises(Invalid):
        write_options({"contaminated": "drop"}, acting_user=scene.maya)
    with pytest.raises(UploadGone):
        write_options({"contaminated": "drop", "evaluation": number}, acting_user=scene.ada)


def test_a_side_of_the_split_is_whole_and_the_other_is_the_rest(scene: Stage) -> None:
    scene.add(20)
    scene.settle("ab" * 10)
    train, test = (exported(scene, side=side) for side in ("train", "test"))
    assert test
    assert sorted(train + test) == sorted(exported(scene))
    options = write_options({"side": "test"}, acting_user=None)
    export = export_campaign(campaign=scene.campaign, dialect="full", options=options, acting_user=None, now=scene.now)
    lines = [json.loads(piece) for piece in export.pieces]
    prompts = {line["hash"] for line in lines if line["type"] == "prompt"}
    assert {line["prompt"] for line in lines if line["type"] == "comparison"} == prompts
    assert len(prompts) == len(test)


def test_the_event_log_says_how_the_file_was_filtered_and_cleaned(scene: Stage) -> None:
    exported(scene, text="bread", redact=["email"], near_duplicates="drop")
    after = Event.objects.get(verb="campaign.exported").after
    assert after["filter"] == {"text": "bread"}
    assert (after["near_duplicates"], after["redacted"]) == ("drop", ["email"])


def test_api_page_and_command_filter_and_clean_alike(scene: Stage, visiting: Visiting, tmp_path: Path) -> None:
    maya, number = visiting(scene.maya), kept(scene)
    query = f"dialect=trl&confidence_at_least=0.5&near_duplicates=drop&contaminated=drop&evaluation={number}"
    query += "&redact=email&redact=phone"
    lines = b"".join(maya.get(f"/api/v1/campaigns/sums/export/?{query}")).decode()
    assert lines.count("[PHONE]") == 2
    assert "Did [EMAIL] write, and why?" in lines
    assert "+49" not in lines
    report = maya.get(f"/api/v1/campaigns/sums/export/report/?{query}").json()
    assert report["redacted"] == {"email": 1, "phone": 2}
    assert {reason: count for reason, count in report["dropped"].items() if count} == report["found"]
    page = text_of(maya, f"/campaigns/sums/data/export/?{query}&redact_email=on&redact_phone=on")
    assert "1 e-mail addresses" in page
    assert "2 phone numbers" in page
    assert "2 of 4 comparisons are in the file" in page
    evaluation, out = tmp_path / "eval.txt", tmp_path / "out.jsonl"
    evaluation.write_text("Why is the sky blue?\n")
    arguments = [
        *("--confidence-at-least", "0.5", "--near-duplicates", "drop", "--contaminated", "drop"),
        *("--evaluation", str(evaluation), "--redact", "email", "--redact", "phone"),
    ]
    errors = StringIO()
    call_command("export", "sums", "--out", str(out), *arguments, stderr=errors)
    assert out.read_text() == lines
    assert "2 places redacted: phone" in errors.getvalue()
    assert json.loads((tmp_path / "out.jsonl.report.json").read_text())["found"] == report["found"]


def test_the_page_keeps_a_file_of_an_evaluation_and_the_choices(scene: Stage, visiting: Visiting) -> None:
    maya, path = visiting(scene.maya), "/campaigns/sums/data/export/"
    file = SimpleUploadedFile("eval.txt", b"Why is the sky blue?\n")
    sent = {"file": file, "view": "dialect=kto&tag=none"}
    answer = maya.post(f"{path}evaluation/", sent)
    assert answer["Location"].startswith(f"{path}?dialect=kto&tag=none&evaluation=")
    page = text_of(maya, answer["Location"].replace("&tag=none", ""))
    assert "eval.txt" in page
    assert "Found: 1 that contain a prompt of the evaluation" in page
    empty = maya.post(f"{path}evaluation/", {"file": SimpleUploadedFile("e.txt", b"\n"), "view": "dialect=kto"})
    assert "holds no prompt" in empty.content.decode()
    assert 'value="kto" selected' in empty.content.decode()


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("redact=name", "not a valid choice"),
        ("patterns=(", "no regular expression"),
        ("similarity=0.2", "greater than or equal to 0.5"),
        ("dialect=full&redact=email", "loses nothing"),
        ("contaminated=drop", "Name a file"),
        ("evaluation=99999", "no longer kept"),
        ("group=friends", "not a valid choice"),
    ],
)
def test_wrong_choices_are_refused_with_a_reason(scene: Stage, visiting: Visiting, query: str, complaint: str) -> None:
    answer = visiting(scene.maya).get(f"/api/v1/campaigns/sums/export/?{query}")
    assert answer.status_code in (400, 409, 422)
    assert complaint in answer.content.decode()
