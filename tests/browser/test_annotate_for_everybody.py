"""The annotator's page on a phone, with a screen reader, from right to left, and without JavaScript."""

import re
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from labeling.actions.campaigns import write_guidelines
from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.models import Completion, Judgment
from tests.browser.annotating import PATH, both_texts, choices, judged, press, ready
from tests.browser.barriers import barriers
from tests.browser.conftest import PHONE, Picture, SignIn, no_sideways_scrolling
from tests.people import Stage, asks, stage


def test_on_a_phone_a_swipe_shows_the_other_text_the_choices_are_in_reach_and_touch_is_enough(
    on_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    page = sign_in(on_stage.alice, viewport=PHONE, has_touch=True, is_mobile=True)
    page.get_by_test_id("judge-sums").tap()
    page.wait_for_url("**/annotate/")
    left, right = (page.get_by_test_id(f"completion-{side}").bounding_box() for side in ("left", "right"))
    assert left is not None
    assert right is not None
    assert left["x"] >= 0
    assert left["x"] + left["width"] <= PHONE["width"]
    assert left["x"] + left["width"] < right["x"] < PHONE["width"]  # its edge shows that it is there
    assert right["y"] == left["y"]
    bar = page.get_by_test_id("choice-bar").bounding_box()
    assert bar is not None
    assert bar["y"] + bar["height"] <= PHONE["height"] + 1
    assert bar["height"] < 160
    assert no_sideways_scrolling(page)
    picture(page, "annotate-phone")
    page.get_by_role("button", name="Left is better").tap()
    judged(page, 1)
    page.get_by_role("button", name="Right is better").tap()
    judged(page, 2)
    page.get_by_test_id("skip").tap()
    page.get_by_role("button", name="Skip without a reason").tap()
    expect(page.get_by_test_id("saved")).to_have_text("Skipped.")
    page.get_by_test_id("undo").tap()
    expect(page.get_by_test_id("saved")).to_have_text("Judgment undone.")
    page.locator("summary", has_text="Comment").tap()
    page.get_by_test_id("comment").fill("By thumb.")
    ready(page)
    page.get_by_test_id("choose-tie").tap()
    judged(page, 3)
    assert choices(on_stage.alice) == ["left", "right", "tie"]
    assert Judgment.objects.exclude(comment="").get().comment == "By thumb."


def test_on_a_phone_an_optional_criterion_says_how_its_answer_is_cleared(
    transactional_db: None, sign_in: SignIn, picture: Picture
) -> None:
    names = {"helpful": True, "polite": False}
    criteria = [{"name": name, "description": "", "required": required} for name, required in names.items()]
    scene = stage(comparisons=2, criteria=criteria)
    page = sign_in(scene.alice, path=PATH, viewport=PHONE, has_touch=True, is_mobile=True)
    ready(page)
    hint = page.get_by_text("To clear an answer, tap it again.")
    expect(hint).to_have_count(1)
    expect(hint).to_be_visible()
    assert no_sideways_scrolling(page)
    answer = page.locator("[name=criterion-polite][value=left]")
    for is_checked in (True, False):
        answer.locator("..").tap()
        expect(answer).to_be_checked(checked=is_checked)
        page.wait_for_timeout(700)  # two taps in half a second are a double tap, which clears nothing
    picture(page, "clear-a-criterion-phone", whole=False)
    wide = sign_in(scene.alice, path=PATH)
    ready(wide)
    expect(wide.get_by_text("To clear an answer, tap it again.")).to_be_hidden()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_on_a_phone_tabs_bring_the_other_text_into_view_where_it_was_left(
    motion: str, on_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    on_stage.campaign.comparisons.all().delete()
    long, short = "\n\n".join(f"Paragraph {number}." for number in range(60)), "Short."
    for number in range(2):
        texts = (CompletionDraft(long), CompletionDraft(short))
        on_stage.add([ComparisonDraft(prompt=asks(f"Go on, {number}?"), first=texts[0], second=texts[1])])
    wishes: dict[str, Any] = {"viewport": PHONE, "has_touch": True, "is_mobile": True, "reduced_motion": motion}
    page = sign_in(on_stage.alice, path=PATH, **wishes)
    ready(page)
    tabs = page.get_by_role("group", name="Completion in view")
    left, right = (tabs.get_by_role("button", name=name) for name in ("Left", "Right"))
    expect(left).to_have_attribute("aria-pressed", "true")
    frame = page.locator(".completions")
    page.evaluate("scrollTo(0, 900)")
    right.focus()
    page.keyboard.press("Enter")
    expect(right).to_have_attribute("aria-pressed", "true")
    heading = page.locator("#right h2").bounding_box()
    assert heading is not None
    assert 0 <= heading["y"] < PHONE["height"] / 2  # not lost above a longer text
    assert heading["x"] < PHONE["width"] / 2
    left.tap()
    expect(left).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("scrollY") == 900
    frame.evaluate("frame => frame.scrollTo({left: frame.scrollWidth, behavior: 'instant'})")  # as a swipe does
    expect(right).to_have_attribute("aria-pressed", "true")
    picture(page, f"annotate-phone-right-{motion}")
    page.get_by_test_id("choose-tie").tap()
    judged(page, 1)
    expect(left).to_have_attribute("aria-pressed", "true")  # a new pair begins with the left one
    assert frame.evaluate("frame => frame.scrollLeft") == 0


@pytest.mark.parametrize("language", ["en-GB", "de-DE"])
def test_on_a_phone_the_tools_are_in_one_line_and_no_key_is_shown(
    language: str, transactional_db: None, sign_in: SignIn, picture: Picture
) -> None:
    asked = [{"name": "Correct", "description": "Which is right?", "required": True}]
    scene = stage(comparisons=3, allow_edit=True, criteria=asked)
    write_guidelines(campaign=scene.campaign, text="# Be kind", acting_user=scene.maya, now=timezone.now())
    page = sign_in(scene.alice, path=PATH, viewport=PHONE, has_touch=True, is_mobile=True, locale=language)
    ready(page)
    tools = page.get_by_test_id("tools")
    tops = tools.locator("> .button:visible").evaluate_all("all => all.map(each => each.getBoundingClientRect())")
    assert len(tops) == 3
    assert len({box["top"] for box in tops}) == 1
    assert max(box["right"] for box in tops) <= PHONE["width"]
    expect(page.locator("kbd:visible")).to_have_count(0)
    picture(page, f"annotate-phone-{language}")
    page.get_by_test_id("open-more-tools").tap()
    menu = page.get_by_test_id("more-tools")
    expect(menu).to_be_visible()
    picture(page, f"annotate-phone-tools-{language}")
    expect(page.locator("kbd:visible")).to_have_count(0)
    assert barriers(page) == []
    menu.get_by_role("button", name=re.compile("Source|Quelltext")).tap()
    expect(menu).to_be_hidden()
    assert page.locator(".prose.is-plain").count() == 2
    page.get_by_test_id("open-guidelines").tap()
    expect(page.get_by_test_id("guidelines")).to_be_visible()
    expect(page.locator("kbd:visible")).to_have_count(0)
    assert no_sideways_scrolling(page)


def test_every_finger_sized_button_is_at_least_44_pixels_high_on_a_phone(on_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(on_stage.alice, path=PATH, viewport=PHONE, has_touch=True, is_mobile=True)
    for button in page.get_by_test_id("choice-bar").get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44, button.inner_text()


def test_a_long_conversation_is_folded_and_opens(on_stage: Stage, sign_in: SignIn, picture: Picture) -> None:
    on_stage.campaign.comparisons.all().delete()
    turns = [{"role": "system", "content": "Be brief. " * 300}]
    for number in range(6):
        turns += [
            {"role": "user", "content": f"Question {number}?"},
            {"role": "assistant", "content": f"Answer {number}."},
        ]
    turns.append({"role": "user", "content": "And the last one?"})
    draft = ComparisonDraft(prompt=turns, first=CompletionDraft("One."), second=CompletionDraft("Two."))  # type: ignore[arg-type]
    on_stage.add([draft])
    page = sign_in(on_stage.alice, path=PATH)
    expect(page.get_by_text("And the last one?")).to_be_visible()
    expect(page.get_by_text("Question 0?")).to_be_hidden()
    picture(page, "annotate-conversation")
    page.get_by_role("button", name="earlier messages").click()
    expect(page.get_by_text("Question 0?")).to_be_visible()
    system = page.locator(".message[data-role=system] .prose")
    folded = system.evaluate("element => element.clientHeight")
    page.get_by_role("button", name="Show all").click()
    assert system.evaluate("element => element.clientHeight") > folded


def test_each_paragraph_goes_the_way_of_its_own_text(on_stage: Stage, sign_in: SignIn) -> None:
    on_stage.campaign.comparisons.all().delete()
    text = "שלום עולם\n\nHello world"
    on_stage.add([ComparisonDraft(prompt=asks("?"), first=CompletionDraft(text), second=CompletionDraft("مرحبا"))])
    page = sign_in(on_stage.alice, path=PATH)
    prose = page.locator(".completion .prose", has_text="Hello world")
    hebrew, english = prose.locator("p").all()

    def start_of(paragraph: Any) -> float:
        return float(
            paragraph.evaluate(
                """p => { const range = document.createRange(); range.selectNodeContents(p);
                    return range.getBoundingClientRect().left - p.getBoundingClientRect().left; }"""
            )
        )

    assert start_of(english) < 2
    assert start_of(hebrew) > 50  # it begins at the right edge


def test_a_screen_reader_is_told_what_happened_and_starts_again_at_the_prompt(alice_page: Page) -> None:
    press(alice_page, "ArrowRight")
    expect(alice_page.locator("#announcer")).to_have_text("Right is better. The next pair is shown.")
    assert alice_page.evaluate("document.activeElement.dataset.testid") == "prompt"
    press(alice_page, "z")
    expect(alice_page.locator("#announcer")).to_have_text(re.compile("Judgment undone"))


def test_the_space_bar_after_a_click_does_not_judge_again(alice_page: Page, on_stage: Stage) -> None:
    alice_page.get_by_test_id("choose-left").click()
    judged(alice_page, 1)
    ready(alice_page)
    alice_page.keyboard.press("Space")
    alice_page.wait_for_timeout(300)
    assert choices(on_stage.alice) == ["left"]


def test_tab_reaches_every_choice_in_the_order_of_reading(alice_page: Page) -> None:
    ready(alice_page)
    alice_page.locator(".prompt").focus()
    reached = []
    for _ in range(12):
        alice_page.keyboard.press("Tab")
        reached.append(alice_page.evaluate("document.activeElement.dataset.testid ?? ''"))
    wanted = ["choose-left", "choose-tie", "choose-both-bad", "choose-right", "skip", "skip-reason"]
    assert [name for name in reached if name in wanted] == wanted


def test_without_javascript_the_form_judges_and_undoes(on_stage: Stage, sign_in: SignIn, picture: Picture) -> None:
    page = sign_in(on_stage.alice, path=PATH, java_script_enabled=False)
    before = both_texts(page)
    picture(page, "annotate-without-javascript")
    page.get_by_test_id("choose-left").click()
    judged(page, 1)
    assert both_texts(page) != before
    page.get_by_test_id("undo").click()
    judged(page, 0)
    assert both_texts(page) == before
    page.locator("summary", has_text="Comment").click()
    page.get_by_test_id("comment").fill("Without any script.")
    page.get_by_test_id("choose-right").click()
    judged(page, 1)
    page.get_by_label("Reason to skip").select_option("It is upsetting")
    page.get_by_label("Flag for a lead").select_option("Harmful")
    page.get_by_test_id("skip").click()
    judged(page, 1)
    assert choices(on_stage.alice) == ["right", "skip"]
    judgments = Judgment.objects.filter(superseded_at=None).order_by("pk").values_list("comment", "skip_reason", "flag")
    assert list(judgments) == [("Without any script.", "", ""), ("", "It is upsetting", "harm")]


def test_the_page_does_not_say_which_model_wrote_what(on_stage: Stage, sign_in: SignIn) -> None:
    Completion.objects.update(model_version="secret-version", server="secret-server")
    page = sign_in(on_stage.alice, path=PATH)
    assert "It is" in page.content()
    assert "secret-" not in page.content()
    with page.expect_response("**/judgment/") as answer:
        press(page, "ArrowLeft")
    assert answer.value.json()["next"] is not None
    assert "secret-" not in answer.value.text()
