"""The effects of a judgment, and how long it may be changed."""

from datetime import timedelta

from labeling.judging.acts import undo_judgment
from labeling.judging.effects import undo_until, write_back
from labeling.judging.seats import take_seat
from labeling.models import Assignment, Comparison, Membership
from labeling.tally import Tally, count_tally, read_tally, tally_of
from tests.people import stage


def test_a_judgment_may_be_changed_for_as_long_as_its_campaign_says() -> None:
    scene = stage(comparisons=2, undo_seconds=60)
    judgment = scene.judge(scene.given(scene.alice))
    assert undo_until(judgment, scene.campaign) == scene.now + timedelta(seconds=60)
    scene.campaign.undo_seconds = 0
    assert undo_until(judgment, scene.campaign) is None
    scene.campaign.undo_seconds, judgment.superseded_at = 60, scene.now
    assert undo_until(judgment, scene.campaign) is None


def test_one_statement_writes_the_member_the_assignment_the_comparison_and_the_totals() -> None:
    scene = stage(comparisons=2, overlap=2)
    assignment = scene.given(scene.alice)
    seat = take_seat(user=scene.alice, campaign=scene.campaign)
    before = tally_of(assignment.comparison)
    seat.membership.judged, seat.membership.cursor = 7, 0.25
    assignment.status = Assignment.Status.JUDGED
    assignment.comparison.judged = assignment.comparison.votes_tie = 1
    write_back(seat, assignment, tally_of(assignment.comparison) - before)
    member = Membership.objects.get(pk=seat.membership.pk)
    assert (member.judged, member.cursor) == (7, 0.25)
    assert Assignment.objects.get(pk=assignment.pk).status == Assignment.Status.JUDGED
    assert Comparison.objects.get(pk=assignment.comparison_id).votes == {"tie": 1}
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
    assert seat.totals.judgments == 1


def test_a_skip_is_kept_apart_from_votes_and_its_undo_takes_the_place_again() -> None:
    scene = stage(comparisons=1)
    assignment = scene.given(scene.alice)
    scene.judge(assignment, "skip")
    assert Comparison.objects.get().taken == 0
    undo_judgment(assignment=assignment, acting_user=scene.alice, now=scene.now)
    assignment.refresh_from_db()
    assert (assignment.status, assignment.slot, Comparison.objects.get().taken) == (Assignment.Status.LEASED, 1, 1)
    assert read_tally(scene.campaign.pk) == Tally(comparisons=1, wanted=1, prompts=1)
