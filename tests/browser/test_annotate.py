"""Judging in a browser: keys, buttons, undo, bad networks, hostile text, phones, and no JavaScript at all."""

import json
import re
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from labeling.actions import ComparisonDraft, CompletionDraft, release_assignment, remove_member, write_guidelines
from labeling.models import Assignment, Campaign, Comparison, Completion, Judgment, User
from tests.browser.conftest import PHONE, Picture, SignIn, no_sideways_scrolling
from tests.people import Stage, asks, pair, stage

PATH = "/campaigns/sums/annotate/"


@pytest.fixture
def alice_page(on_stage: Stage, sign_in: SignIn) -> Page:
    """Alice, before her first pair."""
    return sign_in(on_stage.alice, path=PATH)


def ready(page: Page) -> None:
    expect(page.get_by_test_id("judging")).to_have_attribute("data-state", "ready")


def press(page: Page, key: str) -> None:
    """A key, once the page takes it."""
    ready(page)
    page.keyboard.press(key)


def judged(page: Page, number: int) -> None:
    """So many are judged, as the server has it, and it has all that was said."""
    expect(page.get_by_test_id("judging")).to_have_attribute("data-waiting", "0")
    expect(page.get_by_test_id("judged")).to_have_text(str(number))


def shown(page: Page) -> tuple[str, str]:
    """What stands on the left and on the right."""
    left, right = (page.get_by_test_id(f"completion-{side}").locator(".prose") for side in ("left", "right"))
    return left.inner_text(), right.inner_text()


def choices(user: User) -> list[str]:
    """What somebody has said, in order, as they saw it."""
    said = Judgment.objects.filter(annotator=user, superseded_at=None).order_by("pk")
    return [{j.left: "left", j.assignment.right: "right"}.get(j.choice, j.choice) for j in said]


def test_keys_judge_and_the_next_pair_comes_without_loading_the_page(alice_page: Page, on_stage: Stage) -> None:
    alice_page.evaluate("window.sameDocument = true")
    seen = [shown(alice_page)]
    for number, key in enumerate(["ArrowLeft", "ArrowRight", "1", "2", "t", "=", "3", "b", "0"], start=1):
        press(alice_page, key)
        judged(alice_page, number)
        seen.append(shown(alice_page))
    assert choices(on_stage.alice) == ["left", "right", "left", "right", "tie", "tie", "tie", "both_bad", "both_bad"]
    assert len(set(seen)) == 10  # never the same pair twice
    assert alice_page.evaluate("window.sameDocument") is True
    expect(alice_page.get_by_test_id("judged-today")).to_have_text("9")
    expect(alice_page.get_by_test_id("settled")).to_have_text("9")


def test_buttons_judge(alice_page: Page, on_stage: Stage) -> None:
    for number, name in enumerate(["choose-left", "choose-right", "choose-tie", "choose-both-bad"], start=1):
        alice_page.get_by_test_id(name).click()
        judged(alice_page, number)
    assert choices(on_stage.alice) == ["left", "right", "tie", "both_bad"]


def test_the_side_that_was_picked_is_the_side_that_is_stored(alice_page: Page, on_stage: Stage) -> None:
    left, _ = shown(alice_page)
    press(alice_page, "ArrowLeft")
    judged(alice_page, 1)
    judgment = Judgment.objects.get(annotator=on_stage.alice)
    comparison = judgment.comparison
    preferred = comparison.completion_a if judgment.choice == "a" else comparison.completion_b
    assert preferred.text == left


@pytest.mark.parametrize("key", ["z", "u", "Backspace"])
def test_undo_brings_back_the_same_pair_on_the_same_sides(key: str, alice_page: Page, on_stage: Stage) -> None:
    before = shown(alice_page)
    press(alice_page, "ArrowLeft")
    judged(alice_page, 1)
    press(alice_page, key)
    judged(alice_page, 0)
    assert shown(alice_page) == before
    expect(alice_page.get_by_test_id("saved")).to_have_text("Taken back.")
    press(alice_page, "ArrowRight")
    judged(alice_page, 1)
    assert choices(on_stage.alice) == ["right"]
    assert Judgment.objects.filter(annotator=on_stage.alice).count() == 2  # the first is superseded, not erased


def test_several_judgments_can_be_undone_one_after_the_other(alice_page: Page, on_stage: Stage) -> None:
    first = shown(alice_page)
    for number in (1, 2, 3):
        press(alice_page, "ArrowLeft")
        judged(alice_page, number)
    for number in (2, 1, 0):
        press(alice_page, "z")
        judged(alice_page, number)
    assert shown(alice_page) == first
    expect(alice_page.get_by_test_id("undo")).to_be_disabled()


def test_undo_works_after_the_page_was_loaded_again(alice_page: Page) -> None:
    before = shown(alice_page)
    press(alice_page, "ArrowLeft")
    judged(alice_page, 1)
    alice_page.reload()
    alice_page.get_by_test_id("undo").click()
    judged(alice_page, 0)
    assert shown(alice_page) == before


def test_loading_the_page_again_shows_the_same_pair(alice_page: Page, on_stage: Stage) -> None:
    before = shown(alice_page)
    alice_page.reload()
    assert shown(alice_page) == before
    assert Assignment.objects.filter(annotator=on_stage.alice).count() <= 6


def test_skip_moves_on_and_counts_for_nothing(alice_page: Page, on_stage: Stage) -> None:
    before = shown(alice_page)
    press(alice_page, "s")
    expect(alice_page.get_by_test_id("saved")).to_have_text("Skipped.")
    ready(alice_page)
    assert shown(alice_page) != before
    judged(alice_page, 0)
    assert choices(on_stage.alice) == ["skip"]


def test_skip_can_say_why(alice_page: Page, on_stage: Stage) -> None:
    press(alice_page, "S")
    expect(alice_page.get_by_test_id("reasons")).to_be_visible()
    alice_page.keyboard.press("2")
    expect(alice_page.get_by_test_id("saved")).to_have_text("Skipped.")
    judged(alice_page, 0)
    assert Judgment.objects.get(annotator=on_stage.alice).skip_reason == "I do not know the language"


def test_a_second_press_right_after_the_first_is_not_a_second_judgment(alice_page: Page, on_stage: Stage) -> None:
    ready(alice_page)
    alice_page.evaluate(
        """() => { for (let i = 0; i < 5; i++)
            document.dispatchEvent(new KeyboardEvent("keydown", {key: "1", code: "Digit1", bubbles: true})); }"""
    )
    judged(alice_page, 1)
    ready(alice_page)
    assert choices(on_stage.alice) == ["left"]


def test_a_key_held_down_judges_once(alice_page: Page, on_stage: Stage) -> None:
    ready(alice_page)
    for _ in range(8):
        alice_page.keyboard.down("ArrowLeft")  # from the second on, as an automatic repeat
        alice_page.wait_for_timeout(60)
    alice_page.keyboard.up("ArrowLeft")
    judged(alice_page, 1)
    assert choices(on_stage.alice) == ["left"]


def test_keys_do_nothing_behind_a_dialog(alice_page: Page, on_stage: Stage) -> None:
    press(alice_page, "?")
    expect(alice_page.get_by_test_id("help")).to_be_visible()
    alice_page.keyboard.press("1")
    alice_page.keyboard.press("Escape")
    expect(alice_page.get_by_test_id("help")).to_be_hidden()
    assert choices(on_stage.alice) == []
    press(alice_page, "1")
    judged(alice_page, 1)


def test_guidelines_are_one_key_away(on_stage: Stage, sign_in: SignIn) -> None:
    text = "# Be kind\n\nPrefer the **kinder** one."
    write_guidelines(campaign=on_stage.campaign, text=text, acting_user=on_stage.maya, now=timezone.now())
    page = sign_in(on_stage.alice, path=PATH)
    press(page, "g")
    dialog = page.get_by_test_id("guidelines")
    expect(dialog.locator("strong")).to_have_text("kinder")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_the_text_can_be_seen_as_it_was_written(on_stage: Stage, sign_in: SignIn) -> None:
    bold = ComparisonDraft(prompt=asks("Loud?"), first=CompletionDraft("**Yes!**"), second=CompletionDraft("**No.**"))
    on_stage.campaign.comparisons.all().delete()
    on_stage.add([bold])
    page = sign_in(on_stage.alice, path=PATH)
    assert set(shown(page)) == {"Yes!", "No."}
    press(page, "p")
    assert set(shown(page)) == {"**Yes!**", "**No.**"}
    press(page, "p")
    assert set(shown(page)) == {"Yes!", "No."}


def test_when_everything_is_judged_the_page_says_so(on_stage: Stage, sign_in: SignIn, picture: Picture) -> None:
    on_stage.settle(["a"] * 11)
    page = sign_in(on_stage.alice, path=PATH)
    press(page, "ArrowLeft")
    expect(page.get_by_test_id("done")).to_be_visible()
    expect(page.get_by_test_id("choose-left")).to_be_hidden()
    picture(page, "annotate-done")
    on_stage.add([pair(99)])
    page.get_by_role("link", name="Look again").click()
    expect(page.get_by_test_id("prompt")).to_contain_text("What is 99 plus one?")


def test_the_first_pairs_show_up_by_themselves(transactional_db: None, sign_in: SignIn) -> None:
    made = stage()
    page = sign_in(made.alice, path=PATH)
    expect(page.get_by_test_id("done")).to_contain_text("The first pairs are not here yet")
    made.add(2)
    expect(page.get_by_test_id("completion-left")).to_be_visible(timeout=10_000)
    press(page, "ArrowLeft")
    judged(page, 1)


def test_who_was_taken_out_of_the_campaign_is_told_so_once(alice_page: Page, on_stage: Stage) -> None:
    ready(alice_page)
    alice_page.wait_for_load_state("networkidle")
    remove_member(campaign=on_stage.campaign, user=on_stage.alice, acting_user=on_stage.maya, now=timezone.now())
    asked: list[str] = []
    alice_page.on("request", lambda request: asked.append(request.url))
    alice_page.keyboard.press("ArrowLeft")
    expect(alice_page.get_by_test_id("trouble")).to_be_visible()
    expect(alice_page.get_by_test_id("done")).to_be_visible()
    alice_page.wait_for_timeout(1000)
    assert len(asked) == 2  # the judgment, and whether there is another pair
    assert choices(on_stage.alice) == []


def test_the_clock_stands_still_while_the_tab_is_hidden(alice_page: Page, on_stage: Stage) -> None:
    hide = """(hidden) => {
        Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    ready(alice_page)
    alice_page.evaluate(hide, True)
    alice_page.wait_for_timeout(1500)
    alice_page.evaluate(hide, False)
    sent: list[Any] = []
    alice_page.on("request", lambda request: sent.append(request.post_data_json) if request.method == "POST" else None)
    lived = alice_page.evaluate("performance.now()")
    press(alice_page, "1")
    judged(alice_page, 1)
    assert 0 < sent[0]["seconds"] <= lived / 1000 - 1.4


# --- Bad networks ---


def key_of(route: Route) -> str:
    """The key that a judgment was sent with."""
    return str(json.loads(route.request.post_data or "")["key"])


def test_without_a_network_the_judgment_is_kept_and_sent_again_once(alice_page: Page, on_stage: Stage) -> None:
    keys: list[str] = []

    def fail(route: Route) -> None:
        keys.append(key_of(route))
        route.abort("internetdisconnected")

    alice_page.route("**/judgment/", fail)
    press(alice_page, "ArrowLeft")
    expect(alice_page.get_by_test_id("trouble")).to_contain_text("cannot be reached")
    assert choices(on_stage.alice) == []
    alice_page.unroute("**/judgment/")
    alice_page.get_by_role("button", name="Try now").click()
    judged(alice_page, 1)
    expect(alice_page.get_by_test_id("trouble")).to_be_hidden()
    assert choices(on_stage.alice) == ["left"]
    assert Judgment.objects.get(annotator=on_stage.alice).key == keys[0]
    assert len(set(keys)) == 1


def test_it_tries_again_by_itself(alice_page: Page, on_stage: Stage) -> None:
    attempts: list[str] = []

    def fail_twice(route: Route) -> None:
        attempts.append(key_of(route))
        route.fulfill(status=503) if len(attempts) <= 2 else route.fallback()

    alice_page.route("**/judgment/", fail_twice)
    press(alice_page, "ArrowRight")
    judged(alice_page, 1)
    assert len(attempts) == 3
    assert len(set(attempts)) == 1
    assert choices(on_stage.alice) == ["right"]


def test_an_answer_that_got_lost_does_not_make_two_judgments(alice_page: Page, on_stage: Stage) -> None:
    lost: list[int] = []

    def lose_the_answer(route: Route) -> None:
        if lost:
            return route.fallback()
        lost.append(route.fetch().status)  # the server has it; the browser never hears so
        return route.abort("connectionreset")

    alice_page.route("**/judgment/", lose_the_answer)
    press(alice_page, "ArrowLeft")
    judged(alice_page, 1)
    assert lost == [201]
    assert Judgment.objects.filter(annotator=on_stage.alice).count() == 1
    press(alice_page, "ArrowRight")
    judged(alice_page, 2)


def test_what_could_not_be_sent_survives_loading_the_page_again(alice_page: Page, on_stage: Stage) -> None:
    alice_page.route("**/judgment/", lambda route: route.abort("internetdisconnected"))
    press(alice_page, "ArrowLeft")
    expect(alice_page.get_by_test_id("trouble")).to_be_visible()
    alice_page.unroute("**/judgment/")
    alice_page.reload()
    judged(alice_page, 1)
    assert choices(on_stage.alice) == ["left"]


def test_who_was_signed_out_is_told_and_loses_nothing(alice_page: Page, on_stage: Stage, sign_in: SignIn) -> None:
    ready(alice_page)
    cookies = alice_page.context.cookies()
    alice_page.context.clear_cookies(name="sessionid")
    alice_page.keyboard.press("ArrowLeft")
    expect(alice_page.get_by_test_id("trouble")).to_contain_text("signed out")
    expect(alice_page.get_by_role("link", name="Sign in")).to_be_visible()
    alice_page.context.add_cookies(cookies)  # type: ignore[arg-type]  # as if signed in again in another tab
    alice_page.reload()
    judged(alice_page, 1)
    assert choices(on_stage.alice) == ["left"]


@pytest.mark.parametrize("ahead", [0, 5])
def test_a_pair_that_went_to_somebody_else_is_explained_and_replaced(
    ahead: int, on_stage: Stage, sign_in: SignIn
) -> None:
    Campaign.objects.update(prefetch=ahead)
    alice_page = sign_in(on_stage.alice, path=PATH)
    alice_page.wait_for_load_state("networkidle")
    ready(alice_page)
    before = shown(alice_page)
    hers = Assignment.objects.filter(annotator=on_stage.alice).order_by("leased_at", "pk")[0]
    on_stage.now = timezone.now()
    release_assignment(assignment=hers, acting_user=on_stage.maya, now=on_stage.now)
    while Comparison.objects.get(pk=hers.comparison_id).judged == 0:
        on_stage.vote(on_stage.given(on_stage.bob), "a")
    alice_page.keyboard.press("ArrowLeft")
    expect(alice_page.get_by_test_id("trouble")).to_be_visible()
    ready(alice_page)
    assert shown(alice_page) != before
    assert choices(on_stage.alice) == []


# --- Shapes of the page ---


def test_on_a_phone_the_completions_are_stacked_and_the_choices_in_reach(
    on_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    page = sign_in(on_stage.alice, path=PATH, viewport=PHONE, has_touch=True, is_mobile=True)
    left, right = (page.get_by_test_id(f"completion-{side}").bounding_box() for side in ("left", "right"))
    assert left is not None
    assert right is not None
    assert right["y"] >= left["y"] + left["height"]
    bar = page.get_by_test_id("choice-bar").bounding_box()
    assert bar is not None
    assert bar["y"] + bar["height"] <= PHONE["height"] + 1
    assert bar["height"] < 160
    assert no_sideways_scrolling(page)
    picture(page, "annotate-phone")
    page.get_by_role("button", name="Top is better").tap()
    judged(page, 1)
    page.get_by_role("button", name="Bottom is better").tap()
    judged(page, 2)
    page.get_by_test_id("skip").tap()
    page.get_by_role("button", name="Just skip").tap()
    expect(page.get_by_test_id("saved")).to_have_text("Skipped.")
    page.get_by_test_id("undo").tap()
    expect(page.get_by_test_id("saved")).to_have_text("Taken back.")
    assert choices(on_stage.alice) == ["left", "right"]


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
    page.get_by_role("button", name="Show all of it").click()
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


def test_strength_is_said_with_modified_keys(transactional_db: None, sign_in: SignIn, picture: Picture) -> None:
    made = stage(comparisons=6, scale="strength")
    page = sign_in(made.alice, path=PATH)
    picture(page, "annotate-strength")
    for number, key in enumerate(["ArrowLeft", "Shift+ArrowLeft", "Alt+1", "2", "Shift+2"], start=1):
        press(page, key)
        judged(page, number)
    page.get_by_test_id("choose-right-3").click()
    expect(page.get_by_test_id("done")).to_be_visible()
    said = Judgment.objects.filter(annotator=made.alice).order_by("pk").values_list("strength", flat=True)
    assert list(said) == [1, 2, 3, 1, 2, 3]
    assert choices(made.alice) == ["left", "left", "left", "right", "right", "right"]


def test_what_the_campaign_does_not_offer_has_no_button_and_no_key(transactional_db: None, sign_in: SignIn) -> None:
    made = stage(comparisons=3, allow_tie=False, allow_both_bad=False)
    page = sign_in(made.alice, path=PATH)
    expect(page.get_by_test_id("choose-tie")).to_have_count(0)
    expect(page.get_by_test_id("choose-both-bad")).to_have_count(0)
    ready(page)
    page.keyboard.press("t")
    page.keyboard.press("b")
    press(page, "ArrowLeft")
    judged(page, 1)
    assert choices(made.alice) == ["left"]


# --- For everybody ---


def test_a_screen_reader_is_told_what_happened_and_starts_again_at_the_prompt(alice_page: Page) -> None:
    press(alice_page, "ArrowRight")
    expect(alice_page.locator("#announcer")).to_have_text("Right is better. The next pair is shown.")
    assert alice_page.evaluate("document.activeElement.dataset.testid") == "prompt"
    press(alice_page, "z")
    expect(alice_page.locator("#announcer")).to_have_text(re.compile("Taken back"))


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
    before = shown(page)
    picture(page, "annotate-without-javascript")
    page.get_by_test_id("choose-left").click()
    judged(page, 1)
    assert shown(page) != before
    page.get_by_test_id("undo").click()
    judged(page, 0)
    assert shown(page) == before
    page.locator("summary", has_text="Comment").click()
    page.get_by_test_id("comment").fill("Without any script.")
    page.get_by_test_id("choose-right").click()
    judged(page, 1)
    page.get_by_label("If you skip it: why").select_option("It is upsetting")
    page.get_by_label("Something a lead must see").select_option("Harmful")
    page.get_by_test_id("skip").click()
    judged(page, 1)
    assert choices(on_stage.alice) == ["right", "skip"]
    said = Judgment.objects.filter(superseded_at=None).order_by("pk").values_list("comment", "skip_reason", "flag")
    assert list(said) == [("Without any script.", "", ""), ("", "It is upsetting", "harm")]


def test_the_page_does_not_say_which_model_wrote_what(on_stage: Stage, sign_in: SignIn) -> None:
    Completion.objects.update(model_version="secret-version", server="secret-server")
    page = sign_in(on_stage.alice, path=PATH)
    assert "It is" in page.content()
    assert "secret-" not in page.content()
    with page.expect_response("**/judgment/") as answer:
        press(page, "ArrowLeft")
    assert answer.value.json()["next"] is not None
    assert "secret-" not in answer.value.text()
