"""Rows that the database refuses, whatever the code above it does."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from labeling.models import Assignment, Comparison
from tests.people import NOON, Stage, stage


@pytest.fixture
def scene() -> Stage:
    """Alice has one of two comparisons before her."""
    scene = stage(comparisons=2, overlap=2)
    scene.given(scene.alice)
    return scene


@pytest.mark.parametrize(
    "values",
    [
        {"taken": 3},  # more places than the overlap
        {"taken": 1, "judged": 2, "votes_a": 2},  # a judgment without a place
        {"taken": 2, "judged": 2, "votes_a": 1},  # votes that do not add up
    ],
)
def test_a_comparison_whose_counts_cannot_be(scene: Stage, values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Comparison.objects.update(**values)


def test_two_assignments_never_hold_the_same_place(scene: Stage) -> None:
    held = Assignment.objects.get()
    with pytest.raises(IntegrityError, match="assignment_slot_once"), transaction.atomic():
        again(held, scene.bob)


def test_nobody_has_two_assignments_of_one_comparison(scene: Stage) -> None:
    held = Assignment.objects.get()
    with pytest.raises(IntegrityError, match="assignment_once_per_annotator"), transaction.atomic():
        again(held, scene.alice, slot=2)


@pytest.mark.parametrize(("status", "slot"), [("leased", None), ("judged", None), ("skipped", 2), ("released", 2)])
def test_an_assignment_holds_a_place_if_and_only_if_it_is_leased_or_judged(
    scene: Stage, status: str, slot: int | None
) -> None:
    with pytest.raises(IntegrityError, match="assignment_slot_iff_it_holds_a_place"), transaction.atomic():
        again(Assignment.objects.get(), scene.bob, status=status, slot=slot)


def again(held: Assignment, annotator: Any, **values: Any) -> Assignment:
    """The same assignment for somebody."""
    return Assignment.objects.create(
        comparison=held.comparison,
        campaign=held.campaign,
        annotator=annotator,
        **{"slot": held.slot, "left": "a", "leased_at": NOON, "expires_at": NOON, **values},
    )
