"""Criteria and flags on the annotator's page, and conflicts on the expert's, in a browser."""

import pytest
from playwright.sync_api import expect

from labeling.models import Comparison, Judgment
from tests.browser.annotating import PATH, judged, press
from tests.browser.conftest import PHONE, WIDE, Picture, SignIn, no_sideways_scrolling
from tests.people import Stage, person, stage

CRITERIA = [
    {"name": "Polite", "description": "Which is more polite?", "required": False},
    {"name": "Correct", "description": "Which is right?", "required": True},
]


def test_a_missing_criterion_is_named_and_no_key_changes_its_meaning(
    transactional_db: None, sign_in: SignIn, picture: Picture
) -> None:
    scene = stage(comparisons=3, criteria=CRITERIA, scale="strength")
    page = sign_in(scene.alice, path=PATH)
    press(page, "ArrowRight")
    expect(page.locator("#announcer")).to_have_text("Answer “Correct” first.")
    missing = page.locator(".is-missing")
    expect(missing).to_have_count(1)
    expect(missing.get_by_text("Answer this one first.")).to_be_visible()
    picture(page, "annotate-criterion-missing")
    for key in ("ArrowRight", "Shift+ArrowRight", "t", "b"):  # refused as before, and nothing is answered by them
        press(page, key)
    expect(page.locator(".criterion input:checked")).to_have_count(0)
    press(page, "9")
    expect(page.locator("#announcer")).to_have_text("Correct: Right.")
    expect(page.get_by_test_id("saved")).to_have_text("")
    expect(missing).to_have_count(0)
    polite = page.get_by_role("group", name="Polite")
    for click in (polite.get_by_role("radio", name="Left").check, polite.get_by_text("Right").click):
        click()
        for key in ("ArrowDown", "ArrowUp", "ArrowUp"):  # they scroll: only who came with Tab chooses with them
            page.keyboard.press(key)
    expect(polite.get_by_role("radio", name="Right")).to_be_checked()
    polite.get_by_role("radio", name="Right").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(polite.get_by_role("radio", name="Left")).to_be_checked()
    page.keyboard.press("Shift+ArrowRight")
    judged(page, 1)
    expect(page.locator(".criterion input:checked")).to_have_count(0)
    judgment = Judgment.objects.get()
    assert (judgment.choice != judgment.left, judgment.strength) == (True, 2)
    assert judgment.criteria == {"Polite": judgment.left, "Correct": judgment.choice}


def test_the_keys_of_criteria_are_shown_beside_them_and_can_be_changed(
    transactional_db: None, sign_in: SignIn, picture: Picture
) -> None:
    scene = stage(comparisons=2, criteria=CRITERIA)
    page = sign_in(scene.alice, path=PATH)
    keys = page.get_by_test_id("criteria").locator("kbd")
    expect(keys).to_have_text(["4", "5", "6", "7", "8", "9"])
    press(page, "?")
    page.get_by_role("button", name="Change the key for: Correct: tie").click()
    page.keyboard.press("m")
    picture(page, "annotate-keys-criteria")
    page.keyboard.press("Escape")
    expect(keys).to_have_text(["4", "5", "6", "7", "M", "9"])
    for key in ("m", "6", "ArrowLeft"):
        press(page, key)
    judged(page, 1)
    judgment = Judgment.objects.get()
    assert judgment.criteria == {"Polite": judgment.assignment.right, "Correct": "tie"}


@pytest.mark.parametrize(
    ("key", "flag", "sentence"), [("h", "harm", "harmful"), ("p", "personal_data", "personal data")]
)
def test_a_flag_takes_two_keys_and_takes_the_pair_away_from_everybody(
    key: str, flag: str, sentence: str, on_stage: Stage, sign_in: SignIn
) -> None:
    page = sign_in(on_stage.alice, path=PATH)
    press(page, "Shift+S")
    with page.expect_response("**/judgment/"):
        page.keyboard.press(key)
    expect(page.get_by_test_id("saved")).to_have_text(f"Flagged: {sentence}. A lead will look.")
    assert Judgment.objects.get().flag == flag
    expect(page.locator(".tools [aria-pressed=true]")).to_have_count(0)  # P alone is "Source"
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
