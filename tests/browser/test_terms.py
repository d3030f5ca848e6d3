"""Terms where a page uses them: their meaning opens by keyboard and by touch, and leads to the glossary."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Picture, SignIn, no_sideways_scrolling
from tests.people import Stage

PATH = "/campaigns/sums/statistics/"


def inside(page: Page) -> bool:
    """Whether the open meaning lies within the window."""
    return bool(
        page.evaluate(
            """() => {
                const box = document.querySelector(".term-meaning:popover-open").getBoundingClientRect();
                return box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight;
            }"""
        )
    )


def test_a_meaning_opens_and_closes_by_keyboard(on_stage: Stage, sign_in: SignIn, picture: Picture) -> None:
    on_stage.settle("ab")
    page = sign_in(on_stage.maya, path=PATH)
    term = page.get_by_role("button", name="Agreement", exact=True)
    meaning = page.locator("#term-agreement")
    term.focus()
    page.keyboard.press("Enter")
    expect(meaning).to_be_visible()
    assert inside(page)
    picture(page, "term")
    page.keyboard.press("Escape")
    expect(meaning).to_be_hidden()
    expect(term).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/glossary/#agreement")
    expect(page.locator("#agreement")).to_be_in_viewport()


def test_a_meaning_opens_by_touch_and_fits_a_phone(on_stage: Stage, sign_in: SignIn, picture: Picture) -> None:
    page = sign_in(on_stage.maya, path="/campaigns/sums/settings/", viewport=PHONE, color_scheme="dark", has_touch=True)
    page.get_by_role("button", name="Overlap", exact=True).tap()
    expect(page.get_by_text("How many people judge each comparison")).to_be_visible()
    assert inside(page)
    assert no_sideways_scrolling(page)
    picture(page, "term-phone-dark")
    page.touchscreen.tap(5, 5)
    expect(page.get_by_text("How many people judge each comparison")).to_be_hidden()
