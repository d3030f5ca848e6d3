"""Statistics of a campaign and of slices of it, from what people said through the product's own actions."""

import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.errors import Invalid
from labeling.actions.campaigns import write_guidelines
from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.actions.curation import make_gold
from labeling.judging.acts import undo_judgment
from labeling.models import Comparison, User
from labeling.queries.agreement import agreement
from labeling.queries.slices import Slice
from labeling.queries.statistics import Statistics, model_ranking, statistics
from tests.people import Stage, asks, stage

MEANING = {"a": "a", "b": "b", "t": "tie", "x": "both_bad", "s": "skip"}


def vote(scene: Stage, votes: list[str], people: list[User], **said: Any) -> None:
    """Each person judges the comparisons in the order of their ids, a letter for each; a dot leaves it for later."""
    order = list(Comparison.objects.filter(campaign=scene.campaign).order_by("pk").values_list("pk", flat=True))
    for user, letters in zip(people, votes, strict=True):
        words = dict(zip(order, letters, strict=True))
        while assignment := scene.next(user):
            scene.vote(assignment, MEANING[words[assignment.comparison_id]], **said)


def figures(scene: Stage, **part: Any) -> Statistics:
    return statistics(scene.campaign, Slice(**part), now=scene.now)


def versus(number: int, one: str, other: str, *, longer: bool = False) -> ComparisonDraft:
    """A comparison of two model versions; longer: the first one's text is four times as long."""
    text, short = f"The answer to {number} is this.", f"To {number}: that, I think."
    return ComparisonDraft(
        prompt=asks(f"Question {number}?"),
        first=CompletionDraft(" ".join([text] * (4 if longer else 1)), model_version=one, seed=1),
        second=CompletionDraft(short, model_version=other, seed=2),
    )


def prefer(scene: Stage, user: User, wanted: Callable[[Comparison], str]) -> None:
    while assignment := scene.next(user):
        scene.vote(assignment, wanted(assignment.comparison))


def test_agreement_is_the_same_as_the_campaign_pages() -> None:
    scene = stage(comparisons=8, overlap=2)
    vote(scene, ["aabtxsba", "abbxtaba"], [scene.alice, scene.bob])
    found = figures(scene)
    assert found.agreement == agreement(scene.campaign)
    assert found.agreement.percent_with_ties.comparisons == 7


def test_pairs_leave_one_out_and_noise_are_those_counted_by_hand() -> None:
    scene = stage(comparisons=4, overlap=3)
    (carol,) = scene.crowd(1)
    vote(scene, ["aabt", "aabb", "abba"], [scene.alice, scene.bob, carol])
    found = figures(scene)
    same = {frozenset((row.first, row.second)): row.same.value for row in found.pairs}
    names = {user: user.pseudonym for user in (scene.alice, scene.bob, carol)}
    assert same[frozenset((names[scene.alice], names[scene.bob]))] == pytest.approx(3 / 4)
    assert same[frozenset((names[scene.alice], names[carol]))] == pytest.approx(2 / 4)
    assert same[frozenset((names[scene.bob], names[carol]))] == pytest.approx(2 / 4)
    # aaa: 3 of 3. aab: each a beside {a, b} counts a half, the b nothing. bbb: 3. tie, b, a: a half each time... no:
    # none of the three is among what the others said.
    assert found.leave_one_out.value == pytest.approx((3 + 1 + 3 + 0) / 12)
    without_ties = found.agreement.percent_without_ties.value
    assert without_ties is not None
    assert found.noise.from_agreement.value == pytest.approx((1 - math.sqrt(2 * without_ties - 1)) / 2)
    assert found.noise.ceiling_one.value == pytest.approx(1 - (found.noise.from_agreement.value or 0))
    assert len(found.annotators) == 3
    assert all(row.accuracy.value is not None and len(row.confusion) == 3 for row in found.annotators)


def test_strength_is_ordinal_from_much_better_b_to_much_better_a() -> None:
    scene = stage(comparisons=4, overlap=2, scale="strength")
    vote(scene, ["aabb"], [scene.alice], strength=3)
    vote(scene, ["aabb"], [scene.bob], strength=2)
    near = figures(scene).alpha_ordinal
    assert near.value is not None
    assert near.value > 0.5  # the same side, one step apart
    assert near.comparisons == 4


def test_sides_speed_and_votes_are_counted_for_each_annotator() -> None:
    scene = stage(comparisons=10, overlap=2)
    for user, side, seconds in ((scene.alice, "left", 4.0), (scene.bob, "right", 9.0)):
        while assignment := scene.next(user):
            scene.wait(60)
            scene.judge(assignment, side, seconds=seconds)
    found = figures(scene)
    rows = {row.annotator: row for row in found.annotators}
    assert rows[scene.alice.pseudonym].left.value == 1.0
    assert rows[scene.bob.pseudonym].left.value == 0.0
    assert rows[scene.bob.pseudonym].seconds.value == 9.0
    assert rows[scene.bob.pseudonym].votes == 10
    assert (found.position.value, found.position.comparisons) == (0.5, 20)
    assert (found.speed.median.value, found.speed.upper_quartile.value) == (4.0, 9.0)


def test_the_ranking_and_the_liking_for_length_come_from_the_texts_and_versions() -> None:
    scene = stage(overlap=1)
    scene.add([versus(number, "v1", "base", longer=number < 12) for number in range(20)])

    def longest(comparison: Comparison) -> str:
        return "a" if len(comparison.completion_a.text) > len(comparison.completion_b.text) else "b"

    prefer(scene, scene.alice, longest)
    found = figures(scene)
    assert found.length.longer_preferred.value == 1.0
    assert found.length.slope.value is not None
    assert found.length.slope.value > 0
    plain = model_ranking(scene.campaign, now=scene.now)
    assert [(row.model, row.wins, row.losses) for row in plain.models] == [("v1", 20, 0), ("base", 0, 20)]
    controlled = model_ranking(scene.campaign, length_controlled=True, now=scene.now)
    assert controlled.length_effect.value is not None
    assert controlled.length_effect.value > 0
    assert (controlled.models[0].rating.value or 0) < (plain.models[0].rating.value or 0)


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
    found = figures(scene, annotator=scene.alice.pseudonym)
    assert [row.annotator for row in found.annotators] == [scene.alice.pseudonym]
    assert found.agreement.percent_with_ties.value == pytest.approx((2 + 0) / 8)
    assert {row.first for row in found.pairs} | {row.second for row in found.pairs} == {
        user.pseudonym for user in (scene.alice, scene.bob, carol)
    }
    assert len(found.pairs) == 2


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


def test_an_empty_campaign_has_reasons_and_no_figures() -> None:
    found = figures(stage())

    def estimates(value: Any) -> list[dict[str, Any]]:
        if isinstance(value, dict):
            inner = [one for part in value.values() for one in estimates(part)]
            return [value, *inner] if "reason" in value else inner
        return [one for part in value for one in estimates(part)] if isinstance(value, list) else []

    told = estimates(found.as_dict())
    assert len(told) > 15
    for estimate in told:
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


def test_no_judgment_is_loaded_however_many_there_are() -> None:
    scene = stage(comparisons=12, overlap=2)
    vote(scene, ["ab" * 6, "a" * 12], [scene.alice, scene.bob])
    with CaptureQueriesContext(connection) as queries:
        figures(scene)
    assert len(queries) <= 25


def test_agreement_is_told_by_day_and_along_the_judgments() -> None:
    scene = stage(comparisons=60, overlap=2)
    for _ in range(3):
        for _ in range(20):
            first, second = scene.given(scene.alice), scene.given(scene.bob)
            scene.vote(first, "a")
            scene.vote(second, "a")
        scene.wait(24 * 3600)
    found = figures(scene)
    assert [point.name for point in found.by_day.points] == ["2026-03-02", "2026-03-03", "2026-03-04"]
    assert [point.agreement.comparisons for point in found.by_stretch.points] == [20, 20, 20]
    assert found.by_stretch.points[0].name == "001"


def test_gold_counts_in_its_own_figure_and_nowhere_else() -> None:
    scene = stage(comparisons=30, overlap=2, gold_rate=0.5)
    for number, comparison in enumerate(scene.campaign.comparisons.order_by("pk")[:10]):
        winner = "a" if number < 5 else "b"
        make_gold(comparison=comparison, winner=winner, reason="Known.", acting_user=scene.maya, now=scene.now)
    while assignment := scene.next(scene.alice):
        scene.vote(assignment, "a")
    found, said = figures(scene), scene.alice.judgments.filter(kind="gold")
    assert said.count() > 0
    (row,) = found.annotators
    assert row.gold.comparisons == found.gold.comparisons == said.count()
    assert row.gold.value == pytest.approx(said.filter(comparison__gold__winner="a").count() / said.count())
    assert row.votes == 20


def test_retests_tell_who_goes_by_the_side() -> None:
    scene = stage(comparisons=40, overlap=1, retest_rate=0.5, retest_after=1)
    while assignment := scene.next(scene.alice):
        scene.judge(assignment, "left")  # whatever stands there
    found, again = figures(scene), scene.alice.judgments.filter(kind="retest").count()
    assert again > 0
    assert (found.retests.left_pull.value, found.retests.left_pull.comparisons) == (1.0, again)
    assert (found.retests.consistency.value, found.retests.side_decided.value) == (0.0, 1.0)
    assert found.annotators[0].votes == 40


def test_under_adaptive_overlap_only_the_first_votes_show_agreement() -> None:
    scene = stage(comparisons=6, overlap=2, max_overlap=5)
    people = [scene.alice, scene.bob, *scene.crowd(3)]
    for user, letter in zip(people, "abaaa", strict=True):
        while assignment := scene.next(user):
            scene.vote(assignment, letter)
    found = figures(scene)
    assert found.agreement.percent_with_ties.value == 0.0  # alice and bob differed on all six
    assert found.agreement.percent_with_ties.votes == 12
    assert sum(row.votes for row in found.annotators) > 12  # the third votes count in all else
