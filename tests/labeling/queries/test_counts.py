"""Counts of a slice, made in the database."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling.actions.curation import make_gold
from tests.labeling.queries.voting import figures, vote
from tests.people import stage


def test_strength_is_ordinal_from_much_better_b_to_much_better_a() -> None:
    scene = stage(comparisons=4, overlap=2, scale="strength")
    vote(scene, ["aabb"], [scene.alice], strength=3)
    vote(scene, ["aabb"], [scene.bob], strength=2)
    near = figures(scene).alpha_ordinal
    assert near.value is not None
    assert near.value > 0.5  # the same side, one step apart
    assert near.comparisons == 4


def test_no_judgment_is_loaded_however_many_there_are() -> None:
    scene = stage(comparisons=12, overlap=2)
    vote(scene, ["ab" * 6, "a" * 12], [scene.alice, scene.bob])
    with CaptureQueriesContext(connection) as queries:
        figures(scene)
    assert len(queries) <= 26


def test_gold_counts_in_its_own_figure_and_nowhere_else() -> None:
    scene = stage(comparisons=30, overlap=2, gold_rate=0.5)
    for number, comparison in enumerate(scene.campaign.comparisons.order_by("pk")[:10]):
        winner = "a" if number < 5 else "b"
        make_gold(comparison=comparison, winner=winner, reason="Known.", acting_user=scene.maya, now=scene.now)
    while assignment := scene.next(scene.alice):
        scene.vote(assignment, "a")
    statistics, gold_judgments = figures(scene), scene.alice.judgments.filter(kind="gold")
    assert gold_judgments.count() > 0
    (row,) = statistics.annotators
    assert row.gold.comparisons == statistics.gold.comparisons == gold_judgments.count()
    assert row.gold.value == pytest.approx(
        gold_judgments.filter(comparison__gold__winner="a").count() / gold_judgments.count()
    )
    assert row.votes == 20


def test_retests_tell_who_goes_by_the_side() -> None:
    scene = stage(comparisons=40, overlap=1, retest_rate=0.5, retest_after=1)
    while assignment := scene.next(scene.alice):
        scene.judge(assignment, "left")  # whatever stands there
    statistics, again = figures(scene), scene.alice.judgments.filter(kind="retest").count()
    assert again > 0
    assert (statistics.retests.left_pull.value, statistics.retests.left_pull.comparisons) == (1.0, again)
    assert (statistics.retests.consistency.value, statistics.retests.side_decided.value) == (0.0, 1.0)
    assert statistics.annotators[0].votes == 40


def test_under_adaptive_overlap_only_the_first_votes_show_agreement() -> None:
    scene = stage(comparisons=6, overlap=2, max_overlap=5)
    people = [scene.alice, scene.bob, *scene.crowd(3)]
    for user, letter in zip(people, "abaaa", strict=True):
        while assignment := scene.next(user):
            scene.vote(assignment, letter)
    statistics = figures(scene)
    assert statistics.agreement.percent_with_ties.value == 0.0  # alice and bob differed on all six
    assert statistics.agreement.percent_with_ties.votes == 12
    assert sum(row.votes for row in statistics.annotators) > 12  # the third votes count in all else
