"""Changing a judgment: the earlier one is superseded by the new one."""

from datetime import timedelta
from typing import Any

import pytest

from labeling.judging.acts import change_and_continue, change_judgment, undo_judgment
from labeling.judging.assignments import release_assignment
from labeling.judging.drafts import JudgmentDraft
from labeling.judging.effects import undo_until
from labeling.judging.own_judgments import own_judgment
from labeling.judging.refusals import NothingToUndo, TooLateToUndo
from labeling.models import Assignment, Comparison, Event, Judgment, Membership
from labeling.queries.own_judgments import own_judgments
from labeling.tally import count_tally, read_tally
from tests.people import stage


def test_a_judgment_is_changed_in_one_act_and_the_earlier_one_superseded() -> None:
    scene = stage(comparisons=2)
    given = scene.given(scene.alice)
    scene.vote(given, "a")
    side = "left" if given.left == "b" else "right"
    change, again = (
        change_and_continue(assignment=given, draft=JudgmentDraft(side, "new"), acting_user=scene.alice, now=scene.now)
        for _ in range(2)
    )
    assert (change.is_new, again.is_new, again.judgment.pk) == (True, False, change.judgment.pk)
    comparison = Comparison.objects.get(pk=given.comparison_id)
    assert (comparison.votes, comparison.verdict.winner) == ({"b": 1}, "b")
    assert Judgment.objects.filter(assignment=given, superseded_at=None).count() == 1
    assert Membership.objects.get(user=scene.alice).judged == 1
    event = Event.objects.get(verb="judgment.changed")
    assert (event.before["choice"], event.after["choice"]) == ("a", "b")
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_a_change_alone_leases_nothing_and_is_made_once() -> None:
    scene = stage(comparisons=3)
    given = scene.given(scene.alice)
    scene.vote(given, "a")
    side = "left" if given.left == "b" else "right"
    change = change_judgment(assignment=given, draft=JudgmentDraft(side, "new"), acting_user=scene.alice, now=scene.now)
    again = change_judgment(assignment=given, draft=JudgmentDraft(side, "new"), acting_user=scene.alice, now=scene.now)
    assert (again.pk, again.choice) == (change.pk, "b")
    assert not Assignment.objects.filter(annotator=scene.alice, status="leased").exists()


def test_a_judgment_becomes_a_skip_and_the_place_is_free() -> None:
    scene = stage(comparisons=1)
    given = scene.given(scene.alice)
    scene.vote(given, "a")
    change_judgment(assignment=given, draft=JudgmentDraft("skip", "new"), acting_user=scene.alice, now=scene.now)
    comparison = Comparison.objects.get()
    assert (comparison.status, comparison.taken, comparison.judged) == ("open", 0, 0)
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_changing_has_an_end_and_needs_something_to_change() -> None:
    scene = stage(comparisons=2, undo_seconds=60)
    given = scene.given(scene.alice)
    with pytest.raises(NothingToUndo):
        change_judgment(assignment=given, draft=JudgmentDraft("left", "k"), acting_user=scene.alice, now=scene.now)
    scene.judge(given)
    scene.wait(61)
    with pytest.raises(TooLateToUndo, match="60 seconds"):
        change_judgment(assignment=given, draft=JudgmentDraft("right", "k"), acting_user=scene.alice, now=scene.now)


def test_the_time_to_change_counts_from_the_first_judgment_however_often_it_is_changed_or_undone() -> None:
    scene = stage(comparisons=1, undo_seconds=60)
    given = scene.given(scene.alice)
    first = scene.judge(given)
    limit = scene.now + timedelta(seconds=60)

    def change(key: str) -> Judgment:
        draft = JudgmentDraft("right", key)
        return change_judgment(assignment=given, draft=draft, acting_user=scene.alice, now=scene.now)

    for key in ("k1", "k2"):
        scene.wait(20)
        assert undo_until(change(key), scene.campaign) == limit
    assert undo_until(change("k2"), scene.campaign) == limit  # a retry says the same
    undo_judgment(assignment=given, acting_user=scene.alice, now=scene.now)
    scene.wait(15)
    assert undo_until(scene.judge(given), scene.campaign) == limit
    own = own_judgment(own_judgments(scene.campaign, scene.alice).get(), scene.campaign, scene.now)
    assert own.until == limit > first.created_at
    scene.wait(6)
    with pytest.raises(TooLateToUndo):
        change("k3")


def test_a_pair_that_is_leased_again_after_an_undo_has_its_own_time(django_assert_num_queries: Any) -> None:
    scene = stage(comparisons=1, undo_seconds=60)
    given = scene.given(scene.alice)
    scene.judge(given)
    undo_judgment(assignment=given, acting_user=scene.alice, now=scene.now)
    release_assignment(assignment=given, acting_user=scene.alice, now=scene.now)
    scene.wait(50)
    again = scene.judge(scene.given(scene.alice))
    with django_assert_num_queries(0):
        assert undo_until(again, scene.campaign) == scene.now + timedelta(seconds=60)
    assert undo_until(Judgment.objects.get(pk=again.pk), scene.campaign) == scene.now + timedelta(seconds=60)
