"""One's own account in a real browser: password, address, sessions, and a forgotten password."""

import re

import pytest
from django.core import mail
from playwright.sync_api import expect

from labeling import tasks
from labeling.models import User
from tests.browser.conftest import PHONE, Picture, SignIn, no_sideways_scrolling
from tests.people import PASSWORD, Stage

NEW = "another horse, another battery"


@pytest.fixture(autouse=True)
def _mails_are_sent_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The task runs in the server's thread instead of a worker."""
    monkeypatch.setattr("labeling.actions.mails.send", _run)


def _run(task: str, *ids: int) -> int:
    assert task == tasks.send_mail.name
    for one in ids:
        tasks.send_mail.apply(args=[one], throw=True)
    return len(ids)


def link_of_last_mail() -> str:
    """The path of the link in the last e-mail."""
    found = re.search(r"https?://[^/]+(/\S+)", str(mail.outbox[-1].body))
    assert found is not None
    return found[1]


def test_a_password_is_changed_and_other_browsers_are_signed_out(
    on_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    page, elsewhere = sign_in(on_stage.alice, path="/you/"), sign_in(on_stage.alice, path="/you/")
    page.get_by_role("link", name="Change password").click()
    page.get_by_label("Old password").fill("wrong")
    page.get_by_label("New password", exact=True).fill(NEW)
    page.get_by_label("New password confirmation").fill(NEW)
    page.get_by_test_id("change-password").click()
    expect(page.get_by_text("entered incorrectly")).to_be_visible()
    picture(page, "password-change-wrong")
    page.get_by_label("Old password").fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill(NEW)
    page.get_by_label("New password confirmation").fill(NEW)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("messages")).to_contain_text("Your password is changed")
    elsewhere.reload()
    expect(elsewhere.get_by_test_id("sign-in")).to_be_visible()


def test_a_forgotten_password_is_reset_by_e_mail(on_stage: Stage, sign_in: SignIn, picture: Picture) -> None:
    User.objects.filter(pk=on_stage.alice.pk).update(email="alice@example.org")
    page = sign_in(None, path="/login/")
    page.get_by_role("link", name="Forgotten your password?").click()
    page.get_by_label("E-mail address").fill("alice@example.org")
    page.get_by_test_id("send-reset").click()
    expect(page.get_by_test_id("reset-sent")).to_be_visible()
    page.goto(link_of_last_mail())
    page.get_by_label("New password", exact=True).fill(NEW)
    page.get_by_label("New password confirmation").fill(NEW)
    picture(page, "password-reset")
    page.get_by_test_id("set-password").click()
    expect(page.get_by_test_id("messages")).to_contain_text("Sign in with the new one")
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password", exact=True).fill(NEW)
    page.get_by_test_id("sign-in").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    page.goto(link_of_last_mail())
    expect(page.get_by_test_id("link-over")).to_be_visible()


def test_an_address_is_added_and_confirmed(on_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(on_stage.alice, path="/you/")
    page.get_by_role("link", name="Add address").click()
    page.get_by_label("E-mail address").fill("alice at home")
    page.get_by_test_id("change-address").click()
    expect(page.get_by_label("E-mail address")).to_have_value("alice at home")
    page.get_by_label("E-mail address").fill("alice@example.org")
    page.get_by_test_id("change-address").click()
    expect(page.get_by_test_id("address")).to_have_text("none")
    page.goto(link_of_last_mail())
    page.get_by_test_id("confirm-address").click()
    expect(page.get_by_test_id("address")).to_have_text("alice@example.org")


def test_sessions_are_seen_and_ended(on_stage: Stage, sign_in: SignIn, picture: Picture) -> None:
    others = [
        sign_in(on_stage.alice, path="/you/", user_agent=f"Mozilla/5.0 ({system}) Firefox/127.0")
        for system in ("Windows NT 10.0", "X11; Linux x86_64", "Android 14")
    ]
    page = sign_in(on_stage.alice, path="/you/")
    sessions = page.get_by_test_id("sessions").get_by_role("listitem")
    expect(sessions).to_have_count(4)
    expect(sessions.first).to_contain_text("this browser")
    picture(page, "account-sessions")
    page.get_by_role("button", name="Sign out Firefox on Windows").click()
    expect(sessions).to_have_count(3)
    page.get_by_test_id("end-others").click()
    expect(sessions).to_have_count(1)
    for other in others:
        other.reload()
        expect(other.get_by_test_id("sign-in")).to_be_visible()


@pytest.mark.parametrize(("size", "theme"), [("wide", "light"), ("phone", "dark")])
def test_the_language_stands_below_the_sign_in_form(
    size: str, theme: str, on_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    viewport = PHONE if size == "phone" else {"width": 1440, "height": 900}
    page = sign_in(None, path="/login/", viewport=viewport, color_scheme=theme)
    picture(page, f"login-{size}-{theme}")
    form, language = page.locator(".login-form").bounding_box(), page.locator(".language").bounding_box()
    assert form is not None
    assert language is not None
    assert form["x"] <= language["x"]
    assert language["x"] + language["width"] <= form["x"] + form["width"] + 1
    assert 0 <= language["y"] - form["y"] - form["height"] < 100
    page.get_by_test_id("language").select_option("de")
    page.get_by_test_id("set-language").click()
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
    assert no_sideways_scrolling(page)
    picture(page, f"login-de-{size}-{theme}")
