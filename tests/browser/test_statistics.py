"""The page of statistics in a real browser: wide and on a phone, light and dark, and by keyboard alone."""

import pytest
from playwright.sync_api import expect

from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from tests.browser.conftest import PHONE, WIDE, Picture, SignIn, no_sideways_scrolling
from tests.people import Stage, asks

PATH = "/campaigns/sums/statistics/"


def judged(scene: Stage) -> None:
    """Two annotators judge everything, sixty comparisons of three versions more."""
    versions = ("base", "v1", "v2")
    scene.campaign.overlap = 2
    scene.campaign.save(update_fields=["overlap"])
    drafts = [
        ComparisonDraft(
            prompt=asks(f"Question {number}?"),
            first=CompletionDraft(f"A {'very ' * (number % 5)}long answer {number}.", versions[number % 3], seed=1),
            second=CompletionDraft(f"Short {number}.", versions[(number + 1) % 3], seed=2),
        )
        for number in range(60)
    ]
    scene.add(drafts)
    for number in range(60):
        for user in (scene.alice, scene.bob):
            assignment = scene.next(user)
            if assignment is not None:
                scene.wait(300)
                letter = "tie" if number % 9 == 0 else "ab"[(number + (user == scene.bob and number % 4 == 0)) % 2]
                scene.vote(assignment, letter, seconds=float(5 + number % 20))


# Layouts differ by size and colours by theme, and neither by both.
@pytest.mark.parametrize(("size", "name", "scheme"), [(WIDE, "wide", "light"), (PHONE, "phone", "dark")])
def test_it_fits_and_shows_every_section(
    on_stage: Stage, sign_in: SignIn, picture: Picture, size: dict[str, int], name: str, scheme: str
) -> None:
    judged(on_stage)
    page = sign_in(on_stage.maya, path=PATH, viewport=size, color_scheme=scheme)
    for section in ("slice", "agreement", "noise", "bias", "ranking", "annotators", "drift"):
        expect(page.get_by_test_id(section)).to_be_visible()
    picture(page, f"statistics-{name}-{scheme}")
    assert no_sideways_scrolling(page)


def test_a_slice_is_chosen_by_keyboard_alone(on_stage: Stage, sign_in: SignIn) -> None:
    judged(on_stage)
    page = sign_in(on_stage.maya, path=PATH)
    page.locator("#id_model_version").focus()
    page.keyboard.type("v2")
    page.get_by_label("Rank at equal length").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Show")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/statistics/?**")
    expect(page.locator("#id_model_version")).to_have_value("v2")
    expect(page.get_by_test_id("ranking")).to_contain_text("at equal length")
