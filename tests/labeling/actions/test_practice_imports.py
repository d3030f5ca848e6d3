"""Practice pairs out of files."""

import io
import json

import pytest

from common.errors import Invalid
from labeling.actions import practice_imports
from labeling.actions.import_reports import EmptyFile, ImportReport, ImportSettings, UnreadableFile
from labeling.actions.imports import import_comparisons
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


def load(scene: Stage, content: str, use: str = QUALIFICATION) -> ImportReport:
    return import_practice(
        campaign=scene.campaign,
        stream=io.BytesIO(content.encode()),
        use=use,
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


@pytest.mark.parametrize("stated", [{"strength": 9}, {"strength": "very"}, {"strength": 2, "gold": "tie"}])
def test_a_strength_that_cannot_be_used_is_noted(stated: dict[str, object]) -> None:
    report = load(stage(scale="strength"), json.dumps(RECORDS[0] | stated))
    assert (report.created, report.notes.counts) == (1, {"known_answers_left_out": 1})
    assert PracticePair.objects.get().strength is None


def test_a_second_file_says_what_it_moves_and_keeps_what_it_does_not_state() -> None:
    scene = stage(scale="strength", criteria=[{"name": "honesty"}])
    full = RECORDS[0] | {"strength": 2, "criteria": {"honesty": "chosen"}}
    assert load(scene, json.dumps(full), use="practice").notes.counts == {}
    before = PracticePair.objects.get()
    bare = {name: full[name] for name in ("prompt", "chosen", "rejected")}
    report = load(scene, json.dumps(bare))
    after = PracticePair.objects.get()
    assert report.notes.counts == {"moved_to_qualification": 1}
    assert (after.use, after.explanation, after.strength) == (QUALIFICATION, before.explanation, 2)
    assert after.criteria == before.criteria != {}

    swapped = bare | {"chosen": bare["rejected"], "rejected": bare["chosen"], "explanation": "Count."}
    report = load(scene, json.dumps(swapped), use="practice")
    after = PracticePair.objects.get()
    assert report.notes.counts == {"moved_to_practice": 1, "known_answer_changed": 1}
    assert (after.winner != before.winner, after.strength, after.explanation) == (True, None, "Count.")


@pytest.mark.parametrize(("settled", "note"), [("gold", "no_longer_gold"), ("verdict", "no_longer_settled")])
def test_a_file_says_which_pairs_stop_counting(settled: str, note: str) -> None:
    scene = stage()
    settings = ImportSettings(as_gold=settled == "gold", keep_preferences=settled == "verdict")
    content = json.dumps(RECORDS[0]).encode()
    import_comparisons(
        campaign=scene.campaign,
        stream=io.BytesIO(content),
        settings=settings,
        acting_user=scene.maya,
        now=scene.now,
    )
    assert load(scene, content.decode()).notes.counts == {note: 1}
