"""Annotators read, change and take back what they said, in a real browser."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from labeling.models import Judgment
from tests.browser.annotating import ready
from tests.browser.conftest import PHONE, Picture, SignIn
from tests.people import Stage, stage

PATH = "/campaigns/sums/judgments/"


@pytest.fixture
def judged(transactional_db: None) -> Stage:
    """Alice has just judged two of four pairs, with a criterion and a comment."""
    criteria = [{"name": "helpful", "description": "Which one helps more?", "required": True}]
    scene = stage(comparisons=4, scale="strength", criteria=criteria, allow_edit=True)
    scene.now = timezone.now()
    for choice in ("left", "tie"):
        scene.judge(scene.given(scene.alice), choice, criteria={"helpful": "left"}, comment="It is true.")
        scene.wait(1)
    return scene


def current(scene: Stage) -> list[str]:
    rows = Judgment.objects.filter(annotator=scene.alice, superseded_at=None).order_by("assignment")
    return [{row.left: "left"}.get(row.choice, "right" if row.choice in "ab" else row.choice) for row in rows]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_judgment_is_found_changed_and_taken_back(
    judged: Stage, sign_in: SignIn, picture: Picture, scripts: bool
) -> None:
    page = sign_in(judged.alice, path="/", java_script_enabled=scripts)
    page.get_by_role("link", name="My judgments").click()
    expect(page.get_by_test_id("my-judgments").get_by_role("row")).to_have_count(3)
    page.get_by_label("Choice").select_option("left")
    page.get_by_label("Text").fill("true")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_test_id("my-judgments").get_by_role("row")).to_have_count(2)
    picture(page, f"my-judgments-filtered-{scripts}")
    page.get_by_test_id("my-judgments").get_by_role("link").first.click()
    expect(page.get_by_test_id("completion-left")).to_have_class(re.compile("is-picked"))
    change = page.get_by_test_id("change")
    change.get_by_role("radio", name="Right is better").check()
    change.get_by_label("How much better?").select_option("3")
    change.get_by_label("Comment").fill("I was wrong.")
    page.get_by_test_id("save-change").click()
    expect(page.get_by_test_id("messages")).to_have_text("Judgment changed.")
    assert current(judged) == ["right", "tie"]
    expect(page.get_by_test_id("earlier")).to_contain_text("It is true.")
    picture(page, f"my-judgment-changed-{scripts}")
    page.get_by_test_id("take-back").click()
    expect(page).to_have_url(re.compile("/annotate/$"))
    assert current(judged) == ["tie"]


def test_a_refused_change_keeps_what_was_typed(judged: Stage, sign_in: SignIn, picture: Picture) -> None:
    page = sign_in(judged.alice, path=PATH, viewport=PHONE)
    page.get_by_test_id("my-judgments").get_by_role("link").first.click()
    change = page.get_by_test_id("change")
    change.get_by_label("Improved text").fill("It is what it is.")
    change.get_by_label("Comment").fill("A long thought.")
    page.get_by_test_id("save-change").click()
    expect(page.get_by_text("This goes with left or right only")).to_be_visible()
    expect(change.get_by_label("Comment")).to_have_value("A long thought.")
    expect(change.get_by_label("Improved text")).to_have_value("It is what it is.")
    picture(page, "my-judgment-refused-phone")


def test_the_list_is_a_press_away_where_people_judge(judged: Stage, sign_in: SignIn) -> None:
    page = sign_in(judged.alice, path="/campaigns/sums/annotate/")
    ready(page)
    page.get_by_test_id("to-my-judgments").click()
    expect(page.get_by_test_id("my-judgments")).to_be_visible()
    _by_keyboard(page)


def _by_keyboard(page: Page) -> None:
    page.get_by_test_id("my-judgments").get_by_role("link").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("change")).to_be_visible()
