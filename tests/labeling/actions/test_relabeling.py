"""Asking again about what was settled: at the front of the queue, by others, with the earlier votes."""

import pytest

from common.errors import Invalid, NotAllowed, NotFound
from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.actions.curation import WrongComparisonStatus
from labeling.actions.relabeling import relabel_comparison
from labeling.models import Comparison, Event, Verdict
from labeling.queries.progress import campaign_progress
from labeling.tally import count_tally, read_tally
from tests.people import Stage, asks, committing, pair, stage


@pytest.fixture
def scene() -> Stage:
    return stage(comparisons=6)


def again(scene: Stage, comparison: Comparison, more: int = 2, reason: str = "The model doubts it.") -> Comparison:
    return relabel_comparison(comparison=comparison, more=more, reason=reason, acting_user=scene.maya, now=scene.now)


def test_a_settled_comparison_is_given_to_others_first_and_all_votes_count(scene: Stage) -> None:
    doubted = scene.settle(["a", "b"])[0]
    again(scene, doubted)
    assert not Verdict.objects.filter(comparison=doubted).exists()
    assert scene.given(scene.alice).comparison_id != doubted.pk  # she has said what she thinks
    for user in (scene.bob, scene.ada):
        held = scene.given(user)
        assert held.comparison_id == doubted.pk  # before anything else
        scene.vote(held, "b")
    verdict = Verdict.objects.get(comparison=doubted)
    assert (verdict.winner, verdict.votes) == ("b", {"a": 1, "b": 2})


def test_those_who_had_walked_past_it_come_by_it_next(scene: Stage) -> None:
    doubted = scene.settle(["a"])[0]
    for _ in range(3):
        scene.vote(scene.given(scene.bob), "a")
    with committing():
        again(scene, doubted, more=1)
    assert scene.given(scene.bob).comparison_id == doubted.pk


def test_what_came_with_a_file_and_a_conflict_can_be_asked_about_too(scene: Stage) -> None:
    scene.add([pair(50, preference="first")])
    imported = Comparison.objects.get(status="settled")
    opened = again(scene, imported, more=1)
    assert (opened.status, opened.overlap, opened.taken) == ("open", 1, 0)
    assert scene.given(scene.alice).comparison_id == imported.pk


def test_totals_stay_what_counting_says(scene: Stage) -> None:
    doubted = scene.settle(["a", "b", "tie"])[1]
    again(scene, doubted, more=2)
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
    progress = campaign_progress(scene.campaign)
    assert (progress.settled, progress.open) == (2, 4)
    assert progress.judgments_wanted - progress.judgments == 3 + 2


def test_the_log_keeps_the_verdict_that_was_and_why(scene: Stage) -> None:
    doubted = scene.settle(["a"])[0]
    again(scene, doubted, reason="Run 7 predicts it worst.")
    event = Event.objects.get(verb="comparison.asked_again")
    assert event.before["verdict"]["winner"] == "a"
    assert event.after == {"status": "open", "more": 2, "reason": "Run 7 predicts it worst."}
    assert event.actor == scene.maya


def test_it_is_refused_where_nobody_is_left_or_nothing_is_settled(scene: Stage) -> None:
    first, open_one = scene.settle(["a"])[0], Comparison.objects.filter(status="open")[0]
    with pytest.raises(Invalid, match="Only 3 members"):  # bob and the two who lead
        again(scene, first, more=4)
    with pytest.raises(Invalid, match="1 to 49"):
        again(scene, first, more=0)
    with pytest.raises(Invalid, match="Give a reason"):
        again(scene, first, reason=" ")
    with pytest.raises(WrongComparisonStatus):
        again(scene, open_one)
    assert Verdict.objects.filter(comparison=first).exists()


def test_only_those_who_lead_ask_again(scene: Stage) -> None:
    doubted = scene.settle(["a"])[0]
    for user, error in ((scene.alice, NotAllowed), (scene.charlie, NotFound)):
        with pytest.raises(error):
            relabel_comparison(comparison=doubted, more=1, reason="Why not", acting_user=user, now=scene.now)


def test_the_same_two_texts_are_found_in_either_order(scene: Stage) -> None:
    from labeling.queries.records import comparisons_of

    draft = ComparisonDraft(asks("Q?"), CompletionDraft("one"), CompletionDraft("other"))
    scene.add([draft])
    made = Comparison.objects.latest("pk")
    comparisons = comparisons_of(scene.campaign, [(asks("Q?"), "one", "other"), (asks("Q?"), "other", "one")])
    assert comparisons == [made, made]
    assert comparisons_of(scene.campaign, [(asks("Q?"), "one", "else")]) == [None]
