"""How many comparisons an annotator may hold: quotas, and working ahead."""

from datetime import timedelta

from labeling.judging.acts import judge_and_continue, undo_judgment
from labeling.judging.assignments import next_assignments
from labeling.judging.drafts import JudgmentDraft
from labeling.models import Assignment
from labeling.queries.progress import QUOTA_OF_TODAY_REACHED, QUOTA_REACHED
from tests.people import stage


def test_a_quota_ends_what_one_annotator_is_given_and_says_so() -> None:
    scene = stage(comparisons=9, quota=3, quota_per_day=2)
    for _ in range(2):
        scene.judge(scene.given(scene.alice))
    result = next_assignments(campaign=scene.campaign, acting_user=scene.alice, now=scene.now)
    assert (result.held, result.progress.notice) == ([], QUOTA_OF_TODAY_REACHED)
    scene.now += timedelta(days=1)
    scene.judge(scene.given(scene.alice))
    result = next_assignments(campaign=scene.campaign, acting_user=scene.alice, now=scene.now)
    assert (result.held, result.progress.notice) == ([], QUOTA_REACHED)
    assert scene.next(scene.bob) is not None


def test_prefetching_holds_the_next_ones_too_and_fills_up_one_for_one() -> None:
    scene = stage(comparisons=10, overlap=2, prefetch=2)
    given = next_assignments(campaign=scene.campaign, acting_user=scene.alice, now=scene.now, ahead=9).held
    assert len(given) == len({one.comparison_id for one in given}) == 3
    first, second, third = given
    scene.wait(60)
    result = judge_and_continue(
        assignment=first.pk, draft=JudgmentDraft("left", "k"), acting_user=scene.alice, now=scene.now, ahead=9
    )
    assert result.next is not None
    assert [one.pk for one in result.held[:2]] == [second.pk, third.pk]
    assert len(result.held) == 3
    assert {one.expires_at for one in result.held} == {scene.now + timedelta(seconds=scene.campaign.lease_seconds)}
    assert Assignment.objects.filter(annotator=scene.alice, status="leased").count() == 3
    undone = undo_judgment(assignment=first, acting_user=scene.alice, now=scene.now)
    assert undone.assignment.pk == first.pk
    assert Assignment.objects.filter(annotator=scene.alice, status="leased").count() == 3
    again = next_assignments(campaign=scene.campaign, acting_user=scene.alice, now=scene.now).held
    assert [one.pk for one in again] == [first.pk, second.pk, third.pk]


def test_prefetching_never_goes_beyond_the_quota() -> None:
    scene = stage(comparisons=10, prefetch=5, quota=2)
    given = next_assignments(campaign=scene.campaign, acting_user=scene.alice, now=scene.now, ahead=5).held
    assert len(given) == 2


def test_towards_the_end_nobody_holds_ahead_what_others_could_be_judging() -> None:
    scene = stage(comparisons=5, prefetch=5)
    first = next_assignments(campaign=scene.campaign, acting_user=scene.alice, now=scene.now, ahead=5).held
    others = next_assignments(campaign=scene.campaign, acting_user=scene.bob, now=scene.now, ahead=5).held
    assert (len(first), len(others)) == (3, 2)
    for given in first:
        result = judge_and_continue(
            assignment=given.pk,
            draft=JudgmentDraft("left", f"{given.pk}"),
            acting_user=scene.alice,
            now=scene.now,
            ahead=5,
        )
    assert (result.next, result.held) == (None, [])


def test_who_wants_none_ahead_holds_one_whatever_the_campaign_allows() -> None:
    scene = stage(comparisons=10, prefetch=5)
    given = next_assignments(campaign=scene.campaign, acting_user=scene.alice, now=scene.now).held
    result = judge_and_continue(
        assignment=given[0].pk, draft=JudgmentDraft("left", "k"), acting_user=scene.alice, now=scene.now
    )
    assert (len(given), len(result.held)) == (1, 1)
    assert Assignment.objects.filter(annotator=scene.alice, status="leased").count() == 1
