"""Filtered verdicts, and disagreements with their comments."""

from datetime import timedelta

import pytest

from labeling.models import Comparison
from labeling.queries.records import disagreements, filtered_verdicts
from tests.labeling.queries.voting import five_judged
from tests.people import Stage


@pytest.fixture
def scene() -> Stage:
    return five_judged()


def test_people_disagree_where_one_prefers_what_another_does_not(scene: Stage) -> None:
    records = disagreements(scene.campaign)
    assert sorted(sorted(one.votes.items()) for one in records) == [
        [("a", 1), ("b", 1)],
        [("a", 1), ("tie", 1)],
    ]
    assert {one.status for one in records} == {"conflict"}
    assert disagreements(scene.campaign, status="settled").count() == 0
    assert disagreements(scene.campaign, commented=True).count() == 1


def test_what_is_out_is_no_disagreement(scene: Stage) -> None:
    Comparison.objects.filter(status="conflict").update(status="retired")
    assert disagreements(scene.campaign).count() == 0


def test_verdicts_are_narrowed_by_what_they_are(scene: Stage) -> None:
    assert filtered_verdicts(scene.campaign).count() == 3
    assert filtered_verdicts(scene.campaign, winner="b").get().winner == "b"
    assert filtered_verdicts(scene.campaign, settled_by="adjudication").count() == 0
    assert filtered_verdicts(scene.campaign, model_version="base").count() == 3
    assert filtered_verdicts(scene.campaign, model_version="nobody").count() == 0
    surest = max(one.confidence for one in filtered_verdicts(scene.campaign))
    assert filtered_verdicts(scene.campaign, confidence_at_most=surest - 0.01).count() < 3
    assert filtered_verdicts(scene.campaign, since=scene.now + timedelta(days=1)).count() == 0
