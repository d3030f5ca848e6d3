"""The story in a browser: each part's interaction, in English and German, on a desktop and a phone, light and dark."""

import re
from dataclasses import dataclass
from gettext import NullTranslations, translation
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Locator, Page, expect

from tests.browser.barriers import barriers
from tests.browser.conftest import PHONE, Picture, SignIn, no_sideways_scrolling
from tests.browser.furnished import furnish
from tests.people import Stage

MANNERS = [
    pytest.param({}, id="English, desktop, light"),
    *(
        pytest.param({"locale": locale, "viewport": viewport, "color_scheme": scheme}, id=name, marks=pytest.mark.long)
        for name, locale, viewport, scheme in (
            ("German, phone, dark", "de-DE", PHONE, "dark"),
            ("German, desktop, light", "de-DE", {"width": 1440, "height": 900}, "light"),
            ("English, phone, dark", "en-US", PHONE, "dark"),
        )
    ),
]


@dataclass(frozen=True, slots=True)
class Story:
    """The page in a language. words: the catalogues of its sentences, the server's and the script's."""

    page: Page
    words: tuple[NullTranslations, ...]

    def says(self, english: str) -> str:
        """The sentence in the page's language."""
        for catalogue in self.words:
            if (found := catalogue.gettext(english)) != english:
                return found
        return english

    def begins(self, english: str) -> re.Pattern[str]:
        """Any of the sentence's forms, up to its first value."""
        return re.compile(re.escape(self.says(english).split("%(")[0]))

    def part(self, name: str) -> Locator:
        """The part of that name."""
        return self.page.locator(f"[data-story={name}]")

    def press(self, name: str, button: str) -> None:
        """A button of a part, by the keyboard."""
        self.part(name).get_by_role("button", name=self.says(button)).press("Enter")

    def share(self, part: str, row: int) -> float:
        """The percentage beside a bar."""
        return _number(self.part(part).locator("[data-bars] > li").nth(row).locator("[data-share]"))

    def figure(self, test_id: str) -> float:
        """A figure of the page."""
        return _number(self.page.get_by_test_id(test_id))


def _number(place: Locator) -> float:
    text = place.inner_text().removesuffix("%").strip().replace("\N{MINUS SIGN}", "-")
    return float(text.replace(",", "."))


@pytest.fixture(params=MANNERS)
def story(request: pytest.FixtureRequest, on_stage: Stage, sign_in: SignIn) -> Story:
    furnish(on_stage)
    manner: dict[str, Any] = request.param
    page = sign_in(on_stage.alice, path="/story/", **manner)
    folder = Path(settings.LOCALE_PATHS[0])
    language = manner.get("locale", "en")[:2]
    words = [translation(domain, folder, [language], fallback=True) for domain in ("django", "djangojs")]
    return Story(page, tuple(words))


def test_every_part_answers_to_keys_and_clicks(story: Story) -> None:
    page, says = story.page, story.says
    for _ in range(8):
        story.press("examples", "Show both good answers")
    assert abs(story.share("examples", 0) - story.share("examples", 1)) < 5  # examples make them equal
    story.press("examples", "Begin again")
    for _ in range(8):
        story.press("examples", "Say which is better")
    assert story.share("examples", 0) > 2 * story.share("examples", 1)
    expect(story.part("examples").get_by_role("status")).to_have_text(
        story.begins("For each vague answer it now gives %(count)s helpful ones.")
    )

    assert story.figure("story-points") == 0
    critic = story.part("critic")
    for pick, better in enumerate(("one", "other", "other")):  # kind, short, careful
        critic.locator("[data-pick]").nth(pick).locator(f"input[value={better}]").check()
    before = story.figure("story-points")
    critic.locator("[data-sentence]").fill("!!!!")
    assert story.figure("story-points") < min(0, before)
    expect(critic.get_by_role("status")).to_contain_text("3")

    story.part("leash").locator("[data-show='2']").press("Enter")
    expect(story.part("leash").locator("[data-sample]").locator("visible=true")).to_have_count(1)
    expect(story.part("leash").get_by_role("heading", name=says("Far from the start"))).to_be_visible()

    page.get_by_label(says("Size of the model")).select_option("70B")
    expect(page.get_by_test_id("story-memory-says")).to_have_text(re.compile("560 GB.* 280 GB"))

    story.part("when").get_by_label(says("A program can check each answer: tests pass, the sum is right.")).check()
    expect(page.get_by_test_id("when-says")).to_have_text(says("RLHF is worth its trouble here."))

    story.press("displaced", "10 steps")
    assert story.share("displaced", 0) < 30 > story.share("displaced", 1)  # both sums, and the gap grew all the same
    assert story.share("displaced", 2) > 40
    assert story.figure("displaced-margin") > 0
    assert no_sideways_scrolling(page)
    assert barriers(page) == []


def test_the_player_of_tic_tac_toe_really_learns_and_can_be_played(story: Story) -> None:
    trial = story.part("trial")
    before = story.figure("trial-wins")
    story.press("trial", "Let it play 2,000 games")
    expect(story.page.get_by_test_id("trial-games")).to_have_text(re.compile("2[,.]000"))
    assert before < 70 < 90 < story.figure("trial-wins")
    story.press("trial", "Play against it")
    for _ in range(4):  # the board is full, or somebody has won
        free = trial.locator(f"[data-square]:enabled[aria-label$=': {story.says('free')}']")
        if free.count() == 0:
            break
        free.first.press("Enter")
    status = trial.get_by_role("status")
    ends = [story.says(end) for end in ("It has won.", "You have won. Let it practise more?", "A draw.")]
    expect(status).to_have_text(re.compile("|".join(map(re.escape, ends))))
    board, ended = trial.locator("[data-square]"), status.inner_text()
    signs = board.all_inner_texts()
    for square in board.all():  # the game is over, whatever is pressed
        square.press("Enter")
    assert (board.all_inner_texts(), status.inner_text()) == (signs, ended)


def test_ppo_finds_the_hole_in_the_critic_unless_it_is_on_a_leash(story: Story) -> None:
    leash = story.page.get_by_label(story.says("Length of the leash"))
    story.press("loop", "Cook one batch")
    expect(story.part("loop").locator("[data-before]").locator("visible=true").first).to_have_text(
        story.begins("was %(share)s")
    )
    leash.select_option("0.02")
    for _ in range(3):
        story.press("loop", "Cook 100 batches")
    assert story.share("loop", 3) > 80
    story.press("loop", "Begin again")
    leash.select_option("5")
    for _ in range(3):
        story.press("loop", "Cook 100 batches")
    assert story.share("loop", 3) < 15
    assert story.figure("loop-drift") < 0.3


def test_a_tug_of_war_moves_the_bars_at_once(story: Story) -> None:
    page, says = story.page, story.says
    expect(story.part("tug").get_by_role("button", name=says("Train step"))).to_be_disabled()
    story.press("tug", "The second is better")
    better = page.get_by_label(says("Which one is better?"), exact=True).locator("visible=true").last
    assert better.input_value() == "other"
    assert story.figure("tug-loss") == 0.693
    story.press("tug", "Train step")
    assert story.share("tug", 1) > 30 > 20 > story.share("tug", 0)
    assert story.figure("tug-probability") > 50
    assert story.figure("tug-loss") < 0.693


def test_the_hidden_reward_grows_as_one_reads_and_the_program_follows_the_six_steps(story: Story) -> None:
    page = story.page
    whole = story.figure("hidden-chosen")
    slider = story.part("hidden").locator("[data-reader]")
    slider.press("Home")
    assert story.figure("hidden-chosen") == 0
    slider.press("End")
    assert story.figure("hidden-chosen") == whole > 0
    assert story.figure("code-result") == 0.6642
    page.get_by_label(story.says("Model, chosen")).fill("0.20")
    page.get_by_label(story.says("Model, rejected")).fill("0.30")
    expect(page.get_by_test_id("code-result")).to_have_text(re.compile("0[.,]6931"))
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
