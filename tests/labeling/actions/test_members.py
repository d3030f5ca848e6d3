"""Members of a campaign: their roles, and what leaving does."""

import pytest

from common.errors import Invalid
from labeling.access import visible_campaigns
from labeling.actions.members import LastLead, add_member, remove_member
from labeling.models import Assignment, Comparison, Membership
from tests.people import stage


def test_a_member_gets_a_new_role_and_stays_where_they_are_in_the_queue() -> None:
    scene = stage(comparisons=2)
    scene.judge(scene.given(scene.maya))
    before = Membership.objects.get(user=scene.maya).cursor
    add_member(campaign=scene.campaign, user=scene.maya, role="annotator", acting_user=scene.ada, now=scene.now)
    after = Membership.objects.get(user=scene.maya)
    assert (after.role, after.cursor, after.judged) == ("annotator", before, 1)


def test_an_annotator_is_not_made_a_lead_of_a_campaign() -> None:
    scene = stage()
    with pytest.raises(Invalid, match="An admin can change that"):
        add_member(campaign=scene.campaign, user=scene.alice, role="lead", acting_user=scene.maya, now=scene.now)


def test_the_last_lead_stays() -> None:
    scene = stage()
    remove_member(campaign=scene.campaign, user=scene.ada, acting_user=scene.maya, now=scene.now)
    with pytest.raises(LastLead):
        remove_member(campaign=scene.campaign, user=scene.maya, acting_user=scene.maya, now=scene.now)
    with pytest.raises(LastLead):
        add_member(campaign=scene.campaign, user=scene.maya, role="annotator", acting_user=scene.root, now=scene.now)


def test_who_leaves_frees_what_is_open_and_what_they_judged_stays_also_when_they_come_back() -> None:
    scene = stage(comparisons=3)
    scene.judge(scene.given(scene.alice))
    scene.given(scene.alice)
    remove_member(campaign=scene.campaign, user=scene.alice, acting_user=scene.maya, now=scene.now)
    assert not visible_campaigns(scene.alice).exists()
    assert not Assignment.objects.filter(status="leased").exists()
    assert Comparison.objects.filter(status="settled").count() == 1
    remove_member(campaign=scene.campaign, user=scene.alice, acting_user=scene.maya, now=scene.now)
    scene.join(scene.alice)
    assert Membership.objects.get(user=scene.alice).judged == 1
    seen = set()
    while assignment := scene.next(scene.alice):
        seen.add(assignment.comparison_id)
        scene.judge(assignment)
    assert len(seen) == 2
