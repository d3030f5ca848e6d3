"""Judging in a browser: keys, buttons, undo, skips, how strongly, and what is shown when there is nothing left."""

from typing import Any

from django.utils import timezone
from playwright.sync_api import Page, expect

from labeling.actions.campaigns import write_guidelines
from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.actions.curation import review_flag
from labeling.actions.members import remove_member
from labeling.models import Assignment, Comparison, Judgment
from tests.browser.annotating import PATH, both_texts, choices, judged, press, ready
from tests.browser.conftest import Picture, SignIn
from tests.people import Stage, asks, pair, stage


def test_keys_judge_and_the_next_pair_comes_without_loading_the_page(alice_page: Page, on_stage: Stage) -> None:
    alice_page.evaluate("window.sameDocument = true")
    seen = [both_texts(alice_page)]
    for number, key in enumerate(["ArrowLeft", "ArrowRight", "1", "2", "t", "=", "3", "b", "0"], start=1):
        press(alice_page, key)
        judged(alice_page, number)
        seen.append(both_texts(alice_page))
    assert choices(on_stage.alice) == ["left", "right", "left", "right", "tie", "tie", "tie", "both_bad", "both_bad"]
    assert len(set(seen)) == 10  # never the same pair twice
    assert alice_page.evaluate("window.sameDocument") is True
    expect(alice_page.get_by_test_id("judged-today")).to_have_text("9")
    expect(alice_page.get_by_test_id("settled")).to_have_text("9")


def test_a_flag_is_undone_until_a_lead_has_decided_about_it(
    transactional_db: None, sign_in: SignIn, picture: Picture
) -> None:
    scene = stage(comparisons=4)
    page = sign_in(scene.alice, path=PATH)
    first = both_texts(page)
    for is_fresh in (True, False):  # an earlier page's flag too
        press(page, "Shift+S")
        page.keyboard.press("h")
        judged(page, 0)
        if not is_fresh:
            page.reload()
            ready(page)
        press(page, "z")
        expect(page.get_by_test_id("saved")).to_have_text("Judgment undone.")
        assert both_texts(page) == first
    press(page, "Shift+S")
    page.keyboard.press("h")
    judged(page, 0)
    flagged = Comparison.objects.get(status="flagged")
    review_flag(comparison=flagged, keep=False, reason="Harmful.", acting_user=scene.maya, now=scene.now)
    press(page, "z")
    expect(page.get_by_test_id("trouble")).to_contain_text("A lead has decided about this flag. It stays.")
    picture(page, "undo-after-a-flag")


def test_a_refused_judgment_gives_its_answers_back(transactional_db: None, sign_in: SignIn) -> None:
    scene = stage(comparisons=4, criteria=[{"name": "helpful", "description": "", "required": True}])
    page = sign_in(scene.alice, path=PATH)
    first = both_texts(page)
    press(page, "4")
    page.locator("[data-comment] summary").click()
    page.locator("#comment").fill("So it is.")
    page.keyboard.press("Escape")
    scene.campaign.criteria = [{"name": "polite", "description": "", "required": True}]
    scene.campaign.save()
    press(page, "ArrowLeft")
    expect(page.get_by_test_id("trouble")).to_be_visible()
    scene.campaign.criteria = [{"name": "helpful", "description": "", "required": True}]
    scene.campaign.save()
    while both_texts(page) != first:
        press(page, "s")
        expect(page.get_by_test_id("judging")).to_have_attribute("data-waiting", "0")
    expect(page.locator("[name=criterion-helpful][value=left]")).to_be_checked()
    expect(page.locator("#comment")).to_have_value("So it is.")


def test_buttons_judge(alice_page: Page, on_stage: Stage) -> None:
    for number, name in enumerate(["choose-left", "choose-right", "choose-tie", "choose-both-bad"], start=1):
        alice_page.get_by_test_id(name).click()
        judged(alice_page, number)
    assert choices(on_stage.alice) == ["left", "right", "tie", "both_bad"]


def test_the_side_that_was_picked_is_the_side_that_is_stored(alice_page: Page, on_stage: Stage) -> None:
    left, _ = both_texts(alice_page)
    press(alice_page, "ArrowLeft")
    judged(alice_page, 1)
    judgment = Judgment.objects.get(annotator=on_stage.alice)
    comparison = judgment.comparison
    preferred = comparison.completion_a if judgment.choice == "a" else comparison.completion_b
    assert preferred.text == left


def test_undo_brings_back_the_same_pair_on_the_same_sides(alice_page: Page, on_stage: Stage) -> None:
    before = both_texts(alice_page)
    for key in ("z", "u", "Backspace"):
        press(alice_page, "ArrowLeft")
        judged(alice_page, 1)
        press(alice_page, key)
        judged(alice_page, 0)
        assert both_texts(alice_page) == before
        expect(alice_page.get_by_test_id("saved")).to_have_text("Judgment undone.")
    press(alice_page, "ArrowRight")
    judged(alice_page, 1)
    assert choices(on_stage.alice) == ["right"]
    assert Judgment.objects.filter(annotator=on_stage.alice).count() == 4  # those before are superseded, not erased


def test_several_judgments_can_be_undone_one_after_the_other(alice_page: Page, on_stage: Stage) -> None:
    first = both_texts(alice_page)
    for number in (1, 2, 3):
        press(alice_page, "ArrowLeft")
        judged(alice_page, number)
    for number in (2, 1, 0):
        press(alice_page, "z")
        judged(alice_page, number)
    assert both_texts(alice_page) == first
    expect(alice_page.get_by_test_id("undo")).to_be_disabled()


def test_undo_works_after_the_page_was_loaded_again(alice_page: Page) -> None:
    before = both_texts(alice_page)
    press(alice_page, "ArrowLeft")
    judged(alice_page, 1)
    alice_page.reload()
    alice_page.get_by_test_id("undo").click()
    judged(alice_page, 0)
    assert both_texts(alice_page) == before


def test_loading_the_page_again_shows_the_same_pair(alice_page: Page, on_stage: Stage) -> None:
    before = both_texts(alice_page)
    alice_page.reload()
    assert both_texts(alice_page) == before
    assert Assignment.objects.filter(annotator=on_stage.alice).count() <= 6


def test_skip_moves_on_and_counts_for_nothing(alice_page: Page, on_stage: Stage) -> None:
    before = both_texts(alice_page)
    press(alice_page, "s")
    expect(alice_page.get_by_test_id("saved")).to_have_text("Skipped.")
    ready(alice_page)
    assert both_texts(alice_page) != before
    judged(alice_page, 0)
    assert choices(on_stage.alice) == ["skip"]


def test_skip_can_say_why(alice_page: Page, on_stage: Stage) -> None:
    press(alice_page, "S")
    expect(alice_page.get_by_test_id("reasons")).to_be_visible()
    alice_page.keyboard.press("2")
    expect(alice_page.get_by_test_id("saved")).to_have_text("Skipped: I do not know the language.")
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
    assert set(both_texts(page)) == {"Yes!", "No."}
    press(page, "p")
    assert set(both_texts(page)) == {"**Yes!**", "**No.**"}
    press(page, "p")
    assert set(both_texts(page)) == {"Yes!", "No."}


def test_when_everything_is_judged_the_page_says_so(on_stage: Stage, sign_in: SignIn, picture: Picture) -> None:
    on_stage.settle(["a"] * 11)
    page = sign_in(on_stage.alice, path=PATH)
    press(page, "ArrowLeft")
    expect(page.get_by_test_id("done")).to_be_visible()
    expect(page.get_by_test_id("choose-left")).to_be_hidden()
    picture(page, "annotate-done")
    on_stage.add([pair(99)])
    page.get_by_role("link", name="Check again").click()
    expect(page.get_by_test_id("prompt")).to_contain_text("What is 99 plus one?")


def test_the_first_pairs_show_up_by_themselves(transactional_db: None, sign_in: SignIn) -> None:
    made = stage()
    page = sign_in(made.alice, path=PATH)
    expect(page.get_by_test_id("done")).to_contain_text("No pairs yet")
    made.add(2)
    expect(page.get_by_test_id("completion-left")).to_be_visible()
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


def test_strength_is_said_with_modified_keys(transactional_db: None, sign_in: SignIn, picture: Picture) -> None:
    made = stage(comparisons=6, scale="strength")
    page = sign_in(made.alice, path=PATH)
    picture(page, "annotate-strength")
    for number, key in enumerate(["ArrowLeft", "Shift+ArrowLeft", "Alt+1", "2", "Shift+2"], start=1):
        press(page, key)
        judged(page, number)
    page.get_by_test_id("choose-right-3").click()
    expect(page.get_by_test_id("done")).to_be_visible()
    strengths = Judgment.objects.filter(annotator=made.alice).order_by("pk").values_list("strength", flat=True)
    assert list(strengths) == [1, 2, 3, 1, 2, 3]
    assert choices(made.alice) == ["left", "left", "left", "right", "right", "right"]


def test_the_winners_key_once_more_says_it_more_strongly(transactional_db: None, sign_in: SignIn) -> None:
    made = stage(comparisons=4, scale="strength", prefetch=5)
    page = sign_in(made.alice, path=PATH)
    page.wait_for_load_state("networkidle")
    before = both_texts(page)
    press(page, "ArrowLeft")
    second = both_texts(page)
    assert second != before
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#announcer")).to_have_text("Left is clearly better.")
    assert both_texts(page) == second  # which was not judged by it
    judged(page, 1)
    press(page, "2")
    for _ in range(3):  # at the strongest it stays
        page.keyboard.press("2")
    expect(page.get_by_test_id("saved")).to_have_text("Right is much better.")
    judged(page, 2)
    press(page, "ArrowLeft")
    press(page, "z")  # taken back while it could still be said more strongly
    press(page, "ArrowLeft")
    page.keyboard.press("ArrowRight")  # too soon after the other: nothing
    judged(page, 3)
    strengths = Judgment.objects.filter(annotator=made.alice).order_by("pk").values_list("strength", flat=True)
    assert list(strengths) == [2, 3, 1]
    assert choices(made.alice) == ["left", "right", "left"]
    press(page, "?")
    expect(page.get_by_test_id("help")).to_contain_text("press the same key again quickly")


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
