"""Practice pairs out of files."""

import io
import json

import pytest

from common.errors import Invalid
from labeling.actions import practice_imports
from labeling.actions.import_reports import ImportReport, UnreadableFile
from labeling.actions.practice_imports import import_practice
from labeling.models import PracticePair
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
