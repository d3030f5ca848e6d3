"""Judgments on bad networks: kept, sent again, and never twice."""

import json

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from labeling.judging.assignments import release_assignment
from labeling.models import Assignment, Campaign, Comparison, Judgment
from tests.browser.annotating import PATH, both_texts, choices, judged, press, ready
from tests.browser.conftest import SignIn
from tests.people import Stage


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
    before = both_texts(alice_page)
    hers = Assignment.objects.filter(annotator=on_stage.alice).order_by("leased_at", "pk")[0]
    on_stage.now = timezone.now()
    release_assignment(assignment=hers, acting_user=on_stage.maya, now=on_stage.now)
    while Comparison.objects.get(pk=hers.comparison_id).judged == 0:
        on_stage.vote(on_stage.given(on_stage.bob), "a")
    alice_page.keyboard.press("ArrowLeft")
    expect(alice_page.get_by_test_id("trouble")).to_be_visible()
    ready(alice_page)
    assert both_texts(alice_page) != before
    assert choices(on_stage.alice) == []
