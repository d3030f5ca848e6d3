"""Every page, light and dark, wide and on a phone, with a picture of each for people to look at.

No script error, nothing blocked, nothing from elsewhere (see conftest), and no sideways scrolling.
"""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Picture, SignIn, no_sideways_scrolling
from tests.browser.furnished import furnish
from tests.people import PASSWORD, Stage

LEAD_PAGES = {
    "home": "/",
    "new_campaign": "/campaigns/new/",
    "campaign": "/campaigns/sums/",
    "data": "/campaigns/sums/data/",
    "people": "/campaigns/sums/people/",
    "guidelines": "/campaigns/sums/guidelines/?edit",
    "settings": "/campaigns/sums/settings/",
    "run": "/runs/{finished}/",
    "versions": "/versions/",
    "version": "/versions/sums-v2/",
    "not_found": "/campaigns/nowhere/",
}
ANNOTATOR_PAGES = {"home": "/", "annotate": "/campaigns/sums/annotate/", "guidelines": "/campaigns/sums/guidelines/"}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "phone"])
def test_every_page_is_sound(size: str, theme: str, on_stage: Stage, sign_in: SignIn, picture: Picture) -> None:
    on_stage.settle(["a", "b", "a"])
    furnished = furnish(on_stage)
    viewport = PHONE if size == "phone" else {"width": 1440, "height": 900}
    for user, pages in ((on_stage.maya, LEAD_PAGES), (on_stage.alice, ANNOTATOR_PAGES)):
        page = sign_in(user, viewport=viewport, color_scheme=theme)
        for name, path in pages.items():
            page.goto(path.format(finished=furnished.finished.pk))
            expect(page.locator("main h1, main h2").first).to_be_visible()
            page.wait_for_load_state("networkidle")
            assert no_sideways_scrolling(page), name
            picture(page, f"{name}-{user.username}-{size}-{theme}")


def test_signing_in_and_out(on_stage: Stage, sign_in: SignIn, picture: Picture) -> None:
    page = sign_in(on_stage.alice)
    page.context.clear_cookies()
    page.goto("/campaigns/sums/annotate/")
    picture(page, "login")
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill("wrong")
    page.get_by_test_id("sign-in").click()
    expect(page.get_by_test_id("login-error")).to_be_visible()
    expect(page.get_by_label("User name")).to_have_value("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_test_id("sign-in").click()
    expect(page.get_by_test_id("judging")).to_be_visible()  # where one wanted to go
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_test_id("sign-in")).to_be_visible()
    page.goto("/")
    expect(page.get_by_test_id("sign-in")).to_be_visible()


def test_the_first_tab_leads_to_the_content(on_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(on_stage.maya, path="/campaigns/sums/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
