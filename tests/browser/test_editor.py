"""The dialog in which an annotator improves the better completion."""

import re

import pytest
from playwright.sync_api import expect

from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.models import Judgment
from tests.browser.annotating import PATH, judged, press, ready
from tests.browser.barriers import barriers
from tests.browser.conftest import PHONE, WIDE, Picture, SignIn
from tests.people import asks, stage


def test_the_better_one_can_be_improved_by_keyboard(transactional_db: None, sign_in: SignIn, picture: Picture) -> None:
    scene = stage(comparisons=2, allow_edit=True)
    page = sign_in(scene.alice, path=PATH)
    right = page.get_by_test_id("completion-right").locator(".prose").inner_text()
    press(page, "e")
    page.keyboard.press("Space")  # left
    page.keyboard.press("ArrowRight")  # no: right
    expect(page.get_by_test_id("edited")).to_have_value(right)
    page.get_by_test_id("save-edit").click()
    expect(page.get_by_text("You have not changed the text.")).to_be_visible()
    page.get_by_test_id("edited").focus()
    page.keyboard.press("End")
    page.keyboard.type(" And so on, with 1 and z.")
    picture(page, "annotate-improve")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    judged(page, 1)
    judgment = Judgment.objects.get()
    assert judgment.edit == right + " And so on, with 1 and z."
    assert judgment.choice != judgment.left
    press(page, "z")
    judged(page, 0)
    press(page, "e")
    expect(page.get_by_test_id("edited")).to_have_value(judgment.edit)


@pytest.mark.parametrize(("name", "viewport", "theme"), [("wide", WIDE, "light"), ("phone", PHONE, "dark")])
def test_the_editor_shows_the_prompt_and_both_texts_and_asks_how_much_better(
    name: str, viewport: dict[str, int], theme: str, transactional_db: None, sign_in: SignIn, picture: Picture
) -> None:
    asked = [{"name": "Correct", "description": "", "required": True}]
    scene = stage(allow_edit=True, scale="strength", criteria=asked)
    texts = (CompletionDraft("**One** apple.\n\n" + "More. " * 300), CompletionDraft("Two pears."))
    scene.add([ComparisonDraft(prompt=asks("How many?"), first=texts[0], second=texts[1])])
    page = sign_in(scene.alice, path=PATH, viewport=viewport, color_scheme=theme)
    press(page, "e")
    dialog = page.get_by_test_id("edit")
    expect(page.get_by_test_id("edit-prompt")).to_contain_text("How many?")
    for side in ("left", "right"):
        text = page.get_by_test_id(f"completion-{side}").locator(".prose").inner_text()
        assert page.get_by_test_id(f"edit-{side}").locator(".prose").inner_text() == text
    dialog.get_by_role("radio", name=re.compile("Right|Bottom")).check()
    picture(page, f"annotate-editor-{name}-{theme}")
    assert barriers(page) == []
    page.get_by_test_id("edited").fill("Three plums.")
    page.get_by_test_id("save-edit").click()  # the browser asks for the strength
    expect(dialog).to_be_visible()
    dialog.get_by_role("radio", name="Much").check()
    page.get_by_test_id("save-edit").click()
    expect(dialog.get_by_role("alert")).to_have_text("Close this and answer “Correct” first. Your text stays.")
    assert not Judgment.objects.exists()
    page.keyboard.press("Escape")
    for key in ("6", "e"):
        press(page, key)
    expect(page.get_by_test_id("edited")).to_have_value("Three plums.")
    page.get_by_test_id("save-edit").click()
    judged(page, 1)
    judgment = Judgment.objects.get()
    assert (judgment.edit, judgment.strength) == ("Three plums.", 3)
    assert judgment.choice != judgment.left
    page.get_by_test_id("undo").click()
    judged(page, 0)
    ready(page)
    page.keyboard.press("e")
    expect(dialog.get_by_role("radio", name="Much")).to_be_checked()
