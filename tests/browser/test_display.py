"""How an annotator reads: size, width, panes, one completion, differences, keys of their own, comments, breaks."""

import re

import pytest
from playwright.sync_api import Page, expect

from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.models import Completion, Judgment
from tests.browser.annotating import PATH, both_texts, choices, judged, press, ready, until
from tests.browser.barriers import barriers
from tests.browser.conftest import PHONE, Picture, SignIn, no_sideways_scrolling
from tests.people import Stage, asks, stage

LONG = "\n\n".join(f"Paragraph {number} says something about sums, and at some length." for number in range(60))
RICH = """Here is a **plan**:

| Method | Cost |
|:-------|-----:|
| Naive  | $10  |
| Clever | $2   |

```python
def area(radius: float) -> float:
    # of a circle
    return 3.14159 * radius ** 2
```

The area is \\( A = \\pi r^2 \\), so

\\[ \\frac{A}{\\pi} = r^2 \\]
"""


@pytest.fixture
def long_page(transactional_db: None, sign_in: SignIn) -> Page:
    """Alice before two long completions."""
    scene = stage()
    drafts = [CompletionDraft(LONG), CompletionDraft(LONG + "\n\n" + LONG)]
    scene.add([ComparisonDraft(prompt=asks("Go on?"), first=drafts[0], second=drafts[1])])
    return sign_in(scene.alice, path=PATH)


def test_code_tables_and_formulas_are_set_as_what_they_are(
    transactional_db: None, sign_in: SignIn, picture: Picture
) -> None:
    scene = stage()
    texts = [CompletionDraft(RICH), CompletionDraft(RICH.replace("Naive", "Plain"))]
    scene.add([ComparisonDraft(prompt=asks("How?"), first=texts[0], second=texts[1])])
    for size, theme, viewport in (("wide", "light", {"width": 1440, "height": 900}), ("phone", "dark", PHONE)):
        page = sign_in(scene.alice, path=PATH, viewport=viewport, color_scheme=theme)
        card = page.get_by_test_id("completion-left")
        expect(card.locator("math")).to_have_count(2)
        expect(card.locator("td")).to_have_count(4)
        colours = card.locator("code span").evaluate_all("all => new Set(all.map(e => getComputedStyle(e).color)).size")
        assert colours >= 3
        fraction = card.locator("mfrac").evaluate(
            "e => [e.getBoundingClientRect().height, getComputedStyle(e).fontSize]"
        )
        assert fraction[0] > 1.3 * float(fraction[1].removesuffix("px"))  # numerator over denominator
        assert no_sideways_scrolling(page)
        picture(page, f"annotate-rich-{size}-{theme}")
        assert barriers(page) == []


def test_size_width_and_panes_are_remembered_without_a_jump(long_page: Page) -> None:
    ready(long_page)
    prose = long_page.get_by_test_id("completion-left").locator(".prose")

    def font_size() -> float:
        return float(prose.evaluate("e => parseFloat(getComputedStyle(e).fontSize)"))

    before = font_size()
    long_page.keyboard.press(".")
    assert font_size() > before
    long_page.get_by_role("button", name="Display").click()
    long_page.get_by_label("Full width").check()
    long_page.get_by_label("Both completions, together").check()
    long_page.keyboard.press("Escape")
    after = font_size()
    long_page.reload()
    html = long_page.request.get(PATH).text()  # as the server writes it, before any script
    assert 'data-size="3" data-width="full" data-panes="together"' in html
    assert font_size() == after
    for _ in range(5):
        long_page.keyboard.press(",")
    assert font_size() < before


def test_panes_scroll_together_or_each_by_itself(long_page: Page) -> None:
    ready(long_page)
    left, right = (long_page.get_by_test_id(f"completion-{side}").locator(".prose") for side in ("left", "right"))

    def shares() -> list[float]:
        share = "e => e.scrollTop / (e.scrollHeight - e.clientHeight)"
        return [float(pane.evaluate(share)) for pane in (left, right)]

    long_page.keyboard.press("y")
    expect(long_page.locator("#announcer")).to_have_text("Both completions scroll together.")
    left.evaluate("e => { e.scrollTop = (e.scrollHeight - e.clientHeight) / 2 }")
    until(long_page, lambda: shares() == pytest.approx([0.5, 0.5], abs=0.02))
    right.focus()
    long_page.keyboard.press("End")
    until(long_page, lambda: shares() == pytest.approx([1, 1], abs=0.02))
    long_page.keyboard.press("y")
    left.evaluate("e => { e.scrollTop = 0 }")
    long_page.wait_for_timeout(100)
    assert shares() == pytest.approx([0, 1], abs=0.02)
    long_page.keyboard.press("y")
    assert left.evaluate("e => e.scrollHeight - e.clientHeight") == 0  # the page scrolls again


def test_one_completion_at_a_time(long_page: Page) -> None:
    left, right = (long_page.get_by_test_id(f"completion-{side}") for side in ("left", "right"))
    press(long_page, "f")
    expect(left).to_be_visible()
    expect(right).to_be_hidden()
    press(long_page, "f")
    expect(left).to_be_hidden()
    expect(right).to_be_visible()
    press(long_page, "f")
    expect(left).to_be_visible()
    expect(right).to_be_visible()


def marked(page: Page) -> dict[str, list[str]]:
    """The words marked as different, by side."""
    tokens: dict[str, list[str]] = page.evaluate(
        """() => { const out = {left: [], right: []};
            for (const range of CSS.highlights.get("differs") ?? []) {
                const side = range.startContainer.parentElement.closest(".completion").id;
                out[side].push(range.toString());
            }
            return out; }"""
    )
    return tokens


def test_words_that_differ_are_marked(transactional_db: None, sign_in: SignIn, picture: Picture) -> None:
    scene = stage()
    first = CompletionDraft("The **quick** fox jumps over the dog.\n\nThe end.")
    second = CompletionDraft("The **slow** fox jumps right over the dog.\n\nThe end.")
    scene.add([ComparisonDraft(prompt=asks("?"), first=first, second=second)])
    cjk = (CompletionDraft("我喜欢猫和狗。"), CompletionDraft("我喜欢猫和鸟。"))
    scene.add([ComparisonDraft(prompt=asks("??"), first=cjk[0], second=cjk[1])])
    page = sign_in(scene.alice, path=PATH)
    seen: list[set[str]] = []

    def words() -> set[str]:
        return {word for side in marked(page).values() for word in side}

    for _ in range(2):
        press(page, "d") if not seen else ready(page)
        until(page, lambda: words() and words() not in seen)  # not those of the pair before
        seen.append(words())
        if "quick" in seen[-1]:
            picture(page, "annotate-differences")
        press(page, "t")
    assert sorted(seen, key=len) == [{"狗", "鸟"}, {"quick", "slow", "right"}]


def test_texts_that_share_little_are_not_marked_and_the_page_says_why(
    transactional_db: None, sign_in: SignIn, picture: Picture
) -> None:
    scene = stage()
    first = CompletionDraft("Tomato leaves turn yellow when the soil lacks nitrogen, so feed the plant.")
    second = CompletionDraft("It might be early blight. Cut off what is ill, and water only the ground.")
    scene.add([ComparisonDraft(prompt=asks("?"), first=first, second=second)])
    near = (CompletionDraft("The quick fox jumps over it."), CompletionDraft("The slow fox jumps over it."))
    scene.add([ComparisonDraft(prompt=asks("??"), first=near[0], second=near[1])])
    page = sign_in(scene.alice, path=PATH)
    note = page.get_by_test_id("differences-note")
    press(page, "d")
    for _ in range(2):
        ready(page)
        until(page, lambda: note.inner_text().strip())
        if "quick" in "".join(both_texts(page)):
            expect(note).to_have_text("Words that differ are marked.")
            assert sorted(word for side in marked(page).values() for word in side) == ["quick", "slow"]
        else:
            reason = r"Nothing is marked: the texts share only [\d.]+\s?% of their words\."
            expect(note).to_contain_text(re.compile(reason))
            assert marked(page) == {"left": [], "right": []}
            picture(page, "annotate-differences-declined")
        press(page, "t")
    expect(page.get_by_test_id("done")).to_be_visible()


def test_a_text_that_was_cut_off_is_marked_as_cut_also_on_the_next_pair(on_stage: Stage, sign_in: SignIn) -> None:
    for completion in Completion.objects.filter(text__startswith="Nobody"):
        Completion.objects.filter(pk=completion.pk).update(finish_reason="length" if completion.pk % 4 else "stop")
    page = sign_in(on_stage.alice, path=PATH)
    for _ in range(6):
        ready(page)
        for side, text in zip(("left", "right"), both_texts(page), strict=True):
            is_cut = Completion.objects.get(text=text).finish_reason == "length"
            mark = page.get_by_test_id(f"completion-{side}").get_by_text("Cut off at the token limit")
            expect(mark).to_be_visible(visible=is_cut)
        press(page, "t")


def test_a_comment_goes_with_the_judgment_and_comes_back_with_an_undo(on_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(on_stage.alice, path=PATH)
    press(page, "c")
    expect(page.get_by_test_id("comment")).to_be_focused()
    page.keyboard.type("It is better, but 1 is wrong.")  # a digit in a comment judges nothing
    page.keyboard.press("Escape")
    press(page, "ArrowLeft")
    judged(page, 1)
    expect(page.get_by_test_id("comment")).to_be_hidden()
    assert Judgment.objects.get().comment == "It is better, but 1 is wrong."
    press(page, "z")
    judged(page, 0)
    expect(page.get_by_test_id("comment")).to_have_value("It is better, but 1 is wrong.")


def test_keys_can_be_changed_and_are_shown_where_they_are_named(
    on_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    page = sign_in(on_stage.alice, path=PATH)
    press(page, "?")
    page.get_by_role("button", name="Change the key for: Tie").click()
    page.keyboard.press("m")
    undo = page.get_by_role("button", name="Change the key for: Undo")
    question = page.locator(".key-question")
    undo.click()
    page.keyboard.press("b")  # asked first, and left as it is
    expect(question).to_contain_text("B is a key for “Both bad”, which would lose it.")
    picture(page, "annotate-keys-question")
    page.keyboard.press("Enter")
    expect(question).to_be_hidden()
    expect(undo).to_be_focused()
    undo.click()
    page.keyboard.press("b")
    page.keyboard.press("Escape")  # ends the question, not the dialog
    expect(question).to_be_hidden()
    undo.click()
    page.keyboard.press("t")  # no longer the tie's, which has another
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("help")).to_be_hidden()
    expect(page.get_by_test_id("choose-both-bad").locator("kbd")).to_have_text("B")
    expect(page.get_by_test_id("choose-tie").locator("kbd")).to_have_text("M")
    press(page, "m")
    judged(page, 1)
    assert choices(on_stage.alice) == ["tie"]
    page.reload()
    expect(page.get_by_test_id("undo").locator("kbd")).to_have_text("T")
    press(page, "t")
    judged(page, 0)
    press(page, "?")
    page.get_by_role("button", name="Change the key for: Undo").click()
    page.keyboard.press("3")
    page.get_by_role("button", name="Use 3 here").click()
    page.keyboard.press("Escape")
    press(page, "=")  # the tie has kept its other keys
    judged(page, 1)
    press(page, "3")
    judged(page, 0)
    press(page, "?")
    page.get_by_role("button", name="Reset all keys").click()
    page.keyboard.press("Escape")
    press(page, "t")
    judged(page, 1)
    assert choices(on_stage.alice) == ["tie"]


def worked_for(page: Page, minutes: int, *, paused: int) -> None:
    """As if somebody had judged for so long, the last time so many minutes ago."""
    page.evaluate(
        """([start, last]) => { const now = Date.now();
            const stretch = {start: now - start, last: now - last, reminded: 0};
            sessionStorage.setItem("stretch", JSON.stringify(stretch)); }""",
        [minutes * 60_000, paused * 60_000],
    )


def test_after_half_an_hour_without_a_break_one_is_suggested(on_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(on_stage.alice, path=PATH)
    toast = page.get_by_test_id("toast")
    worked_for(page, 40, paused=6)  # that was a break
    press(page, "t")
    judged(page, 1)
    expect(toast).to_be_hidden()
    worked_for(page, 32, paused=2)
    press(page, "t")
    expect(toast).to_contain_text("You have been judging for 32 minutes")
    toast.get_by_role("button", name="Close").click()
    press(page, "t")  # said once, for a while
    judged(page, 3)
    expect(toast).to_be_hidden()


def test_high_contrast_is_one_of_the_themes(on_stage: Stage, sign_in: SignIn, picture: Picture) -> None:
    page = sign_in(on_stage.alice, path=PATH, color_scheme="dark")
    page.get_by_role("button", name="Switch between").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "contrast"
    expect(page.locator("#announcer")).to_have_text("High contrast.")
    picture(page, "annotate-contrast")
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "contrast"
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(0, 0, 0)"


def test_left_stays_left_in_a_language_that_goes_from_right_to_left(
    on_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    page = sign_in(on_stage.alice, path=PATH)
    page.evaluate("document.documentElement.dir = 'rtl'")
    for one, other in (("completion-left", "completion-right"), ("choose-left", "choose-right")):
        boxes = [page.get_by_test_id(name).bounding_box() for name in (one, other)]
        assert boxes[0] is not None
        assert boxes[1] is not None
        assert boxes[0]["x"] < boxes[1]["x"]
    assert no_sideways_scrolling(page)
    picture(page, "annotate-rtl")


def test_in_german_the_page_and_what_it_says_are_german(on_stage: Stage, sign_in: SignIn, picture: Picture) -> None:
    page = sign_in(on_stage.alice, path=PATH, locale="de-DE")
    picture(page, "annotate-german")
    assert page.get_by_role("button", name="Links ist besser").is_visible()
    press(page, "ArrowLeft")
    expect(page.locator("#announcer")).to_have_text("Links ist besser. Das nächste Paar ist da.")
    judged(page, 1)
    expect(page.get_by_test_id("saved")).to_have_text("Gespeichert: Links ist besser.")
    press(page, "?")
    picture(page, "annotate-german-keys")
    page.keyboard.press("Escape")
    page.goto("/you/")
    page.get_by_test_id("language").select_option("en")
    page.get_by_test_id("set-language").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    page.goto(PATH)
    expect(page.get_by_role("button", name="Left is better")).to_be_visible()
