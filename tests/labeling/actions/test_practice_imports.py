"""Practice pairs out of files."""

import io
import json

import pytest

from common.errors import Invalid
from labeling.actions import practice_imports
from labeling.actions.import_reports import EmptyFile, ImportReport, UnreadableFile
from labeling.actions.practice_imports import import_practice
from labeling.models import Campaign, PracticePair
from tests.labeling.practising import QUALIFICATION
from tests.people import Stage, stage

pytestmark = pytest.mark.django_db

RECORDS = [
    {"prompt": "Two plus two?", "chosen": "Four.", "rejected": "Five.", "explanation": "It is **four**."},
    {"prompt": "Two plus three?", "chosen": "Five.", "rejected": "Six.", "gold": "tie"},
    {"instruction": "Say hi.", "output_1": "Hi.", "output_2": "Ho."},
]


def load(scene: Stage, content: str) -> ImportReport:
    return import_practice(
        campaign=scene.campaign,
        stream=io.BytesIO(content.encode()),
        use=QUALIFICATION,
        acting_user=scene.maya,
        now=scene.now,
    )


def test_records_bring_their_answers_and_explanations() -> None:
    scene = stage()
    report = load(scene, "\n".join(json.dumps(one) for one in RECORDS[:2]))
    assert (report.created, report.rejected_count) == (2, 0)
    first, second = PracticePair.objects.order_by("pk")
    winner = first.comparison.completion_a if first.winner == "a" else first.comparison.completion_b
    assert (winner.text, first.explanation, first.use) == ("Four.", "It is **four**.", QUALIFICATION)
    assert second.winner == "tie"
    assert scene.reload().qualification_pool == 2


def test_records_without_an_answer_are_named() -> None:
    report = load(stage(), json.dumps(RECORDS[2]))
    assert (report.created, report.rejected_count) == (0, 1)
    assert "known verdict" in report.rejected[0].reason


def test_a_file_that_cannot_be_read_or_is_too_long_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = stage()
    with pytest.raises(UnreadableFile):
        load(scene, json.dumps({"question": "?", "answer": "!"}))
    monkeypatch.setattr(practice_imports, "MOST_PAIRS", 1)
    with pytest.raises(Invalid, match="at most 1"):
        load(scene, "\n".join(json.dumps(one) for one in RECORDS[:2]))
    assert not PracticePair.objects.exists()


@pytest.mark.parametrize("content", ["", "\n\n", "[]"])
def test_an_empty_file_is_named_as_empty(content: str) -> None:
    with pytest.raises(EmptyFile, match="empty"):
        load(stage(), content)


def test_known_strengths_and_criteria_are_read_where_the_campaign_asks_for_them() -> None:
    scene = stage()
    scene.campaign.scale = Campaign.Scale.STRENGTH
    scene.campaign.criteria = [{"name": "honesty", "question": "Which is more honest?"}]
    scene.campaign.save()
    answers = {"strength": 2, "criteria": {"honesty": "rejected"}}
    report = load(scene, json.dumps(RECORDS[0] | answers))
    pair = PracticePair.objects.get()
    other = "b" if pair.winner == "a" else "a"
    assert (pair.strength, pair.criteria, report.notes.counts) == (2, {"honesty": other}, {})

    named = {
        "prompt": "One?",
        "response_a": "x",
        "response_b": "y",
        "preference": "b",
        "annotator": "kim",
        "strength": 3,
    }
    load(scene, json.dumps(named))
    assert PracticePair.objects.get(comparison__prompt__messages__0__content="One?").strength == 3


def test_answers_that_the_campaign_does_not_ask_for_are_noted_or_rejected() -> None:
    scene = stage(allow_tie=False)
    records = [RECORDS[0] | {"strength": 2, "criteria": {"wit": "chosen"}}, RECORDS[1]]
    report = load(scene, "\n".join(json.dumps(one) for one in records))
    assert (report.created, report.rejected_count) == (1, 1)
    assert "do not offer" in report.rejected[0].reason
    assert report.notes.counts == {"known_answers_left_out": 1}
