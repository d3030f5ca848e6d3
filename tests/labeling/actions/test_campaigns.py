"""Campaigns: created, changed, started and stopped, with their guidelines."""

from typing import Any

import pytest

from common.errors import Invalid, NotAllowed
from labeling.access import CampaignNotFound
from labeling.actions.campaigns import (
    TRANSITIONS,
    SlugTaken,
    WrongStatus,
    change_campaign,
    change_campaign_status,
    create_campaign,
    write_guidelines,
)
from labeling.models import Campaign, Comparison, Event, GuidelineVersion, Membership, Role
from labeling.tally import count_tally, read_tally
from tests.people import NOON, person, stage


def test_whoever_makes_a_campaign_leads_it_and_it_is_a_draft() -> None:
    maya = person("maya", Role.LEAD)
    campaign = create_campaign(
        name="Kind answers", acting_user=maya, now=NOON, overlap=3, guidelines="# Be kind", scale="strength"
    )
    assert (campaign.slug, campaign.status, campaign.overlap, campaign.scale) == (
        "kind-answers",
        "draft",
        3,
        "strength",
    )
    assert Membership.objects.get(campaign=campaign).role == Membership.Role.LEAD
    assert GuidelineVersion.objects.get().number == 1
    event = Event.objects.get(verb="campaign.created")
    assert (event.actor, event.after["overlap"]) == (maya, 3)


def test_a_second_campaign_of_the_same_name_gets_a_slug_of_its_own_and_a_chosen_slug_must_be_free() -> None:
    maya = person("maya", Role.LEAD)
    first, second = (create_campaign(name="Same", acting_user=maya, now=NOON) for _ in range(2))
    assert first.slug == "same"
    assert second.slug.startswith("same-")
    with pytest.raises(SlugTaken):
        create_campaign(name="Other", slug="same", acting_user=maya, now=NOON)


def test_annotators_make_no_campaigns() -> None:
    with pytest.raises(NotAllowed):
        create_campaign(name="Mine", acting_user=person("alice"), now=NOON)


@pytest.mark.parametrize(
    "rules",
    [{"overlap": 0}, {"overlap": 51}, {"scale": "stars"}, {"lease_seconds": 1}, {"name": ""}, {"name": "n" * 201},
     {"slug": "not a slug"}, {"colour": "red"}, {"verdict_rule": "dice"}],
)  # fmt: skip
def test_rules_that_make_no_sense_are_refused_by_name(rules: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refusal:
        create_campaign(**{"name": "Sums", **rules}, acting_user=person("maya", Role.LEAD), now=NOON)
    assert list(refusal.value.fields) == list(rules)
    assert not Campaign.objects.exists()


def test_a_change_tells_before_and_after_and_nothing_when_nothing_changed() -> None:
    scene = stage()
    change_campaign(campaign=scene.campaign, name="Sums", overlap=2, acting_user=scene.maya, now=scene.now)
    change_campaign(campaign=scene.campaign, overlap=2, acting_user=scene.maya, now=scene.now)
    event = Event.objects.get(verb="campaign.changed")
    assert (event.before, event.after) == ({"overlap": 1}, {"overlap": 2})


def test_a_new_overlap_holds_for_what_nobody_has_been_given_yet() -> None:
    scene = stage(comparisons=5)
    given = scene.given(scene.alice)
    change_campaign(campaign=scene.campaign, overlap=3, acting_user=scene.maya, now=scene.now)
    assert Comparison.objects.get(pk=given.comparison_id).overlap == 1
    assert Comparison.objects.filter(overlap=3).count() == 4
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
    change_campaign(campaign=scene.reload(), overlap=1, acting_user=scene.maya, now=scene.now)
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_a_new_share_holds_for_what_nobody_has_been_given_yet() -> None:
    scene = stage(comparisons=40)
    change_campaign(campaign=scene.campaign, overlap=2, overlap_share=0.5, acting_user=scene.maya, now=scene.now)
    assert 5 < Comparison.objects.filter(overlap=2).count() < 35
    assert Comparison.objects.filter(overlap=1).count() == 40 - Comparison.objects.filter(overlap=2).count()
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
    change_campaign(campaign=scene.reload(), overlap_share=0.0, acting_user=scene.maya, now=scene.now)
    assert set(Comparison.objects.values_list("overlap", flat=True)) == {1}
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_only_its_leads_change_a_campaign() -> None:
    scene = stage()
    with pytest.raises(NotAllowed):
        change_campaign(campaign=scene.campaign, overlap=2, acting_user=scene.alice, now=scene.now)
    with pytest.raises(CampaignNotFound):
        change_campaign(campaign=scene.campaign, overlap=2, acting_user=scene.charlie, now=scene.now)
    change_campaign(campaign=scene.campaign, overlap=2, acting_user=scene.root, now=scene.now)


def test_a_campaign_goes_only_where_it_can() -> None:
    scene = stage(status="draft")
    for status in ("active", "paused", "active", "closed", "active", "closed", "archived", "closed"):
        scene.campaign = change_campaign_status(
            campaign=scene.campaign, status=status, acting_user=scene.maya, now=scene.now
        )
        assert scene.campaign.status == status
    with pytest.raises(WrongStatus, match="it can become active, archived"):
        change_campaign_status(campaign=scene.campaign, status="paused", acting_user=scene.maya, now=scene.now)
    with pytest.raises(Invalid):
        change_campaign_status(campaign=scene.campaign, status="gone", acting_user=scene.maya, now=scene.now)


def test_to_become_what_it_is_changes_nothing() -> None:
    scene = stage()
    events = Event.objects.count()
    change_campaign_status(campaign=scene.campaign, status="active", acting_user=scene.maya, now=scene.now)
    assert Event.objects.count() == events


def test_guidelines_are_versioned_and_the_same_text_is_no_new_version() -> None:
    scene = stage()
    numbers = [
        write_guidelines(campaign=scene.campaign, text=text, acting_user=scene.maya, now=scene.now).number
        for text in ("Be kind.", "Be kind.", "Be true.", "Be kind.")
    ]
    assert numbers == [1, 1, 2, 3]


@pytest.mark.parametrize("before", Campaign.Status.values)
@pytest.mark.parametrize("after", Campaign.Status.values)
def test_every_way_from_a_status_to_another_is_open_or_refused_with_the_ways_there_are(before: str, after: str) -> None:
    scene = stage()
    Campaign.objects.update(status=before)

    def change() -> Campaign:
        return change_campaign_status(campaign=scene.campaign, status=after, acting_user=scene.maya, now=scene.now)

    if after == before or after in TRANSITIONS[before]:
        assert change().status == after
    else:
        with pytest.raises(WrongStatus, match=f"cannot become {after}"):
            change()
