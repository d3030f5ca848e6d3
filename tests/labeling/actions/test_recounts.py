"""Verdicts by other rules, adaptive overlap, and all verdicts made anew when the rule changes."""

from datetime import timedelta
from typing import Any

import pytest

from labeling.actions import recounts
from labeling.actions.campaigns import change_campaign
from labeling.actions.recounts import look_after_recounts, run_recount
from labeling.actions.verdicts import adjudicate
from labeling.judging.acts import undo_judgment
from labeling.models import AnnotatorEstimates, Comparison, Event, Verdict, VerdictRecount
from labeling.queries.progress import campaign_progress
from labeling.tally import count_tally, read_tally
from tests.people import Stage, stage


def judged(scene: Stage, *votes: str) -> list[Comparison]:
    """One comparison for each word of votes, a letter for each annotator: a, b or t(ie)."""
    people = [scene.alice, scene.bob, *scene.crowd(max(map(len, votes)) - 2)]
    scene.add(len(votes))
    found = list(Comparison.objects.order_by("pk"))
    said = {one.pk: word for one, word in zip(found, votes, strict=True)}
    for number, user in enumerate(people):
        while given := scene.next(user):
            letter = said[given.comparison_id][number]
            scene.vote(given, {"t": "tie"}.get(letter, letter))
    return list(Comparison.objects.order_by("pk"))


def change(scene: Stage, **rules: Any) -> VerdictRecount:
    scene.campaign = change_campaign(campaign=scene.campaign, **rules, acting_user=scene.maya, now=scene.now)
    recount = run_recount(VerdictRecount.objects.latest("pk").pk, clock=lambda: scene.now)
    assert recount is not None
    return recount


def statuses() -> list[str]:
    return list(Comparison.objects.order_by("pk").values_list("status", flat=True))


def test_a_new_rule_makes_all_verdicts_anew_and_one_event_tells_before_and_after() -> None:
    scene = stage(overlap=3)
    judged(scene, "aaa", "aab", "abt")
    assert statuses() == ["settled", "settled", "conflict"]
    recount = change(scene, verdict_rule="unanimity")
    assert statuses() == ["settled", "conflict", "conflict"]
    assert (recount.total, recount.done, recount.changed) == (3, 3, 1)
    event = Event.objects.get(verb="verdicts.recounted")
    assert event.actor == scene.maya
    assert event.before == {"verdict_rule": "majority", "winners": {"a": 2, "conflict": 1, "open": 0}}
    assert event.after["winners"] == {"a": 1, "conflict": 2, "open": 0}
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
    change(scene, verdict_rule="majority")
    assert statuses() == ["settled", "settled", "conflict"]
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_what_an_expert_decided_stays() -> None:
    scene = stage(overlap=3)
    *_, conflict = judged(scene, "aaa", "abt")
    adjudicate(comparison=conflict, winner="b", reason="It is true.", acting_user=scene.ada, now=scene.now)
    change(scene, verdict_rule="unanimity")
    assert Verdict.objects.get(comparison=conflict).winner == "b"


def test_a_recount_goes_on_where_a_worker_died_and_no_two_work_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recounts, "BATCH", 2)
    scene = stage(overlap=3)
    judged(scene, *["aab"] * 5)
    change_campaign(campaign=scene.campaign, verdict_rule="unanimity", acting_user=scene.maya, now=scene.now)
    recount = VerdictRecount.objects.get()
    assert recounts._claim(recount.pk, scene.now) is not None
    assert recounts._recount_batch(recount.pk, scene.now) == 2
    assert run_recount(recount.pk, clock=lambda: scene.now) is None  # somebody is at it
    scene.wait(121)
    finished = run_recount(recount.pk, clock=lambda: scene.now)
    assert finished is not None
    assert (finished.done, finished.changed) == (5, 5)
    assert statuses() == ["conflict"] * 5
    assert run_recount(recount.pk, clock=lambda: scene.now) is None


def test_another_change_of_the_rule_replaces_the_recount_that_is_under_way() -> None:
    scene = stage(overlap=3)
    judged(scene, "aab")
    change_campaign(campaign=scene.campaign, verdict_rule="unanimity", acting_user=scene.maya, now=scene.now)
    first = VerdictRecount.objects.get()
    change(scene, verdict_rule="majority")
    first.refresh_from_db()
    assert first.status == "replaced"
    assert run_recount(first.pk, clock=lambda: scene.now) is None
    assert statuses() == ["settled"]


def test_dawid_skene_believes_the_reliable_and_leaves_what_is_uncertain_to_experts() -> None:
    scene = stage(overlap=3, verdict_threshold=0.8)
    # Bob and the third agree on everything but the last one; Alice says the opposite half of the time.
    found = judged(scene, *["aaa", "baa", "bbb", "abb"] * 6, "abb")
    change(scene, verdict_rule="dawid_skene")
    verdicts = {verdict.comparison_id: verdict for verdict in Verdict.objects.all()}
    assert all(verdicts[one.pk].settled_by == "dawid_skene" for one in found)
    assert verdicts[found[1].pk].winner == "a"
    assert verdicts[found[1].pk].confidence > 0.9
    estimates = AnnotatorEstimates.objects.get()
    alice = estimates.confusions[str(scene.alice.pk)]
    bob = estimates.confusions[str(scene.bob.pk)]
    assert alice[0][0] < 0.7 < bob[0][0]
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_a_single_vote_is_too_little_for_a_high_threshold() -> None:
    scene = stage(comparisons=1, verdict_rule="dawid_skene", verdict_threshold=0.9)
    scene.vote(scene.given(scene.alice), "a")
    assert statuses() == ["conflict"]  # 0.75 is all that is known of one vote of somebody unknown
    change(scene, verdict_threshold=0.7)
    assert statuses() == ["settled"]
    assert Verdict.objects.get().confidence >= 0.7


def test_annotators_are_estimated_anew_when_there_are_enough_more_judgments() -> None:
    scene = stage(comparisons=4, overlap=2, verdict_rule="dawid_skene", verdict_threshold=0.6)
    assert look_after_recounts(now=scene.now) == 0
    scene.vote(scene.given(scene.alice), "a")
    assert look_after_recounts(now=scene.now) == 1
    assert look_after_recounts(now=scene.now) == 0  # one is on its way
    scene.wait(121)
    assert look_after_recounts(now=scene.now) == 1  # its message got lost
    run_recount(VerdictRecount.objects.get().pk, clock=lambda: scene.now)
    assert AnnotatorEstimates.objects.get().judgments == 1
    assert look_after_recounts(now=scene.now + timedelta(hours=1)) == 0


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
