"""Estimates of the annotators' errors, and what follows from them."""

from datetime import timedelta

from labeling.actions.recounts import look_after_recounts, run_recount
from labeling.models import AnnotatorEstimates, Verdict, VerdictRecount
from labeling.tally import count_tally, read_tally
from tests.labeling.actions.recounting import change, judged, statuses
from tests.people import stage


def test_dawid_skene_believes_the_reliable_and_leaves_what_is_uncertain_to_experts() -> None:
    scene = stage(overlap=3, verdict_threshold=0.8)
    # Bob and the third agree on everything but the last one; Alice says the opposite half of the time.
    comparisons = judged(scene, *["aaa", "baa", "bbb", "abb"] * 6, "abb")
    change(scene, verdict_rule="dawid_skene")
    verdicts = {verdict.comparison_id: verdict for verdict in Verdict.objects.all()}
    assert all(verdicts[one.pk].settled_by == "dawid_skene" for one in comparisons)
    assert verdicts[comparisons[1].pk].winner == "a"
    assert verdicts[comparisons[1].pk].confidence > 0.9
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
