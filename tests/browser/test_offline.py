"""The annotator's page loaded again without a network: it goes on, and delivers what was said exactly once."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from labeling.models import Assignment, Campaign, Judgment
from tests.browser.annotating import PATH, both_texts, choices, judged, press, ready, until
from tests.browser.conftest import SignIn, session_of
from tests.browser.network import Network, network_to
from tests.people import Stage, pair

KEPT = """async () => (await caches.has("annotate-pages")) && (await caches.has("annotate-statics"))
    && (await (await caches.open("annotate-statics")).keys()).length > 20"""


@pytest.fixture
def network(live_server: LiveServer) -> Iterator[Network]:
    with network_to(live_server.thread.host, live_server.thread.port) as network:
        yield network


@pytest.fixture
def page(on_stage: Stage, network: Network, sign_in: SignIn) -> Page:
    """Alice, with eleven pairs held and the page kept."""
    Campaign.objects.update(prefetch=11)
    on_stage.add([pair(number) for number in range(100, 130)])
    opened = sign_in(on_stage.alice, path=PATH, keeps_pages=True, base_url=network.url)
    opened.wait_for_load_state("networkidle")
    until(opened, lambda: opened.evaluate(KEPT))
    opened.evaluate("navigator.serviceWorker.ready.then(() => true)")
    return opened


def test_ten_judgments_made_offline_arrive_exactly_once_though_the_page_was_loaded_again(
    page: Page, on_stage: Stage, network: Network
) -> None:
    press(page, "ArrowLeft")
    judged(page, 1)
    network.cut()
    keys = {"left": "1", "right": "2", "tie": "t", "both_bad": "b"}
    judgments = ["left", "right", "tie", "both_bad", "left", "left", "right", "tie", "right", "left"]
    seen = []
    for choice in judgments[:5]:
        ready(page)
        seen.append(both_texts(page))
        press(page, keys[choice])
    ready(page)
    next_one = both_texts(page)
    page.reload()
    ready(page)
    assert both_texts(page) == next_one
    expect(page.get_by_test_id("on-their-way")).to_have_text("5 on their way")
    expect(page.get_by_test_id("judged")).to_have_text("1")
    expect(page.get_by_test_id("trouble")).to_contain_text("cannot be reached")
    press(page, "z")  # the last one of the earlier page
    ready(page)
    assert both_texts(page) == seen[-1]
    for choice in judgments[4:]:
        ready(page)
        seen.append(both_texts(page))
        press(page, keys[choice])
    page.reload()
    expect(page.get_by_test_id("on-their-way")).to_have_text("10 on their way")
    assert len(choices(on_stage.alice)) == 1
    network.mend()
    judged(page, 11)
    expect(page.get_by_test_id("trouble")).to_be_hidden()
    assert choices(on_stage.alice) == ["left", *judgments]
    assert Judgment.objects.filter(annotator=on_stage.alice).count() == 11
    assert len(set(seen)) == 10
    press(page, "ArrowLeft")  # and it goes on
    judged(page, 12)


def test_what_was_kept_is_forgotten_by_signing_out_and_is_nobody_elses(
    page: Page, on_stage: Stage, network: Network
) -> None:
    hers = both_texts(page)
    stored = (
        "async (name) => (await (await caches.open('annotate-pages')).match(location.pathname + name))?.text() ?? ''"
    )
    until(page, lambda: hers[0] in page.evaluate(stored, "held"))
    cookie = {"name": "sessionid", "value": session_of(on_stage.bob), "url": page.url.removesuffix(PATH)}
    page.context.add_cookies([cookie])  # type: ignore[list-item]  # Bob at her browser, and she did not sign out
    page.goto(PATH)
    page.wait_for_load_state("networkidle")
    until(page, lambda: "bob" in page.evaluate(stored, "") and page.evaluate(stored, "held"))
    network.cut()
    page.reload()
    expect(page.locator(".who")).to_have_text("bob")
    ready(page)
    network.mend()
    page.goto("/")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_test_id("sign-in")).to_be_visible()
    until(page, lambda: not page.evaluate("caches.has('annotate-pages')"))
    until(page, lambda: not page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)"))


def test_the_page_that_is_kept_has_no_pair_and_gives_none_out(on_stage: Stage, client: Client) -> None:
    client.force_login(on_stage.alice)
    answer = client.get(f"{PATH}?kept")
    assert answer.status_code == 200
    assert "data-kept" in answer.content.decode()
    assert not re.search(r"What is \d+ plus one", answer.content.decode())
    assert not Assignment.objects.exists()
    worker = client.get("/campaigns/offline.js")
    assert (worker.headers["Content-Type"], worker.headers["Cache-Control"]) == ("text/javascript", "no-cache")
    assert b"addEventListener" in worker.content
