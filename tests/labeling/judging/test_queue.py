"""The comparison that an annotator is given next."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.errors import NotAllowed
from labeling.access import CampaignNotFound
from labeling.actions.campaigns import change_campaign_status, write_guidelines
from labeling.judging.assignments import next_assignments
from labeling.judging.queue import MAX_LEFT_BALANCE, draw_left
from labeling.models import Assignment, Comparison, Membership, User
from tests.people import Stage, committing, pair, stage


def all_given(scene: Stage, user: User) -> list[int]:
    """The comparisons somebody is given, judging each, until nothing is left."""
    given = []
    while assignment := scene.next(user):
        given.append(assignment.comparison_id)
        scene.judge(assignment)
    return given


def test_an_annotator_is_given_every_comparison_once_and_then_nothing() -> None:
    scene = stage(comparisons=12, overlap=2)
    given = all_given(scene, scene.alice)
    assert len(given) == len(set(given)) == 12
    assert scene.next(scene.alice) is None


def test_with_overlap_1_a_comparison_goes_to_one_annotator_only() -> None:
    scene = stage(comparisons=10)
    seen = [scene.given(user).comparison_id for user in (scene.alice, scene.bob)]
    assert len(set(seen)) == 2
    assert len(all_given(scene, scene.alice)) == 9  # the one open before Bob is his
    assert len(all_given(scene, scene.bob)) == 1


def test_asking_again_gives_the_same_with_the_same_presentation_and_a_fresh_lease() -> None:
    scene = stage(comparisons=20)
    first = scene.given(scene.alice)
    scene.wait(600)
    again = scene.given(scene.alice)
    assert (again.pk, again.left) == (first.pk, first.left)
    assert again.expires_at > first.expires_at
    assert Assignment.objects.count() == 1


def test_asking_again_after_the_lease_ran_out_still_gives_the_same_while_nobody_took_it() -> None:
    scene = stage(comparisons=3)
    first = scene.given(scene.alice)
    scene.wait(10_000)
    assert scene.given(scene.alice).pk == first.pk


def test_an_expired_lease_goes_to_somebody_else_when_nothing_else_is_left() -> None:
    scene = stage(comparisons=1)
    lost = scene.given(scene.alice)
    assert scene.next(scene.bob) is None
    scene.wait(scene.campaign.lease_seconds + 1)
    assert scene.given(scene.bob).comparison_id == lost.comparison_id
    lost.refresh_from_db()
    assert (lost.status, lost.slot) == (Assignment.Status.RELEASED, None)
    assert scene.next(scene.alice) is None


def test_an_expired_lease_comes_back_to_the_same_annotator_in_the_same_row_and_presentation() -> None:
    scene = stage(comparisons=1)
    lost = scene.given(scene.alice)
    scene.wait(scene.campaign.lease_seconds + 1)
    taken = scene.given(scene.bob)
    scene.wait(scene.campaign.lease_seconds + 1)
    again = scene.given(scene.alice)
    assert (again.pk, again.left) == (lost.pk, lost.left)
    taken.refresh_from_db()
    assert taken.status == Assignment.Status.RELEASED


def test_a_skipped_comparison_never_comes_back_to_who_skipped_it() -> None:
    scene = stage(comparisons=1)
    skipped = scene.given(scene.alice)
    scene.judge(skipped, "skip", skip_reason="I do not know enough about it")
    assert scene.next(scene.alice) is None
    assert scene.given(scene.bob).comparison_id == skipped.comparison_id


def test_the_walk_starts_over_once_so_that_what_came_in_behind_the_cursor_is_found() -> None:
    scene = stage(comparisons=6)
    assert len(all_given(scene, scene.alice)) == 6
    scene.add([pair(number) for number in range(100, 110)])
    assert len(all_given(scene, scene.alice)) == 10


def test_higher_priority_is_given_first() -> None:
    scene = stage()
    scene.add([replace(pair(number), priority=number % 3) for number in range(9)])
    priorities = dict(Comparison.objects.values_list("pk", "priority"))
    assert [priorities[given] for given in all_given(scene, scene.alice)] == [2, 2, 2, 1, 1, 1, 0, 0, 0]


def test_what_comes_in_with_a_higher_priority_is_given_next_also_to_those_who_are_far_along() -> None:
    scene = stage(comparisons=20)
    for _ in range(10):
        scene.judge(scene.given(scene.alice))
    with committing():
        scene.add([replace(pair(number), priority=1) for number in range(100, 103)])
    priorities = dict(Comparison.objects.values_list("pk", "priority"))
    assert [priorities[given] for given in all_given(scene, scene.alice)] == [1] * 3 + [0] * 10


def test_an_assignment_records_the_guidelines_it_was_made_under() -> None:
    scene = stage(comparisons=2)
    assert scene.given(scene.alice).guideline_version is None
    write_guidelines(campaign=scene.campaign, text="Prefer the true one.", acting_user=scene.maya, now=scene.now)
    version = write_guidelines(
        campaign=scene.campaign, text="Prefer the kind one.", acting_user=scene.maya, now=scene.now
    )
    assert scene.given(scene.bob).guideline_version == version
    assert scene.given(scene.alice).guideline_version == version  # renewed: she reads the new ones


@pytest.mark.parametrize("status", ["draft", "paused", "closed"])
def test_a_campaign_that_is_not_active_gives_nothing_new(status: str) -> None:
    scene = stage(comparisons=3, status=status)
    assert scene.next(scene.alice) is None


def test_in_a_paused_campaign_what_is_open_can_be_finished_and_nothing_new_is_given() -> None:
    scene = stage(comparisons=3)
    held = scene.given(scene.alice)
    scene.campaign = change_campaign_status(
        campaign=scene.campaign, status="paused", acting_user=scene.maya, now=scene.now
    )
    assert scene.given(scene.alice).pk == held.pk
    assert scene.next(scene.bob) is None
    scene.judge(held)
    assert scene.next(scene.alice) is None


def test_charlie_who_is_no_member_is_told_that_there_is_no_such_campaign() -> None:
    scene = stage(comparisons=3)
    with pytest.raises(CampaignNotFound):
        scene.next(scene.charlie)


def test_an_admin_must_be_a_member_to_judge() -> None:
    scene = stage(comparisons=3)
    with pytest.raises(NotAllowed, match="Add yourself"):
        scene.next(scene.root)


def test_sides_are_balanced_for_each_annotator_and_cannot_be_foretold() -> None:
    scene = stage(comparisons=60, overlap=2)
    for user in (scene.alice, scene.bob):
        all_given(scene, user)
        sides = Counter(Assignment.objects.filter(annotator=user).values_list("left", flat=True))
        assert abs(sides["a"] - sides["b"]) <= MAX_LEFT_BALANCE
        membership = Membership.objects.get(user=user, campaign=scene.campaign)
        assert membership.left_balance == sides["a"] - sides["b"]
    sides_of = {
        user: list(Assignment.objects.filter(annotator=user).order_by("comparison").values_list("left", flat=True))
        for user in (scene.alice, scene.bob)
    }
    assert sides_of[scene.alice] != sides_of[scene.bob]  # the same 60 sides by chance: once in 2 ** 50


def test_the_side_is_drawn_fairly_and_given_only_where_the_balance_is_at_its_edge() -> None:
    assert {draw_left(0) for _ in range(200)} == {"a", "b"}
    assert {draw_left(MAX_LEFT_BALANCE) for _ in range(50)} == {"b"}
    assert {draw_left(-MAX_LEFT_BALANCE) for _ in range(50)} == {"a"}


def test_looking_for_the_next_takes_as_many_statements_after_many_judgments_as_at_the_start() -> None:
    scene = stage(comparisons=40, overlap=2)
    counts = []
    for _ in range(30):
        with CaptureQueriesContext(connection) as queries:
            assignment = scene.given(scene.alice)
        counts.append(len(queries))
        scene.judge(assignment)
    assert set(counts) == {counts[0]}


def test_a_simulated_annotator_takes_the_same_way() -> None:
    scene = stage(comparisons=4)
    (robot,) = scene.crowd(1, is_simulated=True)
    assert len(all_given(scene, robot)) == 4


def test_the_annotator_is_given_what_is_shown_without_further_queries(django_assert_num_queries: Any) -> None:
    scene = stage(comparisons=1)
    assignment = next_assignments(campaign=scene.campaign, acting_user=scene.alice, now=scene.now).next
    assert assignment is not None
    with django_assert_num_queries(0):
        comparison = assignment.comparison
        assert comparison.prompt.messages[-1]["role"] == "user"
        assert comparison.completion_a.text != comparison.completion_b.text
        assert assignment.campaign.allow_tie is True
