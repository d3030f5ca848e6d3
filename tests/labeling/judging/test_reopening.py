"""A skip that is taken back for its annotator: the pair comes next for them, and nothing is counted twice."""

import pytest
from django.db import transaction

from labeling.actions.campaigns import change_campaign
from labeling.actions.curation import make_gold, retire_comparison
from labeling.actions.members import remove_member
from labeling.judging.reopening import reopen_skip
from labeling.models import Assignment, Comparison, Judgment
from labeling.tally import count_tally, read_tally
from tests.people import Stage, stage


def reopened(scene: Stage, assignment: Assignment) -> bool:
    with transaction.atomic():
        return reopen_skip(assignment=assignment, acting_user=scene.maya, now=scene.now)


def skipped(scene: Stage, **fields: str) -> Assignment:
    given = scene.given(scene.alice)
    scene.judge(given, "skip", **fields)
    return given


def test_the_pair_comes_next_and_holds_no_place_until_then() -> None:
    scene = stage(comparisons=4)
    given = skipped(scene)
    scene.vote(scene.given(scene.alice), "a")
    assert reopened(scene, given)
    comparison = Comparison.objects.get(pk=given.comparison_id)
    assert (comparison.taken, comparison.judged, comparison.status) == (0, 0, "open")
    assert scene.given(scene.alice).pk == given.pk
    assert not Judgment.objects.filter(assignment=given, superseded_at=None).exists()
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_it_is_reopened_once_and_only_if_it_was_skipped() -> None:
    scene = stage(comparisons=2)
    given = skipped(scene)
    assert reopened(scene, given)
    assert not reopened(scene, given)
    held = scene.given(scene.alice)
    assert not reopened(scene, held)
    scene.vote(held, "a")
    assert not reopened(scene, held)


def test_what_nobody_may_judge_any_more_stays_skipped() -> None:
    scene = stage(comparisons=2)
    taken, retired = skipped(scene), skipped(scene)
    for _ in range(2):
        scene.vote(scene.given(scene.bob), "a")
    assert not reopened(scene, taken)
    retire_comparison(comparison=retired.comparison, reason="No.", acting_user=scene.maya, now=scene.now)
    assert not reopened(scene, retired)


def test_flags_and_people_who_left_are_let_be() -> None:
    scene = stage(comparisons=2)
    assert not reopened(scene, skipped(scene, flag="harm"))
    other = skipped(scene)
    remove_member(campaign=scene.campaign, user=scene.alice, acting_user=scene.maya, now=scene.now)
    assert not reopened(scene, other)


@pytest.mark.parametrize("kind", ["gold", "retest"])
def test_gold_and_retests_come_back_as_any_other(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = stage(comparisons=4, overlap=2, retest_after=1, retest_rate=0.5 if kind == "retest" else 0)
    if kind == "gold":
        make_gold(comparison=Comparison.objects.all()[0], winner="a", acting_user=scene.maya, now=scene.now)
        change_campaign(campaign=scene.campaign, gold_rate=0.5, acting_user=scene.maya, now=scene.now)
    monkeypatch.setattr("labeling.judging.queue.random.random", lambda: 0.0)
    given = scene.given(scene.alice)
    while given.kind != kind:
        scene.judge(given)
        given = scene.given(scene.alice)
    scene.judge(given, "skip")
    assert reopened(scene, given)
    again = scene.given(scene.alice)
    assert (again.pk, again.kind) == (given.pk, kind)
