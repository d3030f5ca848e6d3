"""Verdicts as they would be if somebody had not judged."""

import io
import json

import pytest

from labeling.actions.import_reports import ImportSettings
from labeling.actions.imports import import_comparisons
from labeling.exchange import VerdictRecord
from labeling.judging.leaving_out import records_without
from labeling.models import User
from labeling.queries.verdicts import verdict_records
from tests.people import Stage, pair, stage

pytestmark = pytest.mark.django_db


def voted(scene: Stage, **votes: str) -> None:
    """Everybody votes on the next comparison."""
    for name, winner in votes.items():
        user = getattr(scene, name)
        scene.vote(scene.given(user), winner)


def without(scene: Stage, *names: str) -> list[VerdictRecord]:
    people = [getattr(scene, name) for name in names]
    return list(records_without(scene.campaign, verdict_records(scene.campaign), people))


def test_the_other_votes_decide_again() -> None:
    scene = stage(comparisons=3, overlap=2)
    voted(scene, alice="a", bob="a")
    voted(scene, alice="b", bob="b")
    assert sorted((one.winner or "", one.confidence) for one in without(scene, "bob")[:2]) == [("a", 0.75), ("b", 0.75)]
    assert [one.confidence for one in verdict_records(scene.campaign)][:2] == [pytest.approx(5 / 6)] * 2


def test_a_verdict_of_nobody_else_is_gone_and_counts_as_open() -> None:
    scene = stage(comparisons=2)
    voted(scene, alice="a")
    voted(scene, bob="a")
    assert {one.winner for one in without(scene, "alice")} == {None, "a"}
    assert [one.winner for one in without(scene, "alice", "bob")] == [None, None]
    assert [one.winner for one in without(scene, "charlie")] == ["a", "a"]


def test_imported_verdicts_stay_and_edits_of_others_too() -> None:
    scene = stage(allow_edit=True)
    scene.add([pair(1, preference="first"), pair(2), pair(3)])
    scene.vote(scene.given(scene.alice), "a", edit="A better one.")
    scene.vote(scene.given(scene.bob), "a", edit="Another one.")
    assert len(list(verdict_records(scene.campaign))) == 7
    rest = without(scene, "alice")
    assert sum(one.is_edit for one in rest) == 2
    assert [one.settled_by for one in rest if one.settled_by == "import"] == ["import"]


def test_an_uncertain_vote_counts_as_uncertain() -> None:
    scene = stage(overlap=2)
    preferred, rated = (
        {"type": "pairwise", "value": {"selected": "left"}},
        {"type": "rating", "from_name": "strength", "value": {"rating": 2}},  # the preference is right with p = 5/6
    )
    annotations = [{"completed_by": number, "result": [preferred, rated]} for number in (1, 2)]
    task = {"data": {"prompt": "Q", "answer1": "One", "answer2": "Two"}, "annotations": annotations}
    import_comparisons(
        campaign=scene.campaign,
        stream=io.BytesIO(json.dumps(task).encode()),
        settings=ImportSettings(keep_preferences=True),
        acting_user=scene.maya,
        now=scene.now,
    )
    one = User.objects.exclude(outside_campaign=None).order_by("pk")[0]
    (record,) = records_without(scene.campaign, verdict_records(scene.campaign), [one])
    assert record.confidence == pytest.approx(3 / 4 - (1 - 5 / 6) / 2)


def test_edits_follow_the_verdict() -> None:
    scene = stage(comparisons=1, overlap=3, allow_edit=True)
    scene.join(scene.charlie)
    scene.vote(scene.given(scene.alice), "a", edit="A better a.")
    scene.vote(scene.given(scene.bob), "a")
    scene.vote(scene.given(scene.charlie), "b", edit="A better b.")
    assert {one.a.text for one in verdict_records(scene.campaign) if one.is_edit} == {"A better a."}
    verdict, *edits = without(scene, "alice", "bob")
    assert (verdict.winner, verdict.confidence) == ("b", 0.75)
    assert [(one.a.text, one.b.text, one.confidence) for one in edits] == [
        ("A better b.", verdict.b.text, 0.75),
        ("A better b.", verdict.a.text, 0.75),
    ]
    rest = without(scene, "charlie")
    assert [one.winner for one in rest] == ["a"] * 3
    assert [one.confidence for one in rest] == pytest.approx([5 / 6] * 3)
    assert [one.winner for one in without(scene, "bob")] == [None]
