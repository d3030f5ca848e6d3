"""Agreement of a campaign, from what its annotators said."""

from importlib import import_module

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling.actions.campaigns import change_campaign
from labeling.judging.acts import undo_judgment
from labeling.models import Comparison, Judgment, User
from labeling.queries.agreement import agreement, vote_patterns
from tests.people import Stage, stage


def vote(scene: Stage, votes: list[str], people: list[User]) -> None:
    """Each person judges the comparisons in the order of their ids, a word for each: a, b, t, x (both bad), s."""
    meaning = {"a": "a", "b": "b", "t": "tie", "x": "both_bad", "s": "skip"}
    order = list(Comparison.objects.order_by("pk").values_list("pk", flat=True))
    for user, letters in zip(people, votes, strict=True):
        letter_of = dict(zip(order, letters, strict=True))
        while assignment := scene.next(user):
            scene.vote(assignment, meaning[letter_of[assignment.comparison_id]])


def test_patterns_are_counted_over_a_tie_and_b_with_both_bad_as_a_tie() -> None:
    scene = stage(comparisons=5, overlap=2)
    vote(scene, ["aabtx", "abbxt"], [scene.alice, scene.bob])
    assert vote_patterns(scene.campaign) == {(2, 0, 0): 1, (1, 0, 1): 1, (0, 0, 2): 1, (0, 2, 0): 2}


def test_percent_with_and_without_ties_and_alpha_are_those_counted_by_hand() -> None:
    scene = stage(comparisons=4, overlap=2)
    vote(scene, ["aabt", "abba"], [scene.alice, scene.bob])
    report = agreement(scene.campaign)
    assert report.percent_with_ties.value == pytest.approx(2 / 4)
    assert report.percent_without_ties.value == pytest.approx(2 / 3)
    # Coincidences: aa 2, bb 2, ab + ba 2, at + ta 2 of 8 values; a 4, b 3, t 1. Observed disagreement 4 / 8,
    # expected (8 * 8 - 16 - 9 - 1) / (8 * 7) = 38 / 56.
    assert report.alpha_nominal.value == pytest.approx(1 - (4 / 8) / (38 / 56))
    assert report.alpha_nominal.comparisons == 4


def test_skips_and_judgments_taken_back_count_nowhere() -> None:
    scene = stage(comparisons=3, overlap=2)
    vote(scene, ["aas", "aab"], [scene.alice, scene.bob])
    last = scene.bob.judgments.filter(choice="b").get()
    undo_judgment(assignment=last.assignment, acting_user=scene.bob, now=scene.now)
    assert vote_patterns(scene.campaign) == {(2, 0, 0): 2}


def test_unanimous_votes_are_undefined_with_a_reason_and_never_one() -> None:
    scene = stage(comparisons=3, overlap=2)
    vote(scene, ["aaa", "aaa"], [scene.alice, scene.bob])
    report = agreement(scene.campaign)
    assert (report.alpha_nominal.value, report.percent_with_ties.value) == (None, 1.0)
    assert report.alpha_nominal.reason


def test_an_empty_campaign_has_reasons_and_no_figures() -> None:
    for estimate in agreement(stage().campaign).as_dict().values():
        assert estimate["value"] is None
        assert estimate["reason"]


def test_the_display_side_changes_nothing() -> None:
    scene = stage(comparisons=40, overlap=2)
    vote(scene, ["ab" * 20, "aabb" * 10], [scene.alice, scene.bob])
    # Had a side been counted instead of a completion, sides drawn at random would not give these numbers.
    assert Judgment.objects.filter(left="a").exists()
    assert Judgment.objects.filter(left="b").exists()
    assert vote_patterns(scene.campaign) == {(2, 0, 0): 10, (1, 0, 1): 20, (0, 0, 2): 10}


def test_simulated_annotators_are_left_out_unless_asked_for() -> None:
    scene = stage(comparisons=4, overlap=3)
    (robot,) = scene.crowd(1, is_simulated=True)
    vote(scene, ["aabb", "aaba", "bbbb"], [scene.alice, scene.bob, robot])
    assert vote_patterns(scene.campaign) == {(2, 0, 0): 2, (0, 0, 2): 1, (1, 0, 1): 1}
    assert vote_patterns(scene.campaign, include_simulated=True) == {(2, 0, 1): 2, (0, 0, 3): 1, (1, 0, 2): 1}
    assert agreement(scene.campaign).percent_with_ties.value == pytest.approx(3 / 4)


def test_both_ways_of_counting_say_the_same_without_simulated_annotators(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = stage(comparisons=7, overlap=2)
    vote(scene, ["aabtxsb", "abbxtab"], [scene.alice, scene.bob])
    from_comparisons = vote_patterns(scene.campaign)
    module = import_module("labeling.queries.agreement")
    monkeypatch.setattr(module, "has_simulated_annotators", lambda campaign: True)
    assert vote_patterns(scene.campaign) == from_comparisons


def test_no_judgment_is_loaded_however_many_there_are() -> None:
    scene = stage(comparisons=10, overlap=2)
    vote(scene, ["ab" * 5, "a" * 10], [scene.alice, scene.bob])
    with CaptureQueriesContext(connection) as queries:
        agreement(scene.campaign)
    assert len(queries) <= 3


def test_a_changed_overlap_leaves_what_was_voted() -> None:
    scene = stage(comparisons=2, overlap=2)
    vote(scene, ["ab", "ab"], [scene.alice, scene.bob])
    before = vote_patterns(scene.campaign)
    change_campaign(campaign=scene.campaign, overlap=5, acting_user=scene.maya, now=scene.now)
    assert vote_patterns(scene.campaign) == before
