"""Statistics of a campaign and of slices of it, from judgments through the product's own actions."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling.judging.acts import undo_judgment
from labeling.models import Comparison, User
from labeling.queries.agreement import agreement
from labeling.queries.slices import Slice
from labeling.queries.statistics import counted_now, ranking_of
from tests.labeling.queries.voting import figures, versus, vote
from tests.people import Stage, stage


def prefer(scene: Stage, user: User, wanted: Callable[[Comparison], str]) -> None:
    while assignment := scene.next(user):
        scene.vote(assignment, wanted(assignment.comparison))


def test_agreement_is_the_same_as_the_campaign_pages() -> None:
    scene = stage(comparisons=8, overlap=2)
    vote(scene, ["aabtxsba", "abbxtaba"], [scene.alice, scene.bob])
    statistics = figures(scene)
    assert statistics.agreement == agreement(scene.campaign)
    assert statistics.agreement.percent_with_ties.comparisons == 7


def test_pairs_leave_one_out_and_noise_are_those_counted_by_hand() -> None:
    scene = stage(comparisons=4, overlap=3)
    (carol,) = scene.crowd(1)
    vote(scene, ["aabt", "aabb", "abba"], [scene.alice, scene.bob, carol])
    statistics = figures(scene)
    same = {frozenset((row.first, row.second)): row.same.value for row in statistics.pairs}
    names = {user: user.pseudonym for user in (scene.alice, scene.bob, carol)}
    assert same[frozenset((names[scene.alice], names[scene.bob]))] == pytest.approx(3 / 4)
    assert same[frozenset((names[scene.alice], names[carol]))] == pytest.approx(2 / 4)
    assert same[frozenset((names[scene.bob], names[carol]))] == pytest.approx(2 / 4)
    # aaa: 3 of 3. aab: each a beside {a, b} counts a half, the b nothing. bbb: 3. tie, b, a: a half each time... no:
    # none of the three is among what the others said.
    assert statistics.leave_one_out.value == pytest.approx((3 + 1 + 3 + 0) / 12)
    without_ties = statistics.agreement.percent_without_ties.value
    assert without_ties is not None
    assert statistics.noise.from_agreement.value == pytest.approx((1 - math.sqrt(2 * without_ties - 1)) / 2)
    assert statistics.noise.ceiling_one.value == pytest.approx(1 - (statistics.noise.from_agreement.value or 0))
    assert len(statistics.annotators) == 3
    assert all(row.accuracy.value is not None and len(row.confusion) == 3 for row in statistics.annotators)


def test_sides_speed_and_votes_are_counted_for_each_annotator() -> None:
    scene = stage(comparisons=10, overlap=2)
    for user, side, seconds in ((scene.alice, "left", 4.0), (scene.bob, "right", 9.0)):
        while assignment := scene.next(user):
            scene.wait(60)
            scene.judge(assignment, side, seconds=seconds)
    statistics = figures(scene)
    rows = {row.annotator: row for row in statistics.annotators}
    assert rows[scene.alice.pseudonym].left.value == 1.0
    assert rows[scene.bob.pseudonym].left.value == 0.0
    assert rows[scene.bob.pseudonym].seconds.value == 9.0
    assert rows[scene.bob.pseudonym].votes == 10
    assert (statistics.position.value, statistics.position.comparisons) == (0.5, 20)
    assert (statistics.speed.median.value, statistics.speed.upper_quartile.value) == (4.0, 9.0)


def test_the_ranking_and_the_liking_for_length_come_from_the_texts_and_versions() -> None:
    scene = stage(overlap=1)
    scene.add([versus(number, "v1", "base", longer=number < 12) for number in range(20)])

    def longest(comparison: Comparison) -> str:
        return "a" if len(comparison.completion_a.text) > len(comparison.completion_b.text) else "b"

    prefer(scene, scene.alice, longest)
    statistics = figures(scene)
    assert statistics.length.longer_preferred.value == 1.0
    assert statistics.length.slope.value is not None
    assert statistics.length.slope.value > 0
    counted = counted_now(scene.campaign, Slice(), scene.now)
    plain = ranking_of(counted)
    assert [(row.model, row.wins, row.losses) for row in plain.models] == [("v1", 20, 0), ("base", 0, 20)]
    controlled = ranking_of(counted, length_controlled=True)
    assert controlled.length_effect.value is not None
    assert controlled.length_effect.value > 0
    assert (controlled.models[0].rating.value or 0) < (plain.models[0].rating.value or 0)


def test_an_empty_campaign_has_reasons_and_no_figures() -> None:
    statistics = figures(stage())

    def estimates(value: Any) -> list[dict[str, Any]]:
        if isinstance(value, dict):
            inner = [one for part in value.values() for one in estimates(part)]
            return [value, *inner] if "reason" in value else inner
        return [one for part in value for one in estimates(part)] if isinstance(value, list) else []

    figures_with_intervals = estimates(statistics.as_dict())
    assert len(figures_with_intervals) > 15
    for estimate in figures_with_intervals:
        assert estimate["value"] is None
        assert estimate["reason"]


def test_a_new_judgment_and_one_taken_back_show_at_once() -> None:
    scene = stage(comparisons=3, overlap=2)
    vote(scene, ["aab", "aab"], [scene.alice, scene.bob])
    assert figures(scene).agreement.percent_with_ties.comparisons == 3
    last = scene.bob.judgments.filter(choice="b").get()
    undo_judgment(assignment=last.assignment, acting_user=scene.bob, now=scene.now)
    assert figures(scene).agreement.percent_with_ties.comparisons == 2


def test_asking_again_counts_nothing_again() -> None:
    scene = stage(comparisons=3, overlap=2)
    vote(scene, ["aab", "abb"], [scene.alice, scene.bob])
    first = figures(scene)
    with CaptureQueriesContext(connection) as queries:
        assert figures(scene) == first
    assert len(queries) <= 2


def test_agreement_is_told_by_day_and_along_the_judgments() -> None:
    scene = stage(comparisons=60, overlap=2)
    for _ in range(3):
        for _ in range(20):
            first, second = scene.given(scene.alice), scene.given(scene.bob)
            scene.vote(first, "a")
            scene.vote(second, "a")
        scene.wait(24 * 3600)
    statistics = figures(scene)
    assert [point.name for point in statistics.by_day.points] == ["2026-03-02", "2026-03-03", "2026-03-04"]
    assert [point.agreement.comparisons for point in statistics.by_stretch.points] == [20, 20, 20]
    assert statistics.by_stretch.points[0].name == "001"
