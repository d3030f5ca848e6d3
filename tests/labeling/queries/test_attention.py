"""The inbox: what waits for whom."""

from typing import Any

import pytest

from labeling.actions.attention import set_aside
from labeling.actions.campaigns import change_campaign
from labeling.actions.members import add_member, pause_member
from labeling.actions.standing import restart_member
from labeling.models import AgreementWatch, Comparison, Membership, User
from labeling.queries.attention import attention
from tests.labeling.practising import QUALIFICATION, go_through, mark
from tests.people import Stage, person, stage


def keys(user: User) -> dict[str, int]:
    return {item.key: item.count for item in attention(user).items}


def scene_in_conflict() -> Stage:
    scene = stage(comparisons=3, overlap=2)
    for user, winner in ((scene.alice, "a"), (scene.bob, "b")):
        scene.vote(scene.given(user), winner)
    return scene


def test_conflicts_wait_for_leads_and_experts_and_for_nobody_else() -> None:
    scene = scene_in_conflict()
    expert = person("eve")
    add_member(campaign=scene.campaign, user=expert, role=Membership.Role.EXPERT, acting_user=scene.maya, now=scene.now)
    waiting = {f"conflicts-{scene.campaign.pk}": 1}
    assert keys(scene.maya) == keys(scene.root) == keys(expert) == waiting
    assert keys(scene.alice) == keys(scene.charlie) == {}


def test_flags_and_paused_annotators_wait_for_leads_only() -> None:
    scene = stage(comparisons=3, overlap=2)
    expert = person("eve")
    add_member(campaign=scene.campaign, user=expert, role=Membership.Role.EXPERT, acting_user=scene.maya, now=scene.now)
    scene.judge(scene.given(scene.alice), "skip", flag="harm")
    pause_member(campaign=scene.campaign, user=scene.bob, acting_user=scene.maya, now=scene.now)
    pk = scene.campaign.pk
    assert keys(scene.maya) == {f"flags-{pk}": 1, f"stopped-{pk}": 1}
    assert keys(expert) == {}


@pytest.mark.parametrize("pseudonymous", [True, False])
def test_paused_annotators_are_named_where_the_campaign_names_people(pseudonymous: bool) -> None:
    scene = stage(pseudonymous=pseudonymous)
    pause_member(campaign=scene.campaign, user=scene.bob, acting_user=scene.maya, now=scene.now)
    (item,) = attention(scene.maya).items
    assert item.annotators == (() if pseudonymous else ("bob",))


@pytest.mark.parametrize("attempts", [1, 2])
def test_somebody_without_an_attempt_left_waits_for_a_lead_until_they_may_try_again(attempts: int) -> None:
    scene = stage(comparisons=5)
    mark(scene, 2, QUALIFICATION)
    rules: dict[str, Any] = {"qualification_pairs": 2, "qualification_right": 2, "qualification_attempts": attempts}
    change_campaign(campaign=scene.campaign, acting_user=scene.maya, now=scene.now, **rules)
    go_through(scene, scene.alice, QUALIFICATION, right=0)
    waiting = {f"unqualified-{scene.campaign.pk}": 1} if attempts == 1 else {}
    assert keys(scene.maya) == waiting
    scene.wait(1)
    restart_member(campaign=scene.campaign, user=scene.alice, acting_user=scene.maya, now=scene.now)
    assert keys(scene.maya) == {}


def test_an_archived_campaign_waits_for_nobody() -> None:
    scene = scene_in_conflict()
    scene.campaign.status = "archived"
    scene.campaign.save(update_fields=["status"])
    assert keys(scene.maya) == {}


def test_fallen_agreement_names_both_shares() -> None:
    scene = stage(comparisons=1)
    AgreementWatch.objects.create(
        campaign=scene.campaign, early=0.914, late=0.688, fell_at=scene.now, checked_at=scene.now
    )
    (item,) = attention(scene.maya).items
    assert (item.sentence, item.page, item.since) == ("Agreement has fallen", "statistics", scene.now)
    assert item.detail == "From 91 % to 69 % of the pairs of votes."


def test_an_item_that_was_set_aside_comes_back_when_it_grows() -> None:
    scene = stage(comparisons=3)
    pause_member(campaign=scene.campaign, user=scene.bob, acting_user=scene.maya, now=scene.now)
    key = f"stopped-{scene.campaign.pk}"
    set_aside(key=key, acting_user=scene.maya, now=scene.now)
    assert attention(scene.maya).count == 0
    assert [item.key for item in attention(scene.maya).set_aside] == [key]
    assert key in keys(scene.ada), "Only Maya has set it aside."
    pause_member(campaign=scene.campaign, user=scene.alice, acting_user=scene.maya, now=scene.now)
    assert keys(scene.maya) == {key: 2}


@pytest.mark.parametrize("campaigns", [1, 4])
def test_the_statements_do_not_grow_with_the_campaigns(campaigns: int, django_assert_max_num_queries: Any) -> None:
    scene = scene_in_conflict()
    for number in range(campaigns - 1):
        scene.campaign.pk, scene.campaign.slug = None, f"copy-{number}"
        scene.campaign.save(force_insert=True)
    with django_assert_max_num_queries(23):
        assert attention(scene.root).count == 1
    assert Comparison.objects.filter(status="conflict").count() == 1
