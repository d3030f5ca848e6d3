"""Names as leads see them."""

import pytest

from labeling.actions.members import pause_member
from labeling.actions.webhooks import create_webhook
from labeling.events.record import record
from labeling.models import EarlierEvent, Event, User, WebhookDelivery
from labeling.queries.campaign_record import annotator_lines
from labeling.queries.names import (
    ShownName,
    name_for_leads,
    names_by_pseudonym,
    names_of_deciders,
    shown_names,
    told_events,
    with_actor_names,
)
from tests.people import stage


@pytest.mark.parametrize("pseudonymous", [True, False])
def test_leads_see_names_unless_the_campaign_is_pseudonymous(pseudonymous: bool) -> None:
    scene = stage(pseudonymous=pseudonymous)
    assert name_for_leads(scene.alice, scene.campaign) == (scene.alice.pseudonym if pseudonymous else "alice")


def test_erased_people_have_only_their_pseudonym() -> None:
    scene = stage()
    scene.alice.is_active = False
    assert name_for_leads(scene.alice, scene.campaign) == scene.alice.pseudonym


@pytest.mark.parametrize("pseudonymous", [True, False])
def test_pseudonyms_become_names_where_leads_see_names(pseudonymous: bool) -> None:
    scene = stage(pseudonymous=pseudonymous)
    pseudonym = scene.alice.pseudonym
    assert names_by_pseudonym(scene.campaign, [pseudonym]) == {pseudonym: pseudonym if pseudonymous else "alice"}


def test_a_lead_whose_account_is_an_annotators_now_goes_by_pseudonym() -> None:
    scene = stage(pseudonymous=True)
    assert [one.name for one in names_of_deciders(scene.campaign, [scene.maya]).values()] == ["maya"]
    scene.maya.role = "annotator"
    scene.maya.save(update_fields=["role"])
    assert [one.name for one in names_of_deciders(scene.campaign, [scene.maya]).values()] == [scene.maya.pseudonym]


@pytest.mark.parametrize("pseudonymous", [True, False])
def test_acts_of_annotators_go_by_pseudonym_in_a_pseudonymous_campaign(pseudonymous: bool) -> None:
    scene = stage(comparisons=1, pseudonymous=pseudonymous)
    scene.settle("a")
    names = {event.verb: event.actor_name for event in with_actor_names(Event.objects.all(), scene.campaign)}  # type: ignore[attr-defined]
    judge = Event.objects.get(verb="judgment.made").actor
    assert judge is not None
    assert names["judgment.made"] == (judge.pseudonym if pseudonymous else judge.username)
    assert names["campaign.created"] == "maya"


def test_those_who_decide_are_named_if_they_lead_or_the_campaign_names_people() -> None:
    scene = stage(pseudonymous=True)
    people = [scene.alice, scene.ada, scene.root, None]
    assert names_of_deciders(scene.campaign, people) == {
        scene.alice.pk: ShownName(scene.alice.pseudonym, has_page=True),
        scene.ada.pk: ShownName("ada", has_page=False),
        scene.root.pk: ShownName("root", has_page=False),
    }
    scene.campaign.pseudonymous = False
    assert names_of_deciders(scene.campaign, people)[scene.alice.pk] == ShownName("alice", has_page=True)


def test_a_name_has_a_page_if_the_person_takes_part() -> None:
    scene = stage()
    acted = [(scene.alice, "alice"), (scene.charlie, "charlie")]
    assert [one.has_page for one in shown_names(scene.campaign, acted)] == [True, False]


@pytest.mark.parametrize("pseudonymous", [True, False])
def test_no_log_and_no_message_of_a_pseudonymous_campaign_tells_what_followed_wrong_gold(pseudonymous: bool) -> None:
    scene = stage(pseudonymous=pseudonymous)
    create_webhook(
        url="https://1.1.1.1/hook",
        event_types=["member.paused"],
        campaign=scene.campaign,
        acting_user=scene.maya,
        now=scene.now,
    )
    seat = scene.campaign.memberships.get(user=scene.alice)
    record("member.paused", seat, acting_user=None, now=scene.now, campaign=scene.campaign)
    EarlierEvent.objects.create(campaign=scene.campaign, at=scene.now, verb="member.warned", actor="")
    paused = Event.objects.filter(verb="member.paused")
    assert told_events(paused, scene.campaign).exists() == (not pseudonymous)
    assert told_events(scene.campaign.earlier_events.all(), scene.campaign).exists() == (not pseudonymous)
    assert WebhookDelivery.objects.exists() == (not pseudonymous)
    pause_member(campaign=scene.campaign, user=scene.bob, acting_user=scene.maya, now=scene.now)
    assert told_events(paused, scene.campaign).filter(actor=scene.maya).exists(), "A lead's own act is told."


def test_the_full_export_lists_people_by_pseudonym_whoever_came_first() -> None:
    scene = stage(pseudonymous=True)
    scene.crowd(4)
    listed = [line["pseudonym"] for line in annotator_lines(scene.campaign)]
    assert listed == list(
        User.objects.filter(pseudonym__in=listed).order_by("pseudonym").values_list("pseudonym", flat=True)
    )
    assert len(listed) > 4
