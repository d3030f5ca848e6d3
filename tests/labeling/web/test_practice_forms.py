"""What the form about a practice pair begins with."""

from typing import Any

import pytest

from labeling.web.practice_forms import PracticePairForm, initial_of
from tests.labeling.practising import QUALIFICATION, mark
from tests.people import stage

pytestmark = pytest.mark.django_db


def test_it_begins_with_the_present_mark_or_empty() -> None:
    scene = stage(comparisons=2)
    one = mark(scene, 1, QUALIFICATION)[0]
    other = scene.campaign.comparisons.exclude(pk=one.pk).get()
    known = {"use": QUALIFICATION, "winner": "a", "strength": None, "explanation": f"Why {one.pk}."}
    assert initial_of(one) == known
    assert initial_of(other) == {}


@pytest.mark.parametrize("asks", [True, False])
def test_it_asks_for_what_the_campaign_asks_for(asks: bool) -> None:
    rules: Any = {"scale": "strength", "criteria": [{"name": "Correct"}]} if asks else {}
    sent = {"use": "practice", "winner": "a", "strength": "2", "criterion-Correct": "tie", "explanation": "Why."}
    form = PracticePairForm(sent, campaign=stage(**rules).campaign)
    assert form.is_valid()
    known = form.known()
    assert (known["strength"], known["criteria"]) == ((2, {"Correct": "tie"}) if asks else (None, {}))
