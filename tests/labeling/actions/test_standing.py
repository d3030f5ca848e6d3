"""Leads let members pass and make them start again; both can be undone."""

from typing import Any

import pytest

from common.errors import NotAllowed
from labeling.actions.campaigns import change_campaign
from labeling.actions.members import NotAMember, add_member, remove_member
from labeling.actions.standing import NotRestarted, pass_member, restart_member, undo_restart, withdraw_pass
from labeling.models import Event
from labeling.queries.standing import Standing, standing_of
from tests.labeling.practising import PRACTICE, QUALIFICATION, go_through, mark
from tests.people import Stage, stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Stage:
    made = stage(comparisons=8)
    mark(made, 1)
    mark(made, 2, QUALIFICATION)
    rules: Any = {"qualification_pairs": 2, "qualification_right": 2, "qualification_attempts": 1}
    made.campaign = change_campaign(campaign=made.campaign, acting_user=made.maya, now=made.now, **rules)
    return made


def alices(scene: Stage) -> Standing:
    standing = standing_of(scene.reload(), scene.alice)
    assert standing is not None
    return standing


def test_a_pass_replaces_practice_and_qualification_until_it_is_withdrawn(scene: Stage) -> None:
    by: Any = {"campaign": scene.campaign, "user": scene.alice, "acting_user": scene.maya, "now": scene.now}
    assert alices(scene).step == "practise"
    pass_member(**by)
    assert alices(scene).step is None
    assert alices(scene).is_passed_by_lead
    withdraw_pass(**by)
    assert alices(scene).step == "practise"
    verbs = Event.objects.filter(verb__startswith="member.pass").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["member.passed", "member.pass_withdrawn"]


def test_a_restart_gives_all_attempts_again_and_can_be_undone(scene: Stage) -> None:
    go_through(scene, scene.alice, PRACTICE, right=1)
    go_through(scene, scene.alice, QUALIFICATION, right=0)
    assert alices(scene).is_stuck
    scene.wait(1)
    by: Any = {"campaign": scene.campaign, "user": scene.alice, "acting_user": scene.maya, "now": scene.now}
    restart_member(**by)
    first = alices(scene)
    assert (first.step, first.attempts_left, first.is_restarted) == ("practise", 1, True)
    scene.wait(1)
    restart_member(**by | {"now": scene.now})
    undo_restart(**by)
    assert alices(scene).member.restarted_at == first.member.restarted_at
    undo_restart(**by)
    assert alices(scene).is_stuck
    with pytest.raises(NotRestarted):
        undo_restart(**by)


def test_only_leads_decide_about_members(scene: Stage) -> None:
    for act in (pass_member, withdraw_pass, restart_member, undo_restart):
        with pytest.raises(NotAllowed):
            act(campaign=scene.campaign, user=scene.alice, acting_user=scene.bob, now=scene.now)
        with pytest.raises(NotAMember):
            act(campaign=scene.campaign, user=scene.charlie, acting_user=scene.maya, now=scene.now)


def test_somebody_who_comes_back_keeps_what_they_passed(scene: Stage) -> None:
    go_through(scene, scene.alice, PRACTICE, right=1)
    go_through(scene, scene.alice, QUALIFICATION, right=2)
    by: Any = {"campaign": scene.campaign, "user": scene.alice, "acting_user": scene.maya, "now": scene.now}
    remove_member(**by)
    add_member(**by, role="annotator")
    assert alices(scene).step is None
