"""Criteria and flags on the annotator's page, and conflicts on the expert's, in a browser."""

import pytest
from playwright.sync_api import expect

from labeling.actions.campaigns import change_campaign
from labeling.models import Comparison, Judgment
from tests.browser.conftest import PHONE, WIDE, Picture, SignIn, no_sideways_scrolling
from tests.people import Stage, person, stage


def test_a_required_criterion_is_asked_for_before_the_judgment_goes_out(on_stage: Stage, sign_in: SignIn) -> None:
    asked = [{"name": "helpful", "description": "Which helps more?", "required": True}]
    change_campaign(campaign=on_stage.campaign, criteria=asked, acting_user=on_stage.maya, now=on_stage.now)
    page = sign_in(on_stage.alice, path="/campaigns/sums/annotate/")
    expect(page.get_by_test_id("judging")).to_have_attribute("data-state", "ready")
    page.get_by_test_id("choose-left").click()
    expect(page.get_by_test_id("saved")).to_have_text("Answer this one first.")
    assert not Judgment.objects.exists()
    page.keyboard.press("Space")  # the focus is on its first answer: left
    page.get_by_test_id("choose-right").click()
    expect(page.get_by_test_id("judged")).to_have_text("1")
    expect(page.locator(".criterion input:checked")).to_have_count(0)
    judgment = Judgment.objects.get()
    assert judgment.criteria == {"helpful": judgment.left}
    assert judgment.choice != judgment.left


def test_a_flag_takes_the_pair_away_from_everybody(on_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(on_stage.alice, path="/campaigns/sums/annotate/")
    expect(page.get_by_test_id("judging")).to_have_attribute("data-state", "ready")
    page.keyboard.press("Shift+S")
    with page.expect_response("**/judgment/"):
        page.get_by_test_id("flag-personal_data").click()
    expect(page.get_by_test_id("saved")).to_have_text("Skipped.")
    assert Comparison.objects.filter(status="flagged").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("name", "viewport"), [("wide", WIDE), ("phone", PHONE)])
def test_an_expert_decides_by_keyboard(
    transactional_db: None, sign_in: SignIn, picture: Picture, scheme: str, name: str, viewport: dict[str, int]
) -> None:
    scene = stage(comparisons=1, overlap=2)
    for user, winner in ((scene.alice, "a"), (scene.bob, "b")):
        scene.vote(scene.given(user), winner, comment="It is right.")
    erin = person("erin")
    scene.join(erin, role="expert")
    page = sign_in(erin, path="/campaigns/sums/adjudication/", viewport=viewport, color_scheme=scheme)
    picture(page, f"adjudication-{name}-{scheme}")
    assert no_sideways_scrolling(page)
    page.get_by_label("A is better").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("The sum is right.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("no-conflicts")).to_be_visible()
