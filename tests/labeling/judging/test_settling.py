"""Votes become a verdict, a conflict, or a call for one more vote."""

import pytest

from labeling.actions.relabeling import relabel_comparison
from labeling.judging.acts import undo_judgment
from labeling.models import Comparison, Verdict
from labeling.queries.progress import campaign_progress
from labeling.tally import count_tally, read_tally
from tests.labeling.judging.totals import totals_are_right
from tests.people import stage


def test_adaptive_overlap_asks_for_more_only_where_votes_differ_and_tells_what_it_saved() -> None:
    scene = stage(overlap=2, max_overlap=5, verdict_threshold=0.85)
    people = [scene.alice, scene.bob, *scene.crowd(3)]
    scene.add(2)
    clear, disputed = Comparison.objects.order_by("pk")
    for number, user in enumerate(people):
        while given := scene.next(user):
            scene.vote(given, "b" if given.comparison_id == disputed.pk and number == 1 else "a")
    clear.refresh_from_db()
    disputed.refresh_from_db()
    assert (clear.judged, clear.overlap, clear.status) == (2, 2, "settled")
    assert 2 < disputed.judged <= 5
    assert disputed.status == "settled"
    progress = campaign_progress(scene.campaign)
    assert progress.votes_saved == 10 - clear.judged - disputed.judged
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_an_undone_vote_takes_the_wish_for_one_more_back() -> None:
    scene = stage(comparisons=1, overlap=2, max_overlap=5)
    scene.vote(scene.given(scene.alice), "a")
    given = scene.given(scene.bob)
    scene.vote(given, "b")
    assert Comparison.objects.get().overlap == 3
    undo_judgment(assignment=given, acting_user=scene.bob, now=scene.now)
    assert Comparison.objects.get().overlap == 2
    scene.vote(given, "a")
    assert Comparison.objects.get().status == "settled"
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_under_unanimity_dissent_is_not_worth_another_vote() -> None:
    scene = stage(comparisons=1, overlap=2, max_overlap=5, verdict_rule="unanimity")
    scene.vote(scene.given(scene.alice), "a")
    scene.vote(scene.given(scene.bob), "b")
    comparison = Comparison.objects.get()
    assert (comparison.status, comparison.overlap) == ("conflict", 2)


def test_the_last_judgment_wanted_settles_the_comparison_in_the_same_act() -> None:
    scene = stage(comparisons=1, overlap=2)
    scene.vote(scene.given(scene.alice), "a")
    assert not Verdict.objects.exists()
    scene.vote(scene.given(scene.bob), "a")
    verdict = Verdict.objects.get()
    assert (verdict.winner, verdict.settled_by, verdict.votes) == ("a", "majority", {"a": 2})
    assert verdict.confidence == pytest.approx((2 + 0.5) / 3)
    assert verdict.comparison.status == Comparison.Status.SETTLED
    assert totals_are_right(scene)


def test_votes_without_a_majority_are_a_conflict_and_no_verdict() -> None:
    scene = stage(comparisons=1, overlap=2)
    scene.vote(scene.given(scene.alice), "a")
    scene.vote(scene.given(scene.bob), "b")
    assert Comparison.objects.get().status == Comparison.Status.CONFLICT
    assert not Verdict.objects.exists()
    assert read_tally(scene.campaign.pk).conflicts == 1
    assert totals_are_right(scene)


def test_under_unanimity_two_of_three_are_a_conflict() -> None:
    scene = stage(comparisons=1, overlap=3, verdict_rule="unanimity")
    (carol,) = scene.crowd(1)
    for user, winner in ((scene.alice, "a"), (scene.bob, "a"), (carol, "tie")):
        scene.vote(scene.given(user), winner)
    assert Comparison.objects.get().status == Comparison.Status.CONFLICT


def test_an_undone_vote_leaves_the_places_that_a_lead_has_asked_for() -> None:
    scene = stage(comparisons=1, overlap=1, max_overlap=3, verdict_threshold=0.6)
    people = [scene.alice, *scene.crowd(2)]
    scene.vote(scene.given(scene.alice), "a")
    doubted = Comparison.objects.get()
    assert doubted.status == "settled"
    relabel_comparison(comparison=doubted, more=2, reason="Doubtful.", acting_user=scene.maya, now=scene.now)
    held = scene.given(people[1])
    scene.vote(held, "a")
    undo_judgment(assignment=held, acting_user=people[1], now=scene.now)
    scene.vote(held, "a")
    doubted.refresh_from_db()
    assert (doubted.status, doubted.overlap, doubted.taken) == ("open", 3, 2)
    assert scene.given(people[2]).comparison_id == doubted.pk
