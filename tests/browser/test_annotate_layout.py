"""The annotators' pages stay in one line, cover nothing, and name only keys that do something."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from labeling.actions.campaigns import write_guidelines
from tests.browser.annotating import PATH, ready
from tests.browser.conftest import PHONE, Picture, SignIn
from tests.labeling.practising import mark
from tests.people import Stage, stage


@pytest.fixture
def scene(transactional_db: None) -> Stage:
    """A campaign with criteria, edits, guidelines and a practice round."""
    criteria = [{"name": "helpful", "description": "Which one helps more?", "required": True}]
    scene = stage(comparisons=8, criteria=criteria, allow_edit=True)
    scene.now = timezone.now()
    write_guidelines(campaign=scene.campaign, text="Be kind.", acting_user=scene.maya, now=scene.now)
    return scene


@pytest.mark.parametrize("language", ["en-GB", "de-DE"])
def test_the_head_is_one_line_and_the_note_covers_no_answer(
    scene: Stage, sign_in: SignIn, picture: Picture, language: str
) -> None:
    page = sign_in(scene.alice, path=PATH, viewport={"width": 1440, "height": 900}, locale=language)
    ready(page)
    assert page.evaluate("document.querySelector('.annotate-head').offsetHeight") < 45
    picture(page, f"judging-head-{language}")
    page = sign_in(scene.alice, path=PATH, viewport=PHONE, has_touch=True, is_mobile=True, locale=language)
    ready(page)
    expect(page.locator(".skip-or-flag")).to_be_visible()
    expect(page.locator(".skip-alone")).to_be_hidden()
    page.locator("[name=criterion-helpful]").first.check()
    page.get_by_test_id("choose-left").tap()
    expect(page.get_by_test_id("saved")).not_to_be_empty()
    bar, note = page.get_by_test_id("choice-bar").bounding_box(), page.get_by_test_id("saved").bounding_box()
    assert bar is not None
    assert note is not None
    assert note["y"] >= bar["y"]
    expect(page.locator("kbd:visible")).to_have_count(0)
    picture(page, f"judging-note-phone-{language}")


def test_practice_lists_only_keys_that_do_something(scene: Stage, sign_in: SignIn, picture: Picture) -> None:
    mark(scene, 2)
    page = sign_in(scene.alice, path="/campaigns/sums/start/")
    page.get_by_test_id("begin-practice").click()
    page.locator("button[data-do=help]").click()
    help_dialog = page.get_by_test_id("help")
    for action in ("left", "criterion-1-left", "guidelines", "help"):
        expect(help_dialog.locator(f"[data-action={action}]")).to_be_visible()
    for action in ("undo", "comment", "skip", "reasons", "edit", "ask"):
        expect(help_dialog.locator(f"[data-action={action}]")).to_be_hidden()
    picture(page, "practice-keys")
    page.keyboard.press("Escape")
    page.keyboard.press("4")
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector("[data-testid=feedback]")
    page.locator("button[data-do=help]").click()
    for action in ("left", "tie", "criterion-1-left"):
        expect(help_dialog.locator(f"[data-action={action}]")).to_be_hidden()
