"""The list of practice pairs, with how annotators answered them."""

import pytest

from labeling.queries.practice import practice_pairs
from tests.labeling.practising import PRACTICE, QUALIFICATION, go_through, mark
from tests.people import stage

pytestmark = pytest.mark.django_db


def test_pairs_are_counted_over_all_rounds() -> None:
    scene = stage(comparisons=3)
    first, second = mark(scene, 2)
    third = mark(scene, 1, QUALIFICATION)[0]
    go_through(scene, scene.alice, PRACTICE, right=2)
    go_through(scene, scene.bob, PRACTICE, right=1)
    counts = {pair.pk: (pair.answers, pair.right) for pair in practice_pairs(scene.campaign)}  # type: ignore[attr-defined]
    assert counts == {first.pk: (2, 2), second.pk: (2, 1), third.pk: (0, 0)}
    assert [pair.pk for pair in practice_pairs(scene.campaign)] == [first.pk, second.pk, third.pk]
