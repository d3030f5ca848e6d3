"""The bar of choices: no button moves between judgments, and nothing that somebody writes in is under it."""

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from tests.browser.annotating import PATH, judged, press, ready
from tests.browser.conftest import PHONE, Picture, SignIn, no_sideways_scrolling
from tests.people import asks, stage

CRITERIA = [{"name": "Correct", "description": "Which is right?", "required": True}]
CAMPAIGNS: dict[str, dict[str, Any]] = {
    "plain": {},
    "criteria": {"criteria": CRITERIA, "scale": "strength"},
}
WINDOWS = {"laptop": {"width": 1440, "height": 900}, "small": {"width": 1100, "height": 700}, "phone": PHONE}

Boxes = dict[str, dict[str, float]]


def boxes(page: Page) -> Boxes:
    """Where the bar is, and every button in it."""
    found: Boxes = page.evaluate(
        """() => { const bar = document.querySelector(".choice-bar");
            const parts = [bar, ...bar.querySelectorAll("button")].filter((each) => !each.closest(".toast"));
            return Object.fromEntries(parts.map((each) => {
                const { x, y, width, height } = each.getBoundingClientRect();
                return [each.dataset.testid, { x, y, width, height }]; })); }"""
    )
    return found


def refuse(route: Route) -> None:
    problem = '{"detail": "The lead has changed a rule."}'
    route.fulfill(status=422, content_type="application/problem+json", body=problem)


@pytest.mark.parametrize(
    ("campaign", "window", "language"),
    [
        ("plain", "laptop", "en-GB"),
        ("plain", "small", "de-DE"),
        ("plain", "phone", "de-DE"),
        ("criteria", "laptop", "de-DE"),
        ("criteria", "small", "en-GB"),
        ("criteria", "phone", "de-DE"),
    ],
)
def test_no_button_of_the_bar_moves_whatever_happens(
    campaign: str, window: str, language: str, transactional_db: None, sign_in: SignIn, picture: Picture
) -> None:
    scene = stage(comparisons=8, prefetch=5, **CAMPAIGNS[campaign])
    page = sign_in(scene.alice, path=PATH, viewport=WINDOWS[window], locale=language)
    ready(page)
    first = boxes(page)
    moved: list[str] = []

    def look(moment: str) -> None:
        if boxes(page) != first:
            moved.append(moment)

    def judge(key: str) -> None:
        if campaign == "criteria":
            press(page, "4")
        press(page, key)

    if campaign == "criteria":
        press(page, "ArrowRight")
        expect(page.locator(".is-missing")).to_have_count(1)
        look("a criterion is missing")
    judge("ArrowRight")
    look("judged")
    judged(page, 1)
    expect(page.get_by_test_id("saved")).not_to_be_empty()
    look("saved")
    press(page, "z")
    judged(page, 0)
    look("taken back")
    press(page, "Shift+S")
    page.keyboard.press("p")
    expect(page.get_by_test_id("saved")).to_contain_text("Gemeldet" if language == "de-DE" else "Flagged")
    look("flagged")
    picture(page, f"bar-{campaign}-{window}-{language}")
    page.route("**/judgment/", refuse)
    judge("ArrowLeft")
    expect(page.get_by_test_id("trouble")).to_be_visible()
    look("refused")
    page.unroute("**/judgment/")
    page.route("**/judgment/", lambda route: route.abort("internetdisconnected"))
    judge("ArrowLeft")
    judge("ArrowRight")
    expect(page.get_by_test_id("on-their-way")).to_be_visible()
    look("offline")
    assert moved == []
    assert no_sideways_scrolling(page)
    picture(page, f"bar-{campaign}-{window}-{language}-offline")


@pytest.mark.parametrize(
    ("width", "height", "way"),
    [(390, 430, "key"), (390, 844, "summary"), (1280, 340, "key"), (1280, 430, "summary"), (1280, 900, "key")],
)
def test_the_comment_is_never_under_the_bar(
    width: int, height: int, way: str, transactional_db: None, sign_in: SignIn, picture: Picture
) -> None:
    scene = stage(scale="strength")
    long = "\n\n".join(f"Paragraph {number} says something about sums." for number in range(30))
    scene.add([ComparisonDraft(prompt=asks("Go on?"), first=CompletionDraft(long), second=CompletionDraft(long + "!"))])
    page = sign_in(scene.alice, path=PATH, viewport={"width": width, "height": height})
    ready(page)
    if way == "key":
        page.keyboard.press("c")
    else:
        page.locator("summary", has_text="Comment").click()
    field = page.get_by_test_id("comment")
    expect(field).to_be_focused()
    _check_that_it_is_in_sight(page, height)
    page.keyboard.type("A line.\nAnother line.\nA third.\nA fourth.")
    _check_that_it_is_in_sight(page, height)
    page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    _check_that_it_is_in_sight(page, height)
    picture(page, f"bar-comment-{width}-{height}")


def _check_that_it_is_in_sight(page: Page, height: int) -> None:
    field, bar = page.get_by_test_id("comment").bounding_box(), page.get_by_test_id("choice-bar").bounding_box()
    assert field is not None
    assert bar is not None
    assert field["y"] >= 0
    assert field["y"] + field["height"] <= min(bar["y"], height)
