"""Comparisons by who judged them, and by how far their judgments agree."""

from typing import Any

import pytest

from labeling.models import Comparison, Membership, User
from labeling.queries.lists import ComparisonFilter, filtered_comparisons
from tests.people import Stage, person, stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Stage:
    """One comparison by Alice and a simulated annotator who agree, one by an expert and Bob who do not, one skipped."""
    scene = stage(comparisons=3, overlap=2, criteria=[{"name": "helpful"}])
    robot, eve = person("robot", is_simulated=True), person("eve")
    scene.join(robot)
    scene.join(eve, role=Membership.Role.EXPERT)
    votes = ((scene.alice, "a"), (robot, "a"), (eve, "a"), (scene.bob, "b"))
    for user, winner in votes:
        scene.vote(scene.given(user), winner, criteria={"helpful": "left"})
    return scene


def found(scene: Stage, **where: Any) -> list[int]:
    """How many votes the comparisons that match have, sorted."""
    rows = filtered_comparisons(scene.campaign, ComparisonFilter(**where))
    return sorted(one.judged for one in rows)


def test_groups(scene: Stage) -> None:
    assert found(scene) == [0, 2, 2]
    assert found(scene, group="people") == [2, 2]
    assert found(scene, group="simulated") == [2]
    assert found(scene, group="expert") == [2]
    assert found(scene, group="lead") == []
    User.objects.filter(username__in=["alice", "bob", "eve"]).update(outside_campaign=scene.campaign)
    assert found(scene, group="people") == []
    assert found(scene, group="simulated") == [2]
    assert found(scene, annotator=f"{scene.alice.pseudonym}, {scene.bob.pseudonym}") == [2, 2]


def test_agreement_criterion_and_settling_time(scene: Stage) -> None:
    assert found(scene, agreement_at_least=1.0) == [2]
    assert found(scene, agreement_at_most=0.9) == []  # the other one is a conflict, without a verdict
    assert found(scene, criterion="helpful") == [2, 2]
    assert found(scene, criterion="polite") == []
    settled = Comparison.objects.get(status="settled").verdict.settled_at
    assert found(scene, settled_since=settled) == [2]
    assert found(scene, settled_until=settled) == []
    assert found(scene, guideline_version=1) == []
