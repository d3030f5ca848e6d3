"""A lead declares groups by keyboard, and reads who agrees with whom, who was found, and what a version each brings."""

import pytest
from playwright.sync_api import expect

from tests.browser.barriers import barriers
from tests.browser.conftest import PHONE, Picture, SignIn, no_sideways_scrolling
from tests.browser.furnished import furnish
from tests.browser.groups import measured_groups, search_for_groups
from tests.people import Stage
from training.models import Snapshot


@pytest.mark.parametrize(("size", "theme"), [("wide", "light"), ("phone", "dark")])
def test_a_lead_declares_groups_and_reads_what_they_want(
    size: str, theme: str, on_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    for winner in ("a", "b", "a"):
        on_stage.vote(on_stage.given(on_stage.alice), winner)
    furnished = furnish(on_stage)
    search_for_groups(on_stage)
    viewport = PHONE if size == "phone" else {"width": 1440, "height": 900}
    page = sign_in(on_stage.maya, path="/campaigns/sums/people/", viewport=viewport, color_scheme=theme)
    page.get_by_test_id("tab-groups").click()
    expect(page.get_by_test_id("group-finding")).to_contain_text("2 groups")
    page.get_by_label("Name of the grouping").fill("Region")
    page.get_by_label("Group of alice").fill("North")
    page.get_by_label("Group of maya").fill("North")
    page.get_by_label("Group of bob").fill("South")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("group-agreement")).to_contain_text("North with South")

    grouping = on_stage.campaign.groupings.get()
    measured_groups(on_stage, grouping, (furnished.one.name, furnished.two.name, "sums-v0"))
    Snapshot.objects.filter(runs__version=furnished.one).update(group=grouping.groups.get(name="North"))
    page.reload()
    expect(page.get_by_test_id("worst-group")).to_contain_text("80.0 % with a version each")
    assert no_sideways_scrolling(page)
    assert barriers(page) == []
    picture(page, f"groups-{size}-{theme}")
