"""People accept an invitation in a real browser, which sends headers that Django's client does not."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from labeling.actions.invitations import create_invitation
from labeling.models import MailRequest, Membership
from tests.browser.conftest import SignIn
from tests.people import PASSWORD, Stage, person


@pytest.fixture
def link(on_stage: Stage) -> str:
    """The path of an invitation to the stage's campaign."""
    ends, now = timezone.now() + timedelta(days=3), timezone.now()
    _, token = create_invitation(campaign=on_stage.campaign, expires_at=ends, acting_user=on_stage.maya, now=now)
    return f"/invitations/{token}/"


def joined(page: Page, on_stage: Stage, username: str) -> None:
    """Expects the annotator's page and a membership."""
    expect(page).to_have_url(re.compile(f"/campaigns/{on_stage.campaign.slug}/annotate/$"))
    expect(page.get_by_test_id("messages")).to_contain_text("Welcome to")
    assert Membership.objects.filter(campaign=on_stage.campaign, user__username=username).exists()


def test_a_stranger_makes_an_account_and_joins(on_stage: Stage, sign_in: SignIn, link: str) -> None:
    page = sign_in(None, path=link)
    page.get_by_label("User name").fill("dana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("E-mail address").fill("dana@example.org")
    page.get_by_role("button", name="Create account and join").click()
    joined(page, on_stage, "dana")
    expect(page.get_by_test_id("messages")).to_contain_text("We sent a link to dana@example.org")
    assert MailRequest.objects.get().address == "dana@example.org"


def test_somebody_who_is_signed_in_joins_with_one_press(on_stage: Stage, sign_in: SignIn, link: str) -> None:
    page = sign_in(person("erik"), path=link)
    page.get_by_role("button", name="Join campaign").click()
    joined(page, on_stage, "erik")


def test_somebody_with_an_account_signs_in_first_and_joins(on_stage: Stage, sign_in: SignIn, link: str) -> None:
    person("erik")
    page = sign_in(None, path=link)
    page.get_by_role("link", name="Sign in instead").click()
    page.get_by_label("User name").fill("erik")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Join campaign").click()
    joined(page, on_stage, "erik")


def test_the_secret_address_is_told_to_no_other_site(on_stage: Stage, sign_in: SignIn, link: str) -> None:
    response = sign_in(None).goto(link)
    assert response is not None
    assert response.headers["referrer-policy"] == "same-origin"
