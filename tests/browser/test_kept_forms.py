"""Nothing typed is lost when the session ends, the form expires, the server fails, or the connection breaks."""

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from tests.people import PASSWORD, Stage

SETTINGS = "/campaigns/sums/settings/"
GUIDELINES = "/campaigns/sums/guidelines/?edit"
BACK = "Your entries are back. They have not been saved yet"


def sign_in_again(page: Page, username: str = "maya") -> None:
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_test_id("sign-in").click()


def write(page: Page, text: str) -> None:
    """Writes guidelines and tries to save them."""
    page.get_by_label("Guidelines").fill(text)
    page.get_by_test_id("save-guidelines").click()


def test_entries_survive_the_end_of_the_session(on_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(on_stage.maya, path=SETTINGS)
    page.get_by_label("Description").fill("Sums for everybody.")
    page.get_by_label("Preference scale").select_option("strength")
    page.get_by_label("Allow edits of the better completion").check()
    Session.objects.all().delete()
    page.get_by_role("button", name="Save").click()
    sign_in_again(page)
    expect(page.get_by_text(BACK)).to_be_visible()
    expect(page.get_by_label("Description")).to_have_value("Sums for everybody.")
    expect(page.get_by_label("Preference scale")).to_have_value("strength")
    expect(page.get_by_label("Allow edits of the better completion")).to_be_checked()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_test_id("messages")).to_contain_text("Saved.")
    expect(page.get_by_text(BACK)).to_have_count(0)
    assert on_stage.reload().description == "Sums for everybody."


def test_a_form_with_an_address_of_its_own_leads_back_to_its_page(on_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(on_stage.maya, path="/campaigns/sums/")
    page.get_by_label("Fresh verdicts needed").fill("77")
    page.get_by_label("When", exact=True).select_option("weekly")
    page.get_by_label("Day", exact=True).select_option("5")
    Session.objects.all().delete()
    page.get_by_test_id("save-retraining").click()
    sign_in_again(page)
    expect(page).to_have_title("Sums · Chosen")
    expect(page.get_by_label("Fresh verdicts needed")).to_have_value("77")
    expect(page.get_by_label("Day", exact=True)).to_have_value("5")
    page.get_by_role("button", name="Discard entries").click()
    expect(page.get_by_label("Fresh verdicts needed")).to_have_value("200")


def test_nobody_else_finds_them(on_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(on_stage.maya, path=GUIDELINES)
    Session.objects.all().delete()
    write(page, "Only for the eyes of Maya.")
    sign_in_again(page, "ada")
    expect(page.get_by_label("Guidelines")).to_have_value("")
    expect(page.get_by_text(BACK)).to_have_count(0)


def test_entries_survive_a_form_that_has_expired(on_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(on_stage.maya, path=GUIDELINES)
    page.context.clear_cookies(name="csrftoken")
    write(page, "Prefer what is true.")
    expect(page.get_by_test_id("form-refused")).to_contain_text("Allow cookies for this site")
    expect(page.get_by_label("Text 1")).to_have_value("Prefer what is true.")
    page.get_by_test_id("back-to-form").click()
    expect(page.get_by_label("Guidelines")).to_have_value("Prefer what is true.")
    page.get_by_test_id("save-guidelines").click()
    expect(page.get_by_test_id("messages")).to_contain_text("Version 1 is now in force.")


def test_entries_survive_an_error_of_the_server(
    on_stage: Stage, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**values: object) -> None:
        raise OSError("The disk is full.")

    page = sign_in(on_stage.maya, path=GUIDELINES)
    with monkeypatch.context() as patch:
        patch.setattr("labeling.web.guidelines.write_guidelines", fail)
        write(page, "Prefer what is true.")
        expect(page.get_by_role("heading", name="Something went wrong")).to_be_visible()
    page.get_by_role("link", name="Open the form again").click()
    expect(page.get_by_label("Guidelines")).to_have_value("Prefer what is true.")
    page.get_by_test_id("save-guidelines").click()
    expect(page.get_by_test_id("messages")).to_contain_text("Version 1 is now in force.")


def test_offline_nothing_is_sent_and_the_page_stays(on_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(on_stage.maya, path=GUIDELINES)
    page.context.set_offline(True)
    write(page, "Prefer what is true.")
    expect(page.get_by_text("You are offline. Nothing was sent")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_test_id("save-guidelines").click()
    expect(page.get_by_test_id("messages")).to_contain_text("Version 1 is now in force.")
