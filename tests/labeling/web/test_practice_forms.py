"""What the form about a practice pair begins with."""

import pytest

from labeling.web.practice_forms import initial_of
from tests.labeling.practising import QUALIFICATION, mark
from tests.people import stage

pytestmark = pytest.mark.django_db


def test_it_begins_with_the_present_mark_or_empty() -> None:
    scene = stage(comparisons=2)
    one = mark(scene, 1, QUALIFICATION)[0]
    other = scene.campaign.comparisons.exclude(pk=one.pk).get()
    assert initial_of(one) == {"use": QUALIFICATION, "winner": "a", "explanation": f"Why {one.pk}."}
    assert initial_of(other) == {}
