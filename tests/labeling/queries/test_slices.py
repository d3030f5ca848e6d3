"""Slices of a campaign hold what they name."""

from datetime import timedelta
from typing import Any

import pytest

from common.errors import Invalid
from labeling.actions.campaigns import write_guidelines
from tests.labeling.queries.voting import figures, versus, vote
from tests.people import stage


def test_slices_by_time_guidelines_version_and_criterion_hold_what_they_name() -> None:
    scene = stage(overlap=1, criteria=[{"name": "helpful"}])
    scene.add([versus(number, "v1" if number % 2 else "v2", "base") for number in range(6)])
    early = scene.now
    assert scene.alice.judgments.count() == 0
    for _ in range(2):
        scene.judge(scene.given(scene.alice), criteria={"helpful": "left"})
    scene.wait(3600)
    write_guidelines(campaign=scene.campaign, text="Be kind.", acting_user=scene.maya, now=scene.now)
    while assignment := scene.next(scene.alice):
        scene.judge(assignment)
    middle = early + timedelta(minutes=30)

    def votes(**part: Any) -> int:
        return sum(row.votes for row in figures(scene, **part).annotators)

    number = scene.campaign.guideline_versions.order_by("-number").values_list("number", flat=True)[0]
    assert votes() == 6
    assert (votes(until=middle), votes(since=middle)) == (2, 4)
    assert votes(guideline_version=number) == 4
    assert (votes(model_version="v1"), votes(model_version="v2"), votes(model_version="base")) == (3, 3, 6)
    assert votes(criterion="helpful") == 2
    assert figures(scene, criterion="helpful").position.value == 1.0


def test_a_slice_of_one_annotator_is_about_them_alone_and_them_beside_the_others() -> None:
    scene = stage(comparisons=4, overlap=3)
    (carol,) = scene.crowd(1)
    vote(scene, ["aaaa", "aabb", "bbbb"], [scene.alice, scene.bob, carol])
    statistics = figures(scene, annotator=scene.alice.pseudonym)
    assert [row.annotator for row in statistics.annotators] == [scene.alice.pseudonym]
    assert statistics.agreement.percent_with_ties.value == pytest.approx((2 + 0) / 8)
    assert {row.first for row in statistics.pairs} | {row.second for row in statistics.pairs} == {
        user.pseudonym for user in (scene.alice, scene.bob, carol)
    }
    assert len(statistics.pairs) == 2


def test_what_a_slice_names_must_exist() -> None:
    scene = stage()
    with pytest.raises(Invalid, match="guideline version 7"):
        figures(scene, guideline_version=7)
    with pytest.raises(Invalid, match="pseudonym"):
        figures(scene, annotator="alice")
    assert figures(scene, model_version="'; DROP TABLE labeling_judgment; --").annotators == []
    assert figures(scene, criterion="%s'").annotators == []


def test_simulated_annotators_are_left_out_unless_asked_for_and_then_named() -> None:
    scene = stage(comparisons=4, overlap=3)
    (robot,) = scene.crowd(1, is_simulated=True)
    vote(scene, ["aabb", "aaba", "bbbb"], [scene.alice, scene.bob, robot])
    people, everybody = figures(scene), figures(scene, include_simulated=True)
    assert (people.simulated, everybody.simulated) == ([], [robot.pseudonym])
    assert people.agreement.percent_with_ties.value == pytest.approx(3 / 4)
    assert everybody.agreement.percent_with_ties.value == pytest.approx((1 + 1 + 3 + 1) / 12)
    assert [row.annotator for row in everybody.annotators if row.is_simulated] == [robot.pseudonym]
