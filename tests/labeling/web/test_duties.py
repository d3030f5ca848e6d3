"""A password that somebody else set is for the first sign-in: its owner chooses another one before anything else."""

from typing import Any

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.test import Client
from django.utils import timezone

from labeling.actions.accounts import change_password, end_access_after_password
from labeling.actions.people import create_account, demand_new_password
from labeling.models import Event, User
from tests.clients import Calling, Visiting
from tests.labeling.authenticator_app import with_app
from tests.people import NOON, PASSWORD, stage

pytestmark = pytest.mark.django_db

PAGE = "/you/password/"
NEW = "another horse, another battery"
CHANGE = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}


def given(name: str = "dora", role: str = "annotator", **wishes: Any) -> User:
    """An account that an admin made."""
    return create_account(username=name, role=role, password=PASSWORD, **wishes, acting_user=None, now=NOON)[0]


def test_nothing_else_opens_before_the_password_is_changed(visiting: Visiting) -> None:
    scene, dora = stage(), given()
    browser = Client()
    assert browser.post("/login/", {"username": "dora", "password": PASSWORD}).headers["Location"] == "/"
    for path in ("/", f"/campaigns/{scene.campaign.slug}/", "/you/", "/tokens/", "/you/second-factor/"):
        assert browser.get(path).headers["Location"] == PAGE
    assert browser.post("/tokens/", {"name": "x"}).headers["Location"] == PAGE
    page = browser.get(PAGE).content.decode()
    assert "Somebody else set your password" in page
    assert "Cancel" not in page
    assert "too short" in browser.post(PAGE, CHANGE | {"new_password1": "x", "new_password2": "x"}).content.decode()
    assert browser.post(PAGE, CHANGE).headers["Location"] == "/"
    assert browser.get("/").status_code == 200
    assert "Somebody else" not in browser.get(PAGE).content.decode()
    dora.refresh_from_db()
    assert not dora.must_change_password
    verbs = Event.objects.filter(subject_type="user", subject_id=str(dora.pk), verb__contains="password")
    assert list(verbs.order_by("pk").values_list("verb", flat=True)) == [
        "user.password_demanded",
        "user.password_changed",
    ]


def test_the_api_says_where_and_tokens_work_as_they_did(visiting: Visiting, calling: Calling) -> None:
    dora = given()
    problem = visiting(dora).get("/api/v1/me/")
    assert (problem.status_code, problem.json()["type"]) == (403, "/problems/password-change-required")
    assert PAGE in problem.json()["detail"]
    assert calling(dora).get("/api/v1/me/").status_code == 200


def test_signing_out_and_the_link_of_a_reset_stay_open(visiting: Visiting) -> None:
    browser = visiting(given())
    assert browser.get("/password/").status_code == 200
    assert browser.post("/logout/").headers["Location"] != PAGE


def test_the_owner_of_an_account_that_keeps_its_password_is_not_asked(visiting: Visiting) -> None:
    assert visiting(given(must_change_password=False)).get("/you/").status_code == 200


def test_a_password_that_an_admin_sets_is_asked_for_again_but_not_their_own(visiting: Visiting) -> None:
    scene = stage()
    for user in (scene.alice, scene.root):
        end_access_after_password(user=user, acting_user=scene.root, now=timezone.now())
        user.refresh_from_db()
    assert (scene.alice.must_change_password, scene.root.must_change_password) == (True, False)
    change_password(user=scene.alice, password=NEW, acting_user=scene.alice, now=timezone.now())
    assert visiting(scene.alice).get("/").status_code == 200


def test_it_comes_before_a_second_factor_that_has_to_be_set_up(visiting: Visiting, settings: Any) -> None:
    settings.SECOND_FACTOR = "leads"
    lena, lea = given("lena", "lead"), given("lea", "lead")
    browser = visiting(lena)
    assert browser.get("/").headers["Location"] == PAGE
    browser.post(PAGE, CHANGE)
    assert browser.get("/").headers["Location"] == "/you/second-factor/"
    with_app(lea)
    assert visiting(lea).get("/").headers["Location"] == "/login/?next=/"  # never asked for the second step


def test_nobody_is_asked_who_signs_in_without_this_password(visiting: Visiting, settings: Any) -> None:
    dora = given()
    browser = visiting(dora)
    session = browser.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "socialaccount"}]
    session.save()
    assert browser.get("/you/").status_code == 200
    settings.PASSWORD_SIGN_IN = False
    assert visiting(dora).get("/you/").status_code == 200
    settings.PASSWORD_SIGN_IN = True
    dora.set_unusable_password()
    dora.save()
    assert visiting(dora).get("/you/").status_code == 200


def test_it_is_demanded_once_and_by_admins_only() -> None:
    scene = stage()
    for _ in range(2):
        demand_new_password(user=scene.alice, acting_user=scene.root, now=NOON)
    assert Event.objects.filter(verb="user.password_demanded").count() == 1
    with pytest.raises(Exception, match="admin"):
        demand_new_password(user=scene.bob, acting_user=scene.maya, now=NOON)


def test_leads_see_whose_password_is_still_the_given_one(visiting: Visiting) -> None:
    scene = stage()
    page = f"/campaigns/{scene.campaign.slug}/people/"
    assert "given password" not in visiting(scene.maya).get(page).content.decode()
    demand_new_password(user=scene.alice, acting_user=scene.root, now=NOON)
    assert visiting(scene.maya).get(page).content.decode().count("given password") == 1
