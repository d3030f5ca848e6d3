"""Verdicts as they would be if somebody had not judged."""

import pytest

from labeling.exchange import VerdictRecord
from labeling.judging.leaving_out import records_without
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
    assert [one.winner for one in without(scene, "alice")] == [None, "a"]
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
