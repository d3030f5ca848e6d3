"""Blind tests: a campaign with the people of another one, whose rules hold still, and whose votes are told of."""

from typing import Any
from unittest import mock

import pytest

from common.errors import Invalid, NotAllowed
from labeling.actions.blind_tests import create_blind_test, end_blind_test
from labeling.actions.campaigns import change_campaign, change_campaign_status, write_guidelines
from labeling.actions.comparisons import add_comparisons
from labeling.judging.blind_tests import register_reader
from labeling.models import Campaign, Event
from labeling.tally import count_tally, read_tally
from tests.people import NOON, Stage, pair, stage

pytestmark = pytest.mark.django_db


def blind_test_of(scene: Stage, votes: int = 1) -> Stage:
    """The blind test of a campaign with its people, active, with three pairs."""
    made = create_blind_test(like=scene.campaign, number=1, prompts=[], votes=votes, acting_user=scene.maya, now=NOON)
    change_campaign_status(campaign=made, status="active", acting_user=None, now=NOON)
    scene.campaign = made
    drafts = [pair(number) for number in range(3)]
    add_comparisons(campaign=made, drafts=drafts, source="test", acting_user=None, now=NOON)
    return scene


def test_it_has_the_people_and_the_guidelines_of_its_campaign_and_rules_of_its_own() -> None:
    scene = stage(overlap=3, max_overlap=5, undo_seconds=600, prefetch=9, allow_skip=False)
    write_guidelines(campaign=scene.campaign, text="Be kind.", acting_user=scene.maya, now=NOON)
    made = create_blind_test(like=scene.campaign, number=2, prompts=[], votes=2, acting_user=None, now=NOON)
    assert made.name == "Sums: blind test 2"
    assert (made.is_blind_test, made.overlap, made.max_overlap, made.undo_seconds, made.prefetch) == (
        True,
        2,
        None,
        0,
        3,
    )
    assert (made.blind, made.allow_skip, made.guidelines_first) == (True, False, False)
    assert made.guideline_versions.get().text == "Be kind."
    people = set(scene.campaign.memberships.values_list("user", "role"))
    assert set(made.memberships.values_list("user", "role")) == people


def test_annotators_who_have_not_qualified_are_not_in_it() -> None:
    scene = stage()
    rules: dict[str, Any] = {"qualification_pairs": 2, "qualification_right": 1}
    Campaign.objects.filter(pk=scene.campaign.pk).update(**rules)
    scene.campaign.memberships.filter(user=scene.alice).update(qualified_at=NOON)
    made = create_blind_test(
        like=scene.reload(), number=1, prompts=[], votes=1, acting_user=None, now=NOON, without=[scene.maya]
    )
    people = set(made.memberships.values_list("user__username", flat=True))
    assert people == {"maya", "alice", "ada"}  # bob has not; leads need not


def test_annotators_create_none() -> None:
    scene = stage()
    with pytest.raises(NotAllowed):
        create_blind_test(like=scene.campaign, number=1, prompts=[], votes=1, acting_user=scene.alice, now=NOON)


def test_its_end_retires_what_is_open_and_closes_it() -> None:
    scene = blind_test_of(stage())
    scene.settle(["a"])
    assert end_blind_test(campaign=scene.campaign, acting_user=scene.maya, now=NOON) == 2
    assert scene.reload().status == "closed"
    assert sorted(scene.campaign.comparisons.values_list("status", flat=True)) == ["retired", "retired", "settled"]
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
    assert Event.objects.get(verb="blind_test.ended").after == {"retired": 2}


def test_what_its_evidence_rests_on_cannot_be_changed() -> None:
    scene = blind_test_of(stage())
    with pytest.raises(Invalid, match="stays as it is in a blind test"):
        change_campaign(campaign=scene.campaign, acting_user=scene.maya, now=NOON, overlap=2)
    change_campaign(campaign=scene.campaign, acting_user=scene.maya, now=NOON, description="About sums")
    assert scene.reload().description == "About sums"


@pytest.mark.parametrize("is_blind_test", [True, False])
def test_only_votes_of_blind_tests_are_told_of(
    is_blind_test: bool, django_capture_on_commit_callbacks: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labeling.judging.blind_tests._READERS", [])
    register_reader("a.task")
    register_reader("a.task")
    scene = blind_test_of(stage()) if is_blind_test else stage(comparisons=3)
    with (
        mock.patch("labeling.judging.blind_tests.send") as send,
        django_capture_on_commit_callbacks(execute=True),  # type: ignore[operator]
    ):
        scene.judge(scene.given(scene.alice))
    assert send.call_args_list == ([mock.call("a.task", scene.campaign.pk)] if is_blind_test else [])
    assert Campaign.objects.filter(kind="blind_test").exists() == is_blind_test
