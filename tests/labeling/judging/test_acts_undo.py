"""Undo: a judgment is superseded, never erased."""

from datetime import timedelta

import pytest

from labeling.access import AssignmentNotFound
from labeling.actions.campaigns import change_campaign, change_campaign_status
from labeling.actions.curation import make_gold, review_flag
from labeling.actions.verdicts import adjudicate
from labeling.judging.acts import undo_judgment
from labeling.judging.refusals import CampaignNotOpen, NothingToUndo, TooLateToUndo
from labeling.models import Assignment, Comparison, Event, Judgment, Membership, Verdict
from labeling.tally import count_tally, read_tally
from tests.people import Stage, stage


def undo(scene: Stage, assignment: Assignment) -> Judgment:
    return undo_judgment(assignment=assignment, acting_user=assignment.annotator, now=scene.now).judgment


def test_the_judgment_stays_superseded_and_the_comparison_is_open_again_before_the_same_person() -> None:
    scene = stage(comparisons=1)
    assignment = scene.given(scene.alice)
    judgment = scene.judge(assignment)
    scene.wait(5)
    assert undo(scene, assignment).superseded_at == scene.now
    assert Judgment.objects.get().pk == judgment.pk
    assert not Verdict.objects.exists()
    comparison = Comparison.objects.get()
    assert (comparison.status, comparison.judged, comparison.taken, comparison.votes) == ("open", 0, 1, {})
    again = scene.given(scene.alice)
    assert (again.pk, again.left, again.slot) == (assignment.pk, assignment.left, 1)
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_judging_again_after_an_undo_counts_once() -> None:
    scene = stage(comparisons=1, overlap=1)
    assignment = scene.given(scene.alice)
    scene.vote(assignment, "a")
    undo(scene, assignment)
    scene.vote(assignment, "b")
    assert Verdict.objects.get().winner == "b"
    assert Comparison.objects.get().votes == {"b": 1}
    assert Membership.objects.get(user=scene.alice).judged == 1
    assert Judgment.objects.filter(superseded_at=None).count() == 1


def test_what_was_given_in_the_meantime_goes_back_and_comes_again_right_after() -> None:
    scene = stage(comparisons=30)
    first = scene.given(scene.alice)
    scene.judge(first)
    second = scene.given(scene.alice)
    undone = undo_judgment(assignment=first, acting_user=scene.alice, now=scene.now)
    assert undone.assignment.pk == first.pk
    assert undone.progress.judged == 0
    second.refresh_from_db()
    assert second.status == Assignment.Status.RELEASED
    scene.judge(first)
    assert scene.given(scene.alice).pk == second.pk


def test_a_conflict_that_loses_a_vote_is_open_again() -> None:
    scene = stage(comparisons=1, overlap=2)
    scene.vote(scene.given(scene.alice), "a")
    given_to_bob = scene.given(scene.bob)
    scene.vote(given_to_bob, "b")
    assert Comparison.objects.get().status == "conflict"
    undo(scene, given_to_bob)
    assert Comparison.objects.get().status == "open"
    assert read_tally(scene.campaign.pk).conflicts == 0


def test_a_skip_can_be_taken_back_while_its_place_is_free() -> None:
    scene = stage(comparisons=1)
    skipped = scene.given(scene.alice)
    scene.judge(skipped, "skip")
    undo(scene, skipped)
    assert scene.given(scene.alice).pk == skipped.pk
    scene.judge(skipped, "skip")
    scene.given(scene.bob)
    with pytest.raises(NothingToUndo):
        undo(scene, skipped)


def test_after_the_time_for_it_nothing_is_taken_back() -> None:
    scene = stage(comparisons=1, undo_seconds=60)
    assignment = scene.given(scene.alice)
    scene.judge(assignment)
    scene.wait(61)
    with pytest.raises(TooLateToUndo, match="60 seconds"):
        undo(scene, assignment)


def test_a_campaign_may_forbid_it() -> None:
    scene = stage(comparisons=1, undo_seconds=0)
    assignment = scene.given(scene.alice)
    scene.judge(assignment)
    with pytest.raises(TooLateToUndo, match="does not allow"):
        undo(scene, assignment)


def test_what_an_expert_decided_stands() -> None:
    scene = stage(comparisons=1, overlap=2)
    scene.vote(scene.given(scene.alice), "a")
    given_to_bob = scene.given(scene.bob)
    scene.vote(given_to_bob, "b")
    adjudicate(
        comparison=given_to_bob.comparison, winner="a", reason="It is true.", acting_user=scene.ada, now=scene.now
    )
    with pytest.raises(TooLateToUndo, match="expert"):
        undo(scene, given_to_bob)
    assert Verdict.objects.get().winner == "a"
    assert Comparison.objects.get().judged == 2


def test_only_what_was_judged_can_be_taken_back_and_only_once() -> None:
    scene = stage(comparisons=1)
    assignment = scene.given(scene.alice)
    with pytest.raises(NothingToUndo):
        undo(scene, assignment)
    scene.judge(assignment)
    undo(scene, assignment)
    with pytest.raises(NothingToUndo):
        undo(scene, assignment)


def test_nobody_takes_back_what_somebody_else_said() -> None:
    scene = stage(comparisons=1)
    assignment = scene.given(scene.alice)
    scene.judge(assignment)
    for user in (scene.bob, scene.maya, scene.root):
        with pytest.raises(AssignmentNotFound):
            undo_judgment(assignment=assignment, acting_user=user, now=scene.now)


def test_a_closed_campaign_is_as_it_is() -> None:
    scene = stage(comparisons=1)
    assignment = scene.given(scene.alice)
    scene.judge(assignment)
    change_campaign_status(campaign=scene.campaign, status="closed", acting_user=scene.maya, now=scene.now)
    with pytest.raises(CampaignNotOpen):
        undo(scene, assignment)


def test_a_judgment_of_yesterday_taken_back_today_leaves_todays_count() -> None:
    scene = stage(comparisons=3, undo_seconds=100_000)
    yesterday = scene.given(scene.alice)
    scene.judge(yesterday)
    scene.now += timedelta(days=1)
    scene.judge(scene.given(scene.alice))
    undone = undo_judgment(assignment=yesterday, acting_user=scene.alice, now=scene.now)
    assert (undone.progress.judged, undone.progress.judged_today) == (1, 1)


def test_an_undo_is_an_event_that_keeps_what_was_said_and_the_verdict_that_fell() -> None:
    scene = stage(comparisons=1)
    assignment = scene.given(scene.alice)
    scene.vote(assignment, "a")
    undo(scene, assignment)
    before = Event.objects.get(verb="judgment.undone").before
    assert before["choice"] == "a"
    assert before["verdict"]["winner"] == "a"


@pytest.mark.parametrize("kind", ["normal", "gold", "retest"])
def test_a_flag_taken_back_leaves_the_comparison_as_it_was(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = stage(comparisons=4, overlap=2, retest_after=1, retest_rate=0.5 if kind == "retest" else 0)
    if kind == "gold":
        make_gold(comparison=Comparison.objects.earliest("pk"), winner="a", acting_user=scene.maya, now=scene.now)
        change_campaign(campaign=scene.campaign, gold_rate=0.5, acting_user=scene.maya, now=scene.now)
    if kind == "normal":  # one vote is there already
        scene.judge(scene.given(scene.bob))
    monkeypatch.setattr("labeling.judging.queue.random.random", lambda: 0.0)
    given = scene.given(scene.alice)
    while given.kind != kind:
        scene.judge(given)
        given = scene.given(scene.alice)
    before = Comparison.objects.values().get(pk=given.comparison_id)
    scene.judge(given, "skip", flag="harm")
    assert Comparison.objects.get(pk=given.comparison_id).status == "flagged"
    undo(scene, given)
    assert Comparison.objects.values().get(pk=given.comparison_id) == before
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
    assert scene.judge(given).superseded_at is None
    assert Event.objects.get(verb="judgment.undone").before["flag"] == "harm"


def test_a_flag_that_was_dismissed_stays_even_if_somebody_flags_the_comparison_again() -> None:
    scene = stage(comparisons=1, overlap=2)
    given = scene.given(scene.alice)
    scene.judge(given, "skip", flag="harm")
    review_flag(comparison=given.comparison, keep=True, reason="No.", acting_user=scene.maya, now=scene.now)
    scene.judge(scene.given(scene.bob), "skip", flag="harm")
    with pytest.raises(TooLateToUndo, match="A lead has decided about this flag"):
        undo(scene, given)
    assert Comparison.objects.get().status == "flagged"
