"""A passkey in a real browser, with a virtual device: added on the account page, then in place of the password."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from tests.people import PASSWORD, Stage

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def plug_in(page: Page) -> None:
    """Gives the browser a device that makes and uses passkeys without asking anybody."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})


def test_a_passkey_is_added_and_signs_in_without_a_password(on_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(on_stage.alice, path="/you/passkeys/")
    plug_in(page)
    page.get_by_label("Name").fill("This computer")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_test_id("add-passkey").click()
    expect(page.get_by_test_id("recovery-codes")).to_be_visible()
    expect(page.get_by_test_id("passkeys")).to_contain_text("This computer")
    page.get_by_role("button", name="Log out").first.click()
    page.get_by_test_id("by-passkey").click()
    page.get_by_test_id("use-passkey").click()
    expect(page.get_by_role("button", name="Log out").first).to_be_visible()
    page.goto("/you/passkeys/")
    expect(page.get_by_test_id("passkeys")).to_contain_text("last used")
