"""Judgments, acknowledged once."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling.access import AssignmentNotFound
from labeling.actions.campaigns import change_campaign_status
from labeling.actions.members import remove_member
from labeling.judging.acts import judge, judge_and_continue, undo_judgment
from labeling.judging.assignments import release_expired_assignments
from labeling.judging.drafts import JudgmentDraft
from labeling.judging.refusals import AlreadyJudged, CampaignNotOpen, KeyUsed, LeaseLost
from labeling.models import Assignment, Comparison, Event, Judgment, Membership
from tests.labeling.judging.totals import totals_are_right
from tests.people import stage


@pytest.mark.parametrize("left", ["a", "b"])
@pytest.mark.parametrize(
    ("side", "meant"),
    [("left", "same"), ("right", "other"), ("tie", "tie"), ("both_bad", "both_bad"), ("skip", "skip")],
)
def test_a_choice_is_kept_in_terms_of_a_and_b_whatever_the_display_side(side: str, meant: str, left: str) -> None:
    scene = stage(comparisons=1)
    assignment = scene.given(scene.alice)
    Assignment.objects.update(left=left)
    judgment = scene.judge(assignment, side)
    other = "b" if left == "a" else "a"
    assert judgment.choice == {"same": left, "other": other}.get(meant, meant)
    assert judgment.left == left


def test_a_judgment_keeps_all_that_was_said() -> None:
    asked = [{"name": name} for name in ("helpful", "harmless", "honest")]
    scene = stage(comparisons=1, scale="strength", criteria=asked)
    assignment = scene.given(scene.alice)
    scene.wait(30)
    judgment = scene.judge(
        assignment,
        "left",
        key="k",
        strength=2,
        criteria={"helpful": "left", "harmless": "tie", "honest": "right"},
        comment="Shorter, and true.",
        seconds=12.5,
    )
    judgment.refresh_from_db()
    assert (judgment.strength, judgment.comment, judgment.seconds) == (2, "Shorter, and true.", 12.5)
    assert judgment.criteria == {"helpful": assignment.left, "harmless": "tie", "honest": assignment.right}
    assert judgment.created_at == scene.now


def test_a_skip_frees_the_place_and_counts_as_no_judgment() -> None:
    scene = stage(comparisons=1)
    scene.judge(scene.given(scene.alice), "skip", skip_reason="It is upsetting")
    comparison = Comparison.objects.get()
    assert (comparison.taken, comparison.judged, comparison.status) == (0, 0, Comparison.Status.OPEN)
    assert Judgment.objects.get().skip_reason == "It is upsetting"
    assert Membership.objects.get(user=scene.alice).judged == 0
    assert totals_are_right(scene)


def test_the_same_key_again_is_the_same_judgment_and_changes_nothing() -> None:
    scene = stage(comparisons=3, overlap=2)
    assignment = scene.given(scene.alice)
    first = scene.judge(assignment, "left", key="once")
    before = (Comparison.objects.get(pk=assignment.comparison_id).judged, Event.objects.count())
    again = scene.judge(assignment, "right", key="once")  # a retry counts as what it was the first time
    assert (again.pk, again.choice) == (first.pk, first.choice)
    assert (Comparison.objects.get(pk=assignment.comparison_id).judged, Event.objects.count()) == before
    assert Judgment.objects.count() == 1


def test_the_key_of_a_judgment_taken_back_does_not_count_again_when_it_arrives_late() -> None:
    scene = stage(comparisons=1)
    assignment = scene.given(scene.alice)
    scene.judge(assignment, key="late")
    undo_judgment(assignment=assignment, acting_user=scene.alice, now=scene.now)
    again = scene.judge(assignment, key="late")
    assert again.superseded_at is not None
    assert Comparison.objects.get().judged == 0


def test_another_key_for_what_is_judged_already_is_refused() -> None:
    scene = stage(comparisons=1)
    assignment = scene.given(scene.alice)
    scene.judge(assignment, "left")
    with pytest.raises(AlreadyJudged, match="Undo"):
        scene.judge(assignment, "right")


def test_a_key_used_for_another_judgment_is_refused() -> None:
    scene = stage(comparisons=2)
    scene.judge(scene.given(scene.alice), key="mine")
    with pytest.raises(KeyUsed):
        scene.judge(scene.given(scene.alice), key="mine")
    assert Judgment.objects.count() == 1


def test_two_annotators_may_happen_to_use_the_same_key() -> None:
    scene = stage(comparisons=2)
    scene.judge(scene.given(scene.alice), key="1")
    scene.judge(scene.given(scene.bob), key="1")
    assert Judgment.objects.count() == 2


def test_after_the_lease_ran_out_a_judgment_still_counts_while_nobody_took_the_place() -> None:
    scene = stage(comparisons=1)
    assignment = scene.given(scene.alice)
    scene.wait(scene.campaign.lease_seconds + 1)
    assert release_expired_assignments(now=scene.now) == 1
    scene.judge(assignment)
    assignment.refresh_from_db()
    assert (assignment.status, assignment.slot) == (Assignment.Status.JUDGED, 1)
    assert totals_are_right(scene)


def test_a_judgment_whose_place_somebody_else_took_is_refused_with_a_sentence_and_nothing_else_is_lost() -> None:
    scene = stage(comparisons=2)
    done = scene.given(scene.alice)
    scene.judge(done)
    late = scene.given(scene.alice)
    scene.wait(scene.campaign.lease_seconds + 1)
    assert scene.given(scene.bob).comparison_id == late.comparison_id
    with pytest.raises(LeaseLost, match="Your earlier judgments are kept"):
        scene.judge(late)
    assert Judgment.objects.filter(annotator=scene.alice).count() == 1
    assert Comparison.objects.get(pk=late.comparison_id).taken == 1


def test_a_late_judgment_takes_the_smallest_place_that_is_free() -> None:
    scene = stage(comparisons=1, overlap=2)
    late = scene.given(scene.alice)
    scene.wait(scene.campaign.lease_seconds + 1)
    assert scene.given(scene.bob).slot == 2
    (carol,) = scene.crowd(1)
    assert scene.given(carol).slot == 1  # freed because nothing else was left for her
    scene.judge(scene.given(carol), "skip")
    scene.judge(late)
    late.refresh_from_db()
    assert late.slot == 1


def test_nobody_can_judge_for_somebody_else() -> None:
    scene = stage(comparisons=1)
    assignment = scene.given(scene.alice)
    for user in (scene.bob, scene.charlie, scene.maya, scene.root):
        with pytest.raises(AssignmentNotFound):
            judge(assignment=assignment, draft=JudgmentDraft("left", "k"), acting_user=user, now=scene.now)


def test_who_was_removed_from_the_campaign_judges_no_more() -> None:
    scene = stage(comparisons=1)
    assignment = scene.given(scene.alice)
    remove_member(campaign=scene.campaign, user=scene.alice, acting_user=scene.maya, now=scene.now)
    with pytest.raises(AssignmentNotFound):
        scene.judge(assignment)


def test_in_a_closed_campaign_nothing_is_judged() -> None:
    scene = stage(comparisons=1)
    assignment = scene.given(scene.alice)
    change_campaign_status(campaign=scene.campaign, status="closed", acting_user=scene.maya, now=scene.now)
    with pytest.raises(CampaignNotOpen, match="closed"):
        scene.judge(assignment)


def test_seconds_are_never_more_than_the_pair_has_been_given_out() -> None:
    scene = stage(comparisons=1)
    assignment = scene.given(scene.alice)
    scene.wait(20)
    assert scene.judge(assignment, seconds=3600.0).seconds == 20.0


def test_judging_and_going_on_gives_the_next_and_the_progress() -> None:
    scene = stage(comparisons=2)
    first = scene.given(scene.alice)
    result = judge_and_continue(
        assignment=first.pk, draft=JudgmentDraft("left", "k"), acting_user=scene.alice, now=scene.now
    )
    assert result.is_new
    assert result.next is not None
    assert result.next.pk != first.pk
    assert result.progress.as_dict() == {
        "judged": 1,
        "judged_today": 1,
        "comparisons": 2,
        "settled": 1,
        "notice": "",
        "step": None,
    }
    retried = judge_and_continue(
        assignment=first.pk, draft=JudgmentDraft("left", "k"), acting_user=scene.alice, now=scene.now
    )
    assert not retried.is_new
    assert retried.judgment.pk == result.judgment.pk
    assert retried.next is not None
    assert retried.next.pk == result.next.pk
    assert retried.progress == result.progress


def test_a_late_judgment_does_not_open_a_second_comparison_beside_the_one_that_is_open() -> None:
    scene = stage(comparisons=3, overlap=2)
    late = scene.given(scene.alice)
    scene.wait(scene.campaign.lease_seconds + 1)
    release_expired_assignments(now=scene.now)
    held = scene.given(scene.alice)
    if held.pk == late.pk:  # the walk goes on from the cursor, so it is another one
        pytest.fail("the freed comparison came back before the others")
    result = judge_and_continue(
        assignment=late, draft=JudgmentDraft("left", "k"), acting_user=scene.alice, now=scene.now
    )
    assert result.next is not None
    assert result.next.pk == held.pk
    assert Assignment.objects.filter(annotator=scene.alice, status="leased").count() == 1


def test_today_is_counted_from_midnight() -> None:
    scene = stage(comparisons=3)
    scene.judge(scene.given(scene.alice))
    scene.now += timedelta(days=1)
    result = judge_and_continue(
        assignment=scene.given(scene.alice), draft=JudgmentDraft("left", "k"), acting_user=scene.alice, now=scene.now
    )
    assert (result.progress.judged, result.progress.judged_today) == (2, 1)


def test_every_judgment_is_an_event_that_names_who_what_and_the_verdict() -> None:
    scene = stage(comparisons=1)
    judgment = scene.vote(scene.given(scene.alice), "b")
    event = Event.objects.get(verb="judgment.made")
    assert (event.actor, event.subject_id, event.campaign) == (scene.alice, str(judgment.pk), scene.campaign)
    assert event.after == {
        "comparison": judgment.comparison_id,
        "choice": "b",
        "status": "settled",
        "verdict": {"winner": "b", "confidence": 0.75, "settled_by": "majority"},
    }


def test_a_judgment_that_settles_and_the_next_take_at_most_ten_statements() -> None:
    scene = stage(comparisons=3, overlap=2)
    for _ in range(3):
        scene.vote(scene.given(scene.alice), "a")
    assignment = scene.given(scene.bob)
    with CaptureQueriesContext(connection) as queries:
        result = judge_and_continue(
            assignment=assignment.pk, draft=JudgmentDraft("left", "k"), acting_user=scene.bob, now=scene.now
        )
    assert result.next is not None
    assert result.progress.settled + Comparison.objects.filter(status="conflict").count() == 1
    statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(statements) <= 10, "\n".join(statements)
