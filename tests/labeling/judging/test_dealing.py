"""Chosen comparisons come next, and the assignment keeps by which arm."""

import json

import pytest
from django.db import connection, transaction

from labeling.actions.comparisons import add_comparisons
from labeling.exchange import JsonObject
from labeling.judging import dealing
from labeling.judging.assignments import release_assignment
from labeling.judging.dealing import deal, front_of_queue
from labeling.models import Assignment, Comparison
from labeling.queries.whole_campaign import campaign_lines
from tests.people import Stage, pair, stage

pytestmark = pytest.mark.django_db


def order_of(scene: Stage) -> list[int]:
    return list(scene.campaign.comparisons.order_by("position").values_list("pk", flat=True))


def test_chosen_comparisons_come_first_in_their_order_and_the_others_keep_theirs() -> None:
    scene = stage(comparisons=10)
    before, positions = order_of(scene), sorted(scene.campaign.comparisons.values_list("position", flat=True))
    front = front_of_queue(scene.campaign, 8)
    assert (front.ready, front.free) == (0, before[:8])
    chosen = [(before[6], "random"), (before[2], "novelty"), (before[7], "novelty")]
    assert deal(scene.campaign, chosen, front=front.free) == {"random": 1, "novelty": 2}
    picked = [before[6], before[2], before[7]]
    assert order_of(scene)[:3] == picked
    displaced = [pk for pk in order_of(scene) if pk in (before[0], before[1])]
    assert displaced == before[:2]
    assert sorted(scene.campaign.comparisons.values_list("position", flat=True)) == positions
    assert front_of_queue(scene.campaign, 8).ready == 3
    scene.settle("aba")
    scene.given(scene.alice)
    taken = Assignment.objects.filter(annotator=scene.alice).order_by("pk")
    assert [(one.comparison_id, one.arm) for one in taken[:3]] == [
        (before[6], "random"),
        (before[2], "novelty"),
        (before[7], "novelty"),
    ]
    assert taken[3].arm == ""


def test_who_is_past_the_front_of_the_queue_gets_the_chosen_ones_next() -> None:
    scene = stage(comparisons=6)
    last = scene.campaign.comparisons.order_by("position")[5]
    scene.campaign.memberships.filter(user=scene.alice).update(cursor=last.position)
    front = front_of_queue(scene.campaign, 6)
    deal(scene.campaign, [(front.free[3], "novelty")], front=front.free)
    assert scene.given(scene.alice).comparison_id == front.free[3]


def test_a_comparison_that_somebody_was_given_stays_where_it_is() -> None:
    scene = stage(comparisons=6, overlap=2)
    held = scene.given(scene.alice)
    front = front_of_queue(scene.campaign, 6)
    assert held.comparison_id not in front.free
    place = held.comparison.position
    assert deal(scene.campaign, [(held.comparison_id, "random")], front=front.free) == {}
    assert Comparison.objects.get(pk=held.comparison_id).position == place
    # Bob completes it before anything chosen.
    deal(scene.campaign, [(front.free[3], "random")], front=front.free)
    scene.judge(held)
    assert scene.given(scene.bob).comparison_id == held.comparison_id


def test_nothing_that_is_urgent_comes_after_what_was_chosen() -> None:
    scene = stage(comparisons=4)
    usual = order_of(scene)
    drafts = [pair(100), pair(101)]
    for draft in drafts:
        object.__setattr__(draft, "priority", 5)
    add_comparisons(campaign=scene.campaign, drafts=drafts, source="t", acting_user=scene.maya, now=scene.now)
    front = front_of_queue(scene.campaign, 6)
    assert len(front.free) == 2
    deal(scene.campaign, [(usual[3], "novelty")], front=[*usual])
    assert set(order_of(scene)[:2]) == set(front.free)
    assert order_of(scene)[2] == usual[3]


def test_a_returned_comparison_is_given_out_again_under_its_arm() -> None:
    scene = stage(comparisons=3)
    front = front_of_queue(scene.campaign, 3)
    first = scene.given(scene.alice)
    release_assignment(assignment=first, acting_user=scene.alice, now=scene.now)
    deal(scene.campaign, [(first.comparison_id, "gap")], front=front.free)
    again = scene.given(scene.alice)  # she has gone past it: she comes back
    assert (again.pk, again.arm) == (first.pk, "gap")


def test_the_whole_campaign_as_a_file_keeps_the_arms() -> None:
    scene = stage(comparisons=3)
    front = front_of_queue(scene.campaign, 3)
    deal(scene.campaign, [(front.free[2], "novelty")], front=front.free)
    scene.settle("a")
    lines: list[JsonObject] = [json.loads(json.dumps(line)) for line in campaign_lines(scene.campaign)]
    compared = {one["arm"]: one for one in lines if one["type"] == "comparison"}
    assert [one["arm"] for one in compared["novelty"]["assignments"]] == ["novelty"]
    assert set(compared) == {"novelty", ""}


def test_the_front_is_read_from_the_queues_own_index() -> None:
    scene = stage(comparisons=3)
    with transaction.atomic(), connection.cursor() as cursor:
        for setting in ("enable_seqscan", "enable_bitmapscan", "enable_sort"):
            cursor.execute(f"SET LOCAL {setting} = off")
        plan = dealing._waiting(scene.campaign).order_by("position")[: dealing.READ].explain()
    assert "comparison_queue" in plan
