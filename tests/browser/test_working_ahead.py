"""Zero wait and bad networks: the next pairs are in the page before they are wanted, and what was said is kept until
the server has it."""

import json
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from labeling.actions.campaigns import write_guidelines
from labeling.models import Assignment, Campaign, Judgment
from tests.browser.annotating import PATH, both_texts, choices, judged, press, ready
from tests.browser.conftest import SignIn
from tests.people import Stage, pair, stage


@pytest.fixture
def page(on_stage: Stage, sign_in: SignIn) -> Page:
    """Alice, with what follows her first pair held in the page."""
    opened = sign_in(on_stage.alice, path=PATH)
    opened.wait_for_load_state("networkidle")
    return opened


def go_offline(page: Page) -> None:
    page.context.set_offline(True)


def go_online(page: Page) -> None:
    page.context.set_offline(False)


def test_the_next_pair_is_there_before_the_server_has_result(page: Page, on_stage: Stage) -> None:
    held: list[Route] = []
    is_slow = True
    page.route("**/judgment/", lambda route: held.append(route) if is_slow else route.continue_())
    seen = [both_texts(page)]
    for key in ("ArrowLeft", "ArrowRight", "t"):
        press(page, key)
        seen.append(both_texts(page))
    assert len(set(seen)) == 4
    assert choices(on_stage.alice) == []  # not one of them has reached the server
    assert len(held) == 1  # one after the other
    expect(page.get_by_test_id("on-their-way")).to_have_text("3 on their way")
    is_slow = False
    held[0].continue_()
    judged(page, 3)
    expect(page.get_by_test_id("on-their-way")).to_be_hidden()
    assert choices(on_stage.alice) == ["left", "right", "tie"]


def test_ten_judgments_made_offline_arrive_exactly_once_and_in_order(on_stage: Stage, sign_in: SignIn) -> None:
    Campaign.objects.update(prefetch=11)
    on_stage.add([pair(number) for number in range(100, 130)])
    page = sign_in(on_stage.alice, path=PATH)
    page.wait_for_load_state("networkidle")
    press(page, "ArrowLeft")
    judged(page, 1)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "judgment" in request.url else None)
    go_offline(page)
    judgments = ["left", "right", "tie", "both_bad", "left", "left", "right", "tie", "right", "left"]
    keys = {"left": "1", "right": "2", "tie": "t", "both_bad": "b"}
    pairs = []
    for choice in judgments:
        ready(page)
        pairs.append(both_texts(page))
        press(page, keys[choice])
    expect(page.get_by_test_id("trouble")).to_contain_text("cannot be reached")
    expect(page.get_by_test_id("on-their-way")).to_have_text("10 on their way")
    assert len(choices(on_stage.alice)) == 1
    go_online(page)
    judged(page, 11)
    expect(page.get_by_test_id("trouble")).to_be_hidden()
    assert choices(on_stage.alice) == ["left", *judgments]
    assert Judgment.objects.filter(annotator=on_stage.alice).count() == 11
    assert len(set(pairs)) == 10
    assert len(sent) >= 11  # the first of the ten was tried in vain


def test_when_what_is_held_ahead_is_used_up_the_page_says_why_it_waits_and_goes_on_by_itself(
    page: Page, on_stage: Stage
) -> None:
    go_offline(page)
    for _ in range(6):
        press(page, "ArrowLeft")
    expect(page.get_by_test_id("judging")).to_have_attribute("data-state", "busy")
    expect(page.get_by_test_id("trouble")).to_contain_text("cannot be reached")
    go_online(page)
    ready(page)
    judged(page, 6)


def test_a_page_closed_without_a_network_delivers_when_it_is_opened_again(page: Page, on_stage: Stage) -> None:
    go_offline(page)
    for key in ("1", "2", "1"):
        press(page, key)
    context = page.context
    page.close()
    go_online_page = context.new_page()
    context.set_offline(False)
    go_online_page.goto(PATH)
    judged(go_online_page, 3)
    assert choices(on_stage.alice) == ["left", "right", "left"]
    press(go_online_page, "z")  # the last one of them
    judged(go_online_page, 2)
    assert choices(on_stage.alice) == ["left", "right"]


def test_somebody_else_at_the_same_browser_sends_nothing_in_her_name(
    page: Page, on_stage: Stage, sign_in: SignIn
) -> None:
    go_offline(page)
    press(page, "ArrowLeft")
    expect(page.get_by_test_id("trouble")).to_be_visible()
    kept = page.evaluate("Object.entries(localStorage)")
    bob = sign_in(on_stage.bob, path=PATH)
    bob.evaluate("entries => entries.forEach(([name, value]) => localStorage.setItem(name, value))", kept)
    bob.reload()
    press(bob, "ArrowRight")
    judged(bob, 1)
    assert choices(on_stage.bob) == ["right"]
    assert choices(on_stage.alice) == []


def test_what_has_not_been_sent_is_undone_without_a_network(page: Page, on_stage: Stage) -> None:
    go_offline(page)
    press(page, "ArrowLeft")
    expect(page.get_by_test_id("trouble")).to_be_visible()
    second = both_texts(page)
    press(page, "ArrowLeft")
    press(page, "z")
    ready(page)
    assert both_texts(page) == second
    press(page, "ArrowRight")
    go_online(page)
    judged(page, 2)
    assert choices(on_stage.alice) == ["left", "right"]
    assert Judgment.objects.filter(annotator=on_stage.alice).count() == 2  # nothing had to be superseded


def test_an_undo_of_what_is_on_its_way_waits_for_it(page: Page, on_stage: Stage) -> None:
    first = both_texts(page)
    go_offline(page)
    press(page, "ArrowLeft")
    expect(page.get_by_test_id("trouble")).to_be_visible()
    press(page, "z")
    expect(page.get_by_test_id("judging")).to_have_attribute("data-state", "busy")
    go_online(page)
    ready(page)
    judged(page, 0)
    assert both_texts(page) == first
    assert choices(on_stage.alice) == []


def test_after_an_undo_what_was_shown_comes_right_after_it(page: Page, on_stage: Stage) -> None:
    first = both_texts(page)
    press(page, "ArrowLeft")
    judged(page, 1)
    second = both_texts(page)
    press(page, "z")
    judged(page, 0)
    assert both_texts(page) == first
    press(page, "ArrowLeft")
    ready(page)
    assert both_texts(page) == second
    judged(page, 1)
    assert Assignment.objects.filter(annotator=on_stage.alice, status="leased").count() == 6


def test_the_page_fetches_each_pair_once(on_stage: Stage, sign_in: SignIn) -> None:
    on_stage.add([pair(number) for number in range(100, 110)])
    seen: list[int] = []

    def note(body: dict[str, Any]) -> None:
        fresh = [body.get("next") or body.get("assignment"), *body.get("following", [])]
        seen.extend(one["id"] for one in fresh if one)

    page = sign_in(on_stage.alice)
    page.on("response", lambda answer: note(json.loads(answer.text())) if "/api/" in answer.url else None)
    page.goto(PATH)
    page.wait_for_load_state("networkidle")
    for number in range(1, 7):
        press(page, "ArrowLeft")
        judged(page, number)
    assert len(seen) == len(set(seen)) == 11  # 5 at the start, one with each judgment; the first came with the page


def test_guidelines_that_change_in_between_are_announced(page: Page, on_stage: Stage) -> None:
    write_guidelines(
        campaign=on_stage.campaign, text="Prefer the **shorter** one.", acting_user=on_stage.maya, now=timezone.now()
    )
    expect(page.get_by_test_id("open-guidelines")).to_be_hidden()
    for number in range(1, 8):  # the first ones were held before
        press(page, "ArrowLeft")
        judged(page, number)
    toast = page.get_by_test_id("toast")
    expect(toast).to_contain_text("The guidelines have changed: version 1.")
    toast.get_by_role("button", name="Read guidelines").click()
    expect(page.get_by_test_id("guidelines").locator("strong")).to_have_text("shorter")
    page.keyboard.press("Escape")
    page.reload()
    expect(page.get_by_test_id("guidelines-changed")).to_be_hidden()  # judged under them already
    write_guidelines(campaign=on_stage.campaign, text="Again.", acting_user=on_stage.maya, now=timezone.now())
    page.reload()
    expect(page.get_by_test_id("guidelines-changed")).to_contain_text("version 2")


def test_a_campaign_that_allows_none_ahead_gives_none_ahead(transactional_db: None, sign_in: SignIn) -> None:
    scene = stage(comparisons=4, prefetch=0)
    page = sign_in(scene.alice, path=PATH)
    page.wait_for_load_state("networkidle")
    assert Assignment.objects.filter(annotator=scene.alice).count() == 1
    press(page, "ArrowLeft")
    judged(page, 1)
    assert Assignment.objects.filter(annotator=scene.alice, status="leased").count() == 1
