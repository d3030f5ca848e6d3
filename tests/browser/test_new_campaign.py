"""A campaign made step by step in a browser, and a look at it first."""

from playwright.sync_api import expect

from labeling.models import Campaign
from tests.browser.conftest import Picture, SignIn
from tests.browser.furnished import furnish
from tests.people import Stage


def test_a_campaign_is_made_step_by_step_by_keyboard_with_a_look_at_it(
    on_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    furnish(on_stage)
    page = sign_in(on_stage.maya, path="/campaigns/new/")
    expect(page.get_by_role("heading", name="Basics")).to_be_visible()
    expect(page.get_by_role("heading", name="Task")).to_be_hidden()
    page.get_by_test_id("next-step").click()
    expect(page.get_by_role("heading", name="Basics")).to_be_visible()  # a name is wanted first
    page.get_by_label("Name", exact=True).fill("Recipes")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Task")).to_be_visible()
    page.get_by_label("Preference scale").select_option("strength")
    with page.context.expect_page() as opened:
        page.get_by_test_id("preview-button").click()
    preview = opened.value
    expect(preview.get_by_test_id("preview")).to_be_visible()
    expect(preview.get_by_test_id("choose-left-3")).to_be_visible()
    picture(preview, "preview")
    preview.close()
    for _ in range(3):
        page.get_by_test_id("next-step").click()
    expect(page.get_by_role("heading", name="People")).to_be_visible()
    page.get_by_label("User names").fill("alice")
    picture(page, "wizard")
    page.get_by_test_id("create-campaign").click()
    expect(page.get_by_test_id("messages")).to_contain_text("Recipes has been created")
    made = Campaign.objects.get(name="Recipes")
    assert made.scale == "strength"
    assert made.memberships.count() == 2


def test_what_is_refused_is_shown_in_its_step(on_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(on_stage.maya, path="/campaigns/new/")
    page.get_by_label("Name", exact=True).fill("Recipes")
    page.get_by_role("link", name="People").click()
    page.get_by_label("User names").fill("nobody-of-that-name")
    page.get_by_test_id("create-campaign").click()
    expect(page.get_by_text("There is no user called nobody-of-that-name")).to_be_visible()
    expect(page.get_by_role("heading", name="People")).to_be_visible()
