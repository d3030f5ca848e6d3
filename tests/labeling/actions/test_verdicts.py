"""Ada settles what the annotators could not."""

import pytest

from common.errors import Invalid, NotAllowed
from labeling.access import CampaignNotFound
from labeling.actions.comparison_rows import ADJUDICATED_CONFIDENCE
from labeling.actions.verdicts import NoConflict, adjudicate
from labeling.models import Comparison, Event, Verdict
from labeling.tally import count_tally, read_tally
from tests.people import Stage, stage


def conflict() -> tuple[Stage, Comparison]:
    """A comparison that Alice and Bob do not agree about."""
    scene = stage(comparisons=1, overlap=2)
    scene.vote(scene.given(scene.alice), "a")
    scene.vote(scene.given(scene.bob), "b")
    return scene, Comparison.objects.get()


@pytest.mark.parametrize("winner", ["a", "b", "tie", "both_bad"])
def test_the_verdict_keeps_who_decided_what_why_and_the_votes(winner: str) -> None:
    scene, comparison = conflict()
    verdict = adjudicate(
        comparison=comparison, winner=winner, reason=" It is true. ", acting_user=scene.ada, now=scene.now
    )
    assert (verdict.winner, verdict.settled_by, verdict.settled_by_user) == (winner, "adjudication", scene.ada)
    assert (verdict.reason, verdict.votes, verdict.confidence) == (
        "It is true.",
        {"a": 1, "b": 1},
        ADJUDICATED_CONFIDENCE,
    )
    comparison.refresh_from_db()
    assert comparison.status == Comparison.Status.SETTLED
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
    assert Event.objects.get(verb="comparison.adjudicated").after["reason"] == "It is true."


def test_annotators_do_not_adjudicate_and_strangers_do_not_even_know() -> None:
    scene, comparison = conflict()
    with pytest.raises(NotAllowed):
        adjudicate(comparison=comparison, winner="a", reason="Mine.", acting_user=scene.alice, now=scene.now)
    with pytest.raises(CampaignNotFound):
        adjudicate(comparison=comparison, winner="a", reason="Mine.", acting_user=scene.charlie, now=scene.now)
    assert not Verdict.objects.exists()


def test_only_a_conflict_is_adjudicated_and_once() -> None:
    scene, comparison = conflict()
    adjudicate(comparison=comparison, winner="a", reason="True.", acting_user=scene.ada, now=scene.now)
    with pytest.raises(NoConflict, match="settled"):
        adjudicate(comparison=comparison, winner="b", reason="False.", acting_user=scene.maya, now=scene.now)
    assert Verdict.objects.get().winner == "a"


@pytest.mark.parametrize(("winner", "reason"), [("left", "Because."), ("a", "  ")])
def test_a_winner_that_is_none_and_a_missing_reason_are_refused(winner: str, reason: str) -> None:
    scene, comparison = conflict()
    with pytest.raises(Invalid):
        adjudicate(comparison=comparison, winner=winner, reason=reason, acting_user=scene.ada, now=scene.now)
