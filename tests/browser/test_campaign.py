"""The lead's page in a browser: counts and jobs that move by themselves, and acts that ask first."""

import re

import pytest
from playwright.sync_api import Page, expect

from labeling.models import Judgment
from tests.browser.annotating import until
from tests.browser.conftest import SignIn
from tests.browser.furnished import STEPS, Furnished, furnish
from tests.people import Stage
from training.models import Deployment, GenerationJob, Run
from training.versions import files

PATH = "/campaigns/sums/"


@pytest.fixture
def furnished(on_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Furnished:
    """The campaign after two rounds. Its versions have no files, so nothing checks them."""
    monkeypatch.setattr(files, "check_version", lambda version: None)
    return furnish(on_stage)


def number(page: Page, name: str) -> int:
    return int(re.sub(r"\D", "", page.get_by_test_id(name).inner_text()))


def test_the_lead_sees_the_counts_move_while_somebody_judges(on_stage: Stage, sign_in: SignIn) -> None:
    maya = sign_in(on_stage.maya, path=PATH)
    assert number(maya, "settled") == 0
    alice = sign_in(on_stage.alice, path=f"{PATH}annotate/")
    for done in (1, 2, 3):
        alice.get_by_test_id("choose-left").click()
        expect(alice.get_by_test_id("judged")).to_have_text(str(done))
    expect(maya.get_by_test_id("settled")).to_have_text("3")
    expect(maya.get_by_test_id("judgments-today")).to_have_text("3")
    assert Judgment.objects.count() == 3


def test_jobs_show_how_far_they_are_and_move_by_themselves(
    on_stage: Stage, furnished: Furnished, sign_in: SignIn
) -> None:
    page = sign_in(on_stage.maya, path=PATH)
    expect(page.get_by_test_id("generation-progress")).to_contain_text("86 of 240 completions")
    expect(page.get_by_test_id("run-progress")).to_contain_text(f"{STEPS // 2} of {STEPS} steps")
    GenerationJob.objects.update(done=120)
    Run.objects.filter(pk=furnished.running.pk).update(done=20)
    expect(page.get_by_test_id("generation-progress")).to_contain_text(
        "120 of 240 completions · 2.5 per second · 48 s left"
    )
    expect(page.get_by_test_id("run-progress")).to_contain_text("20 of 24 steps · loss 0.520")
    scoring = {"event": "scoring", "what": "held_out", "pairs": 30, "of": 40, "remaining_seconds": 12.0}
    Run.objects.filter(pk=furnished.running.pk).update(latest=scoring)
    expect(page.get_by_test_id("run-progress")).to_contain_text(
        "20 of 24 steps · scoring the held-out pairs: 30 of 40 · 12 s left"
    )
    assert page.locator("[data-job=generation] progress").evaluate("bar => bar.value") == 120


def test_when_a_job_ends_its_place_shows_what_to_do_next(
    on_stage: Stage, furnished: Furnished, sign_in: SignIn
) -> None:
    page = sign_in(on_stage.maya, path=PATH)
    expect(page.get_by_test_id("start-generation")).to_have_count(0)
    page.get_by_label("Fresh verdicts needed").fill("77")  # what somebody is filling in stays
    GenerationJob.objects.update(status="finished", done=240)
    expect(page.get_by_test_id("start-generation")).to_be_visible()
    Run.objects.filter(pk=furnished.running.pk).update(status="failed", error="The disk is full: make room.")
    expect(page.get_by_test_id("run-error")).to_have_text("The disk is full: make room.")
    expect(page.get_by_test_id("resume-run")).to_be_visible()
    expect(page.get_by_label("Fresh verdicts needed")).to_have_value("77")


def test_a_server_that_does_not_answer_for_a_while_is_asked_again(
    on_stage: Stage, furnished: Furnished, sign_in: SignIn
) -> None:
    page = sign_in(on_stage.maya, path=PATH)
    page.route("**/api/v1/generation/**", lambda route: route.abort())
    page.wait_for_timeout(2500)
    GenerationJob.objects.update(done=200)
    page.unroute("**/api/v1/generation/**")
    expect(page.get_by_test_id("generation-progress")).to_contain_text("200 of 240")


def test_nothing_is_asked_while_nobody_looks(on_stage: Stage, furnished: Furnished, sign_in: SignIn) -> None:
    page = sign_in(on_stage.maya, path=PATH)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    hide = """(hidden) => {
        Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(hide, True)
    page.wait_for_timeout(500)
    asked.clear()
    page.wait_for_timeout(3000)
    assert asked == []
    page.evaluate(hide, False)
    until(page, lambda: asked)


def test_promoting_asks_first_and_rolling_back_undoes_it(
    on_stage: Stage, furnished: Furnished, sign_in: SignIn
) -> None:
    page = sign_in(on_stage.maya, path=PATH)
    expect(page.get_by_test_id("serving-version")).to_have_text("sums-v1")
    page.get_by_test_id("promote-next").click()
    expect(page.get_by_test_id("gate-accuracy")).to_have_text("79.2 %")
    page.get_by_role("link", name="Cancel").click()
    assert Deployment.objects.get(is_current=True).version.name == "sums-v1"
    page.get_by_test_id("promote-next").click()
    page.get_by_test_id("confirm-promote").click()
    expect(page.get_by_test_id("serving-version")).to_have_text("sums-v2")
    expect(page.get_by_test_id("messages")).to_contain_text("sums-v2 serves now")
    page.get_by_test_id("rollback").click()
    page.get_by_test_id("confirm-rollback").click()
    expect(page.get_by_test_id("serving-version")).to_have_text("sums-v1")
    assert Deployment.objects.get(is_current=True).kind == "rollback"


def test_without_javascript_a_version_can_be_promoted(on_stage: Stage, furnished: Furnished, sign_in: SignIn) -> None:
    page = sign_in(on_stage.maya, path=PATH, java_script_enabled=False)
    page.get_by_test_id("promote-sums-v2").click()
    page.get_by_test_id("confirm-promote").click()
    expect(page.get_by_test_id("serving-version")).to_have_text("sums-v2")


def test_a_form_that_is_sent_twice_acts_once(on_stage: Stage, furnished: Furnished, sign_in: SignIn) -> None:
    GenerationJob.objects.update(status="finished")
    page = sign_in(on_stage.maya, path=PATH)
    page.get_by_test_id("start-generation").dblclick()
    expect(page.get_by_test_id("generation-status")).to_be_visible()
    expect(page.get_by_test_id("messages")).to_contain_text("24 completions are being written")
    assert GenerationJob.objects.count() == 2


def test_the_theme_is_kept_from_page_to_page(on_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(on_stage.maya, path=PATH, color_scheme="light")
    light = page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor")
    page.get_by_role("button", name="Switch between light, dark and high contrast").click()
    dark = page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor")
    assert dark != light
    page.goto("/")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor") == dark
