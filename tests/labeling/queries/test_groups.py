"""Declared groups: agreement within and between them, the filter by them, and what stays hidden."""

import pytest

from labeling.actions.groups import declare_grouping
from labeling.models import Campaign, Grouping
from labeling.queries.groups import group_choices, grouping_figures
from labeling.queries.lists import ComparisonFilter, filtered_comparisons
from labeling.queries.planned_votes import planned_votes
from tests.people import Stage, person, stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Stage:
    """Alice and Ann prefer a, Bob prefers b, on each of four comparisons; one more only Bob judged."""
    scene = stage(comparisons=5, overlap=3)
    ann = person("ann")
    scene.join(ann)
    for _number in range(4):
        for user, winner in ((scene.alice, "a"), (ann, "a"), (scene.bob, "b")):
            scene.vote(scene.given(user), winner)
    scene.vote(scene.given(scene.bob), "b")
    return scene


def declared(scene: Stage) -> Grouping:
    members = {one.user.username: one.user for one in scene.campaign.memberships.select_related("user")}
    groups = {"North": [members["alice"], members["ann"]], "South": [scene.bob]}
    return declare_grouping(campaign=scene.campaign, name="Region", groups=groups, acting_user=None, now=scene.now)


def test_agreement_within_and_between_groups(scene: Stage) -> None:
    figures = grouping_figures(declared(scene))
    north, south = figures.groups
    assert (north.name, north.members, north.votes) == ("North", 2, 8)
    assert (south.members, south.votes) == (1, 5)
    assert north.agreement is not None
    assert south.agreement is not None
    assert (north.agreement.value, north.agreement.comparisons) == (1.0, 4)
    assert south.agreement.value is None  # one person: no two votes on one comparison
    (between,) = figures.between
    assert between.agreement is not None
    assert (between.agreement.value, between.agreement.comparisons) == (0.0, 4)


def test_votes_that_were_asked_for_because_the_first_ones_differed_show_no_agreement() -> None:
    """Adaptive overlap: Alice and Bob differ everywhere, so Ann is asked too; she agrees with Bob."""
    scene = stage(comparisons=6, overlap=2)
    ann = person("ann")
    scene.join(ann)
    Campaign.objects.filter(pk=scene.campaign.pk).update(max_overlap=3)
    scene.reload()
    for user, winner in ((scene.alice, "a"), (scene.bob, "b"), (ann, "b")):
        while assignment := scene.next(user):
            scene.vote(assignment, winner)
    groups = {"North": [scene.alice], "South": [scene.bob, ann]}
    declare_grouping(campaign=scene.campaign, name="Region", groups=groups, acting_user=None, now=scene.now)
    assert scene.campaign.judgments.filter(annotator=ann).count() == 6
    figures = grouping_figures(scene.reload().groupings.get())
    assert [one.votes for one in figures.groups] == [6, 6]
    south = figures.groups[1].agreement
    assert south is not None
    assert south.value is None  # with Ann's late votes it would be 1
    (between,) = figures.between
    assert between.agreement is not None
    assert (between.agreement.value, between.agreement.votes) == (0.0, 12)
    assert planned_votes(scene.campaign).count() == 12
    # Late votes do not count, so they hide nobody either.
    Campaign.objects.filter(pk=scene.campaign.pk).update(pseudonymous=True)
    together = {"All": [scene.alice, scene.bob, ann]}
    campaign = scene.reload()
    all_in_one = declare_grouping(campaign=campaign, name="One", groups=together, acting_user=None, now=scene.now)
    (all_of_them,) = grouping_figures(all_in_one).groups
    assert (all_of_them.votes, all_of_them.agreement) == (12, None)


def test_comparisons_are_filtered_by_a_declared_group(scene: Stage) -> None:
    declared(scene)
    assert filtered_comparisons(scene.campaign, ComparisonFilter(group="Region/South")).count() == 5
    assert filtered_comparisons(scene.campaign, ComparisonFilter(group="Region/North")).count() == 4
    assert not filtered_comparisons(scene.campaign, ComparisonFilter(group="Region/East")).exists()


def test_in_a_large_campaign_nobody_waits_for_the_figures(scene: Stage) -> None:
    figures = grouping_figures(declared(scene), most=5)
    assert not figures.is_counted
    assert [(one.name, one.members, one.votes) for one in figures.groups] == [("North", 2, None), ("South", 1, None)]
    assert grouping_figures(declared(scene), most=100).is_counted


def test_members_who_never_voted_hide_nobody(scene: Stage) -> None:
    idle = [person("idle1"), person("idle2")]
    scene.join(*idle)
    Campaign.objects.filter(pk=scene.campaign.pk).update(pseudonymous=True)
    groups = {"Target": [scene.bob, *idle]}
    grouping = declare_grouping(campaign=scene.reload(), name="Region", groups=groups, acting_user=None, now=scene.now)
    (target,) = grouping_figures(grouping).groups
    assert (target.members, target.agreement, target.alpha) == (3, None, None)


def test_a_pseudonymous_campaign_has_no_filter_by_groups(scene: Stage) -> None:
    members = {one.user.username: one.user for one in scene.campaign.memberships.select_related("user")}
    voters = [members[name] for name in ("alice", "ann", "bob")]
    groups = {"All": voters}
    declare_grouping(campaign=scene.campaign, name="Region", groups=groups, acting_user=None, now=scene.now)
    assert group_choices(scene.campaign) == [("Region/All", "Region: All")]
    Campaign.objects.filter(pk=scene.campaign.pk).update(pseudonymous=True)
    campaign = scene.reload()
    (all_of_them,) = grouping_figures(campaign.groupings.get()).groups
    assert all_of_them.agreement is not None
    assert group_choices(campaign) == []
    assert not filtered_comparisons(campaign, ComparisonFilter(group="Region/All")).exists()


def test_a_small_group_is_hidden_where_leads_may_not_know_who_judged_what(scene: Stage) -> None:
    grouping = declared(scene)
    Campaign.objects.filter(pk=scene.campaign.pk).update(pseudonymous=True)
    grouping = Grouping.objects.select_related("campaign").get(pk=grouping.pk)
    figures = grouping_figures(grouping)
    assert {one.agreement for one in figures.groups} == {None}
    assert figures.between[0].alpha is None
    scene.reload()
    assert not filtered_comparisons(scene.campaign, ComparisonFilter(group="Region/South")).exists()
