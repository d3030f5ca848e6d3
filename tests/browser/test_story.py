"""The story in a browser: each part's interaction, in English and German."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.barriers import barriers
from tests.browser.conftest import PHONE, Picture, SignIn, no_sideways_scrolling
from tests.browser.furnished import furnish
from tests.people import Stage


def share(page: Page, part: str, row: int) -> float:
    """The percentage beside a bar."""
    text = page.locator(f"[data-story={part}] [data-bars] > li").nth(row).locator("[data-share]").inner_text()
    return float(text.removesuffix(" %").replace(",", "."))


@pytest.fixture
def story(on_stage: Stage, sign_in: SignIn) -> Page:
    furnish(on_stage)
    return sign_in(on_stage.alice, path="/story/")


def test_every_part_answers_to_keys_and_clicks(story: Page) -> None:
    page = story
    examples = page.get_by_test_id("story-examples")
    for _ in range(8):
        examples.get_by_role("button", name="Show both good answers").press("Enter")
    assert abs(share(page, "examples", 0) - share(page, "examples", 1)) < 5  # examples make them equal
    examples.get_by_role("button", name="Begin again").click()
    for _ in range(8):
        examples.get_by_role("button", name="Say which is better").press("Enter")
    assert share(page, "examples", 0) > 2 * share(page, "examples", 1)
    expect(examples.get_by_role("status")).to_contain_text("helpful ones")

    critic = page.get_by_test_id("story-critic")
    points = page.get_by_test_id("story-points")
    expect(points).to_have_text("0.00")
    critic.get_by_label("I am sorry, that is frustrating").check()
    critic.get_by_label("Put it into boiling water").check()
    critic.get_by_label("That depends on the two").check()
    before = points.inner_text()
    page.get_by_label("Your answer to").fill("Absolutely! Never! Always!")
    assert points.inner_text() != before
    assert points.inner_text().startswith("−")
    expect(critic.get_by_role("status")).to_contain_text("Learned from 3 choices of yours.")

    leash = page.get_by_test_id("story-leash")
    leash.get_by_role("button", name="KL 12.4").press("Enter")
    expect(leash.locator("[data-sample]").locator("visible=true")).to_have_count(1)
    expect(leash.get_by_role("heading", name="Far from the start")).to_be_visible()

    page.get_by_label("Size of the model").select_option("70B")
    expect(page.get_by_test_id("story-memory-says")).to_contain_text("560 GB. DPO: two models, 280 GB")

    page.get_by_test_id("story-when").get_by_label("A program can check").check()
    expect(page.get_by_test_id("when-says")).to_have_text("RLHF is worth its trouble here.")

    displaced = page.get_by_test_id("story-displaced")
    displaced.get_by_role("button", name="10 steps").press("Enter")
    assert share(page, "displaced", 0) < 30 > share(page, "displaced", 1)  # both sums, and the gap grew all the same
    assert share(page, "displaced", 2) > 40
    assert float(page.get_by_test_id("displaced-margin").inner_text()) > 0
    assert barriers(page) == []


def test_the_player_of_tic_tac_toe_really_learns_and_can_be_played(story: Page) -> None:
    page = story
    trial, wins = page.get_by_test_id("story-trial"), page.get_by_test_id("trial-wins")
    before = float(wins.inner_text().removesuffix(" %"))
    trial.get_by_role("button", name="Let it play 2,000 games").press("Enter")
    expect(page.get_by_test_id("trial-games")).to_have_text("2,000")
    after = float(wins.inner_text().removesuffix(" %"))
    assert before < 70 < 90 < after
    trial.get_by_role("button", name="Play against it").click()
    for _ in range(4):  # the board is full, or somebody has won
        free = trial.get_by_role("button", name=re.compile("Square . free|: free"), disabled=False)
        if free.count() == 0:
            break
        free.first.press("Enter")
    says = trial.get_by_role("status")
    expect(says).to_have_text(re.compile("It has won|You have won|A draw"))
    board, ended = trial.locator("[data-square]"), says.inner_text()
    signs = board.all_inner_texts()
    for square in board.all():  # the game is over, whatever is pressed
        square.press("Enter")
    assert (board.all_inner_texts(), says.inner_text()) == (signs, ended)


def test_ppo_finds_the_hole_in_the_critic_unless_it_is_on_a_leash(story: Page) -> None:
    page = story
    loop = page.get_by_test_id("story-loop")
    loop.get_by_role("button", name="Cook one batch").press("Enter")
    expect(loop.locator("[data-before]").locator("visible=true").first).to_contain_text("was ")
    page.get_by_label("Length of the leash").select_option("0.02")
    for _ in range(3):
        loop.get_by_role("button", name="Cook 100 batches").click()
    assert share(page, "loop", 3) > 80
    loop.get_by_role("button", name="Begin again").click()
    page.get_by_label("Length of the leash").select_option("5")
    for _ in range(3):
        loop.get_by_role("button", name="Cook 100 batches").click()
    assert share(page, "loop", 3) < 15
    assert float(page.get_by_test_id("loop-drift").inner_text()) < 0.3


def test_a_tug_of_war_moves_the_bars_at_once(story: Page) -> None:
    page = story
    tug = page.get_by_test_id("story-tug")
    expect(tug.get_by_role("button", name="Train step")).to_be_disabled()
    tug.get_by_role("button", name="The second is better").press("Enter")
    assert page.get_by_label("Which one is better?", exact=True).locator("visible=true").last.input_value() == "other"
    expect(page.get_by_test_id("tug-loss")).to_have_text("0.693")
    tug.get_by_role("button", name="Train step").press("Enter")
    assert share(page, "tug", 1) > 30 > 20 > share(page, "tug", 0)
    expect(page.get_by_test_id("tug-probability")).not_to_have_text("50.0 %")
    assert float(page.get_by_test_id("tug-loss").inner_text()) < 0.693


def test_the_hidden_reward_grows_as_one_reads_and_the_program_follows_the_six_steps(story: Page) -> None:
    page = story
    whole = page.get_by_test_id("hidden-chosen").inner_text()
    slider = page.get_by_label("Tokens read")
    slider.press("Home")
    expect(page.get_by_test_id("hidden-chosen")).to_have_text("0.000")
    slider.press("End")
    expect(page.get_by_test_id("hidden-chosen")).to_have_text(whole)
    expect(page.get_by_test_id("code-result")).to_have_text("0.6642")
    page.get_by_label("Model, chosen").fill("0.20")
    page.get_by_label("Model, rejected").fill("0.30")
    expect(page.get_by_test_id("code-result")).to_have_text("0.6931")
    expect(page.get_by_test_id("story-code").locator("[data-arguments]")).to_have_text("0.20, 0.30, 0.20, 0.30, 0.1")


def test_it_is_german_for_germans_and_fits_a_phone_in_the_dark(
    on_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    furnish(on_stage)
    page = sign_in(on_stage.alice, path="/story/", viewport=PHONE, color_scheme="dark", locale="de-DE")
    expect(page.get_by_role("heading", name="Die Geschichte von DPO")).to_be_visible()
    tug = page.get_by_test_id("story-tug")
    tug.get_by_role("button", name="Die erste ist besser").click()
    tug.get_by_role("button", name="20 Schritte").click()
    expect(tug.get_by_role("status")).to_contain_text("Schritt 20: Nach seiner verborgenen Belohnung gewinnt Ihre mit")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    picture(page, "story-german-phone-dark")
    assert no_sideways_scrolling(page)
    assert barriers(page) == []
