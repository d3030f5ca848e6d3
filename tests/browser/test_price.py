"""A lead reads what more votes cost and bring, asks for figures of their own by keyboard, and follows the chart."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from tests.browser.barriers import barriers
from tests.browser.conftest import PHONE, Picture, SignIn, no_sideways_scrolling
from tests.browser.furnished import furnish
from tests.browser.price import price_job_of
from tests.people import NOON, Stage
from training.actions.round_plans import save_round_plan
from training.models import ModelVersion


@pytest.mark.parametrize(("size", "theme"), [("wide", "light"), ("phone", "dark")])
def test_a_lead_asks_what_more_votes_cost_and_bring(
    size: str, theme: str, on_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    for winner in ("a", "b", "a"):
        assignment = on_stage.given(on_stage.alice)
        on_stage.wait(30)
        on_stage.vote(assignment, winner, seconds=30.0)
    furnished = furnish(on_stage)
    ModelVersion.objects.filter(pk=furnished.one.pk).update(metrics={"reward_accuracy": 0.68, "pairs": 24})
    price_job_of(on_stage, furnished)
    values = {"human_hour": Decimal(24), "currency": "EUR"}
    save_round_plan(campaign=on_stage.campaign, values=values, acting_user=on_stage.maya, now=NOON)
    viewport = PHONE if size == "phone" else {"width": 1440, "height": 900}
    page = sign_in(on_stage.maya, path="/campaigns/sums/rounds/", viewport=viewport, color_scheme=theme)
    page.get_by_test_id("tab-price").click()
    expect(page.get_by_test_id("finding")).not_to_be_empty()
    expect(page.get_by_test_id("advice")).to_contain_text("twice as many bring")

    page.get_by_label("More votes").fill("400")
    page.get_by_label("Target accuracy (%)").fill("70")
    page.get_by_label("Chart against").select_option("money")
    page.get_by_label("Chart against").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("asked")).to_contain_text("400")
    expect(page.get_by_test_id("asked")).to_contain_text("80 EUR")
    expect(page.get_by_test_id("target")).to_contain_text("more votes")
    chart = page.get_by_role("slider")
    chart.focus()
    page.keyboard.press("End")
    assert "Money: " in str(chart.get_attribute("aria-valuetext"))
    assert "Forecast: " in str(chart.get_attribute("aria-valuetext"))
    assert no_sideways_scrolling(page)
    assert barriers(page) == []
    picture(page, f"price-{size}-{theme}")
