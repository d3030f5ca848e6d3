"""A locked assignment, with the facts that its statement reads beside it."""

import pytest
from django.db import IntegrityError, transaction

from labeling.access import AssignmentNotFound
from labeling.actions.curation import make_gold
from labeling.judging.assignments import next_assignments
from labeling.judging.locks import earlier_judgment, lock_assignment, lock_with_open, one_key_once
from labeling.judging.refusals import KeyUsed
from labeling.judging.seats import Seat, take_seat
from labeling.models import Assignment, Judgment, User
from tests.people import Stage, stage


def seat_of(scene: Stage, user: User) -> Seat:
    return take_seat(user=user, campaign=scene.campaign)


def test_the_winner_of_gold_and_the_judgment_of_a_key_are_read_with_the_lock() -> None:
    scene = stage(comparisons=2, overlap=2)
    first = scene.given(scene.alice)
    judgment = scene.judge(first, key="k")
    second = scene.given(scene.alice)
    seat = seat_of(scene, scene.alice)
    locked = lock_assignment(seat, first.pk, "k")
    assert (locked.assignment, locked.gold_winner, locked.judgment_of_key) == (first, None, judgment.pk)
    assert lock_assignment(seat, first.pk, "new").judgment_of_key is None
    make_gold(comparison=second.comparison, winner="tie", acting_user=scene.maya, now=scene.now)
    assert lock_assignment(seat, second.pk, "k").gold_winner == "tie"


def test_a_key_of_another_assignment_is_refused_and_its_own_judgment_comes_back() -> None:
    scene = stage(comparisons=2)
    first = scene.given(scene.alice)
    judgment = scene.judge(first, key="k")
    second = scene.given(scene.alice)
    seat = seat_of(scene, scene.alice)
    assert earlier_judgment(lock_assignment(seat, first.pk, "k")) == judgment
    assert earlier_judgment(lock_assignment(seat, second.pk, "new")) is None
    with pytest.raises(KeyUsed):
        earlier_judgment(lock_assignment(seat, second.pk, "k"))


def test_the_assignments_of_others_cannot_be_locked() -> None:
    scene = stage(comparisons=2)
    of_bob = scene.given(scene.bob)
    seat = seat_of(scene, scene.alice)
    with pytest.raises(AssignmentNotFound):
        lock_assignment(seat, of_bob.pk, "k")
    with pytest.raises(AssignmentNotFound):
        lock_with_open(seat, of_bob.pk)


def test_for_an_undo_all_open_assignments_are_locked_in_the_order_of_their_leases() -> None:
    scene = stage(comparisons=9, prefetch=3)
    judged = scene.given(scene.alice)
    scene.judge(judged)
    held = next_assignments(campaign=scene.campaign, acting_user=scene.alice, now=scene.now, ahead=3).held
    locked, others = lock_with_open(seat_of(scene, scene.alice), judged.pk)
    assert locked.assignment == judged
    assert others == held
    assert all(one.status == Assignment.Status.LEASED for one in others)


def test_the_databases_refusal_of_a_second_key_is_a_used_key_and_no_other_refusal_is() -> None:
    scene = stage(comparisons=2)
    judgment = scene.judge(scene.given(scene.alice), key="k")
    other = scene.given(scene.alice)
    values = {
        "comparison": other.comparison,
        "campaign": scene.campaign,
        "annotator": scene.alice,
        "choice": "a",
        "left": "a",
        "created_at": scene.now,
    }
    with pytest.raises(KeyUsed), one_key_once(), transaction.atomic():
        Judgment.objects.create(assignment=other, key="k", **values)
    with pytest.raises(IntegrityError), one_key_once(), transaction.atomic():
        Judgment.objects.create(assignment=judgment.assignment, key="other", **values)
