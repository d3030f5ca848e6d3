"""Leases: renewed, released, and run out."""

from datetime import timedelta

import pytest

from labeling.access import AssignmentNotFound
from labeling.actions.curation import retire_comparison
from labeling.judging.assignments import (
    NotOpen,
    release_assignment,
    release_expired_assignments,
    renew_assignment,
)
from labeling.judging.refusals import LeaseLost, Withdrawn
from labeling.models import Assignment, Comparison
from labeling.tasks import release_expired
from tests.people import stage


def test_what_is_handed_back_goes_to_others_and_comes_back_to_the_same_person_as_it_was() -> None:
    scene = stage(comparisons=1)
    held = scene.given(scene.alice)
    released = release_assignment(assignment=held, acting_user=scene.alice, now=scene.now)
    assert (released.status, released.slot) == (Assignment.Status.RELEASED, None)
    assert Comparison.objects.get().taken == 0
    again = scene.given(scene.alice)
    assert (again.pk, again.left) == (held.pk, held.left)


def test_handing_back_twice_frees_one_place_only() -> None:
    scene = stage(comparisons=1, overlap=2)
    held = scene.given(scene.alice)
    scene.given(scene.bob)
    for _ in range(2):
        release_assignment(assignment=held, acting_user=scene.alice, now=scene.now)
    assert Comparison.objects.get().taken == 1


def test_a_lead_may_hand_back_for_somebody_and_another_annotator_may_not() -> None:
    scene = stage(comparisons=1)
    held = scene.given(scene.alice)
    for user in (scene.bob, scene.charlie):
        with pytest.raises(AssignmentNotFound):
            release_assignment(assignment=held, acting_user=user, now=scene.now)
    release_assignment(assignment=held, acting_user=scene.maya, now=scene.now)


def test_what_is_judged_is_not_handed_back() -> None:
    scene = stage(comparisons=1)
    held = scene.given(scene.alice)
    scene.judge(held)
    with pytest.raises(NotOpen, match="judged"):
        release_assignment(assignment=held, acting_user=scene.alice, now=scene.now)


def test_the_sweep_frees_what_ran_out_everywhere_and_nothing_else() -> None:
    scene = stage(comparisons=3, overlap=2)
    ran_out = scene.given(scene.alice)
    scene.wait(scene.campaign.lease_seconds - 1)
    fresh = scene.given(scene.bob)
    scene.wait(2)
    assert release_expired_assignments(now=scene.now) == 1
    ran_out.refresh_from_db()
    fresh.refresh_from_db()
    assert (ran_out.status, fresh.status) == (Assignment.Status.RELEASED, Assignment.Status.LEASED)
    assert release_expired_assignments(now=scene.now) == 0


def test_the_sweep_frees_several_places_of_one_comparison_and_goes_on_batch_by_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("labeling.judging.assignments.RELEASE_BATCH", 2)
    scene = stage(comparisons=1, overlap=5)
    for user in scene.crowd(5):
        scene.given(user)
    scene.wait(scene.campaign.lease_seconds + 1)
    assert release_expired_assignments(now=scene.now) == 5
    assert Comparison.objects.get().taken == 0


def test_the_task_of_the_schedule_does_the_same() -> None:
    scene = stage(comparisons=1)
    scene.given(scene.alice)  # at noon of a day long gone
    assert release_expired() == 1


def test_a_lease_is_renewed_by_who_is_at_work_and_lost_once_it_was_taken_away() -> None:
    scene = stage(comparisons=1)
    given = scene.given(scene.alice)
    scene.wait(1000)
    until = renew_assignment(assignment=given, acting_user=scene.alice, now=scene.now)
    given.refresh_from_db()
    assert given.expires_at == until == scene.now + timedelta(seconds=scene.campaign.lease_seconds)
    scene.wait(scene.campaign.lease_seconds + 1)
    scene.given(scene.bob)
    with pytest.raises(LeaseLost):
        renew_assignment(assignment=given, acting_user=scene.alice, now=scene.now)


def test_what_is_judged_is_not_renewed() -> None:
    scene = stage(comparisons=1)
    given = scene.given(scene.alice)
    scene.judge(given)
    with pytest.raises(NotOpen):
        renew_assignment(assignment=given, acting_user=scene.alice, now=scene.now)


def test_a_lease_on_a_comparison_that_was_taken_out_is_not_renewed_and_its_answer_refused_with_a_sentence() -> None:
    scene = stage(comparisons=2)
    given = scene.given(scene.alice)
    retire_comparison(comparison=given.comparison, reason="Broken.", acting_user=scene.maya, now=scene.now)
    with pytest.raises(Withdrawn):
        renew_assignment(assignment=given, acting_user=scene.alice, now=scene.now)
    with pytest.raises(Withdrawn, match="taken out"):
        scene.judge(given)
    assert scene.given(scene.alice).pk != given.pk
    given.refresh_from_db()
    assert (given.status, given.slot) == ("released", None)
    assert Comparison.objects.get(pk=given.comparison_id).taken == 0
