"""A lead reads what each way to choose pairs is worth, and sets other shares by keyboard."""

import pytest
from playwright.sync_api import expect

from tests.browser.barriers import barriers
from tests.browser.conftest import PHONE, Picture, SignIn, no_sideways_scrolling
from tests.browser.furnished import furnish
from tests.browser.selection import choice_of, trial_of
from tests.people import Stage


@pytest.mark.parametrize(("size", "theme"), [("wide", "light"), ("phone", "dark")])
def test_a_lead_sees_what_pays_and_sets_other_shares(
    size: str, theme: str, on_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    furnished = furnish(on_stage)
    trial_of(on_stage, furnished)
    choice_of(on_stage, furnished)
    viewport = PHONE if size == "phone" else {"width": 1440, "height": 900}
    page = sign_in(on_stage.maya, path="/campaigns/sums/price/", viewport=viewport, color_scheme=theme)
    page.get_by_test_id("tab-selection").click()
    expect(page.get_by_test_id("advice")).to_contain_text("At least one way pays")
    expect(page.get_by_test_id("arm-gap")).to_contain_text("+2.4 points")
    assert no_sideways_scrolling(page)
    assert barriers(page) == []
    picture(page, f"selection-{size}-{theme}")
    page.get_by_label("Unlike earlier pairs").fill("0")
    page.get_by_label("The model is sure").fill("40")
    page.get_by_label("The model is sure").press("Enter")
    expect(page.get_by_text("The trial is on.")).to_be_visible()
    expect(page.get_by_test_id("arm-gap")).to_contain_text("40.0 %")
