"""Invitations: a person signs up by a link and judges."""

from typing import Any

from django.test import Client

from labeling.models import Event, Invitation, KnownPlace, Membership, User
from tests.clients import Visiting
from tests.people import PASSWORD, stage


def link_of(page: str) -> str:
    """The link of a new invitation, as its page shows it once."""
    return page.split('<code id="new-link">')[1].split("</code>")[0]


def test_a_damaged_link_says_to_ask_for_another_one() -> None:
    answer = Client().get("/invitations/none/")
    page = answer.content.decode()
    assert answer.status_code == 404
    assert "This invitation cannot be used" in page
    assert "Ask its sender for a new one." in page


def test_somebody_invited_makes_an_account_and_judges(visiting: Visiting) -> None:
    scene = stage(comparisons=1)
    page = (
        visiting(scene.maya).post("/campaigns/sums/invitations/", {"role": "annotator", "days": "3"}).content.decode()
    )
    link = link_of(page)
    stranger = Client()
    assert "You are invited to" in stranger.get(link).content.decode()
    assert "common" in stranger.post(link, {"username": "dana", "password": "password"}).content.decode()
    answer = stranger.post(link, {"username": "dana", "password": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0] == "/campaigns/sums/annotate/"
    assert Membership.objects.filter(user=User.objects.get(username="dana"), role="annotator").exists()
    assert KnownPlace.objects.filter(user__username="dana").count() == 1
    assert Event.objects.filter(verb="user.signed_in", actor__username="dana").count() == 1
    invitation = Invitation.objects.get()
    assert invitation.uses == 1
    visiting(scene.maya).post("/campaigns/sums/invitations/revoke/", {"invitation": invitation.pk})
    refusal = visiting(scene.charlie).post(link)
    assert (refusal.status_code, "revoked" in refusal.content.decode()) == (409, True)


def test_names_cannot_be_asked_for_endlessly(visiting: Visiting, settings: Any) -> None:
    settings.SIGN_IN_LIMITS = {**settings.SIGN_IN_LIMITS, "address": 3}
    scene = stage()
    page = visiting(scene.maya).post("/campaigns/sums/invitations/", {"role": "annotator", "days": "3"})
    link = link_of(page.content.decode())
    asked = [Client().post(link, {"username": name, "password": PASSWORD}) for name in ("alice", "bob", "root", "maya")]
    assert [answer.status_code for answer in asked] == [200, 200, 200, 429]
    assert 0 < int(asked[-1].headers["Retry-After"]) <= 20
    assert "already a user called root" in asked[-2].content.decode()
    assert "Too many attempts" in asked[-1].content.decode()
    assert "already a user" not in asked[-1].content.decode()
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert elsewhere.post(link, {"username": "eva", "password": PASSWORD}).status_code == 302
    assert visiting(scene.charlie).post(link).status_code == 302  # no name is asked for


def test_those_who_succeed_use_nothing_up(visiting: Visiting, settings: Any) -> None:
    settings.SIGN_IN_LIMITS = {**settings.SIGN_IN_LIMITS, "address": 2}
    page = visiting(stage().maya).post("/campaigns/sums/invitations/", {"role": "annotator", "days": "3"})
    link = link_of(page.content.decode())
    names = [f"new-{number}" for number in range(4)]
    assert {Client().post(link, {"username": name, "password": PASSWORD}).status_code for name in names} == {302}


def test_somebody_who_belongs_to_the_campaign_is_not_asked_to_join(visiting: Visiting) -> None:
    scene = stage()
    page = (
        visiting(scene.maya).post("/campaigns/sums/invitations/", {"role": "annotator", "days": "3"}).content.decode()
    )
    link = link_of(page)
    assert "You already belong to" in visiting(scene.alice).get(link).content.decode()
    assert "Join campaign" in visiting(scene.charlie).get(link).content.decode()
