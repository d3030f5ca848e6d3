"""A lead reads why a version was held back, promotes it with a reason, rolls it back, and resumes retraining."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Picture, SignIn, no_sideways_scrolling
from tests.browser.furnished import Furnished, furnish
from tests.people import NOON, Stage
from training.actions.gate import decide_by_rule, save_gate
from training.models import Deployment, GateDecision, RetrainingRule
from training.versions import files

NARROW = {"width": 390, "height": 844}


@pytest.fixture
def furnished(on_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Furnished:
    """The campaign after two rounds. Its versions have no files, so nothing checks them."""
    monkeypatch.setattr(files, "check_version", lambda version: None)
    return furnish(on_stage)


@pytest.fixture
def held_back(on_stage: Stage, furnished: Furnished) -> GateDecision:
    """sums-v2, which its campaign's gate holds back: it has 24 held-out pairs, and 50 are needed."""
    RetrainingRule.objects.create(campaign=on_stage.campaign, enabled=True, auto_promote=True, updated_at=NOON)
    rules = [
        {"figure": "pairs", "floor": 50},
        {"figure": "accuracy_low", "floor": 0.5},
        {"figure": "difference_to_parent_high", "floor": 0.0},
        {"figure": "kl_per_token", "ceiling": 0.1, "on_missing": "ignore"},
    ]
    save_gate(campaign=on_stage.campaign, rules=rules, acting_user=on_stage.maya, now=NOON)
    return decide_by_rule(run=furnished.finished, version=furnished.two, now=NOON)


def test_a_version_that_was_held_back_is_promoted_with_a_reason_and_rolled_back(
    on_stage: Stage, held_back: GateDecision, sign_in: SignIn, picture: Picture
) -> None:
    on_stage.settle("ab")
    page = sign_in(on_stage.maya, path="/")
    page.get_by_role("link", name="sums-v2 was held back by the gate").first.click()
    expect(page.get_by_test_id("decision-reason")).to_contain_text("measured on only 24 held-out pairs; 50 are needed")
    expect(page.get_by_test_id("gate-result")).to_have_count(4)
    picture(page, "gate-decision")
    page.get_by_test_id("promote-anyway").click()
    accuracy = page.get_by_test_id("gate-accuracy")
    expect(accuracy).to_have_text("79.2 %")  # the same figure, against the same reference
    picture(page, "gate-promote")
    page.get_by_test_id("confirm-promote").click()
    assert Deployment.objects.get(is_current=True).version.name == "sums-v1"  # the browser asks for the reason first
    page.get_by_label("Why promote it anyway?").fill("Fifty pairs will take a week. I read twenty of its texts.")
    page.get_by_test_id("confirm-promote").click()
    expect(page.get_by_test_id("messages")).to_contain_text("sums-v2 serves now")
    page.goto("/versions/")
    page.get_by_test_id("rollback").click()
    page.get_by_test_id("set-aside").get_by_text("Set labels aside").click()
    page.get_by_role("dialog").get_by_label("Settled from").fill("2026-03-02")
    picture(page, "gate-rollback", whole=False)
    page.get_by_test_id("confirm-rollback").click()
    given_back = page.get_by_test_id("rollback-given-back")
    expect(given_back).to_contain_text("Nothing was rolled back")
    expect(given_back.get_by_label("Settled from")).to_have_value("2026-03-02")
    picture(page, "gate-rollback-refused")
    given_back.get_by_label("Settled from").press("Enter")
    expect(page.get_by_test_id("messages")).to_contain_text("sums-v1 serves again. 2 comparisons are set aside.")
    page.goto("/campaigns/sums/")
    expect(page.get_by_test_id("retraining-paused")).to_contain_text("sums-v2 was rolled back")
    expect(page.get_by_test_id("labels-since")).to_have_attribute("href", re.compile(r"\?settled_since=\d{4}-"))
    picture(page, "gate-paused")
    page.get_by_test_id("resume-retraining").click()
    expect(page.get_by_test_id("retraining-paused")).to_be_hidden()
    decision = GateDecision.objects.first()
    assert decision is not None
    assert (decision.outcome, decision.by, decision.waiver[:5]) == ("waived", on_stage.maya, "Fifty")
    page.goto(f"/gate-decisions/{decision.pk}/")
    expect(page.get_by_test_id("waiver")).to_contain_text("I read twenty of its texts")
    with page.expect_download() as download:
        page.get_by_test_id("certificate").click()
    assert decision.certificate_hash in download.value.path().read_text()


@pytest.mark.parametrize(("language", "width"), [("en", "wide"), ("de", "narrow")])
def test_a_gate_is_changed_on_its_page_without_javascript(
    on_stage: Stage, held_back: GateDecision, sign_in: SignIn, picture: Picture, language: str, width: str
) -> None:
    wishes = {"viewport": NARROW, "color_scheme": "dark", "locale": "de-DE"} if width == "narrow" else {}
    page = sign_in(on_stage.maya, path="/campaigns/sums/gate/", java_script_enabled=False, **wishes)
    picture(page, f"gate-{width}-{language}")
    page.locator("[name=pairs_limit]").fill("20")
    page.locator("[name=kl_per_token_limit]").fill("-5")  # out of range, and then out of sight: it does not count
    page.locator("[name=kl_per_token_use]").uncheck()
    page.get_by_test_id("save-gate").click()
    expect(page.get_by_test_id("gate-rules")).to_contain_text("20")
    if width == "narrow":
        page.goto(f"/gate-decisions/{held_back.pk}/")
        picture(page, "gate-decision-narrow-de")
        page.goto("/versions/sums-v2/promote/")
        picture(page, "gate-promote-narrow-de")


def test_the_pages_of_gates_fit_a_narrow_window(on_stage: Stage, held_back: GateDecision, sign_in: SignIn) -> None:
    page = sign_in(on_stage.maya, path="/campaigns/sums/gate/", viewport=NARROW)
    for path in ("/campaigns/sums/gate/", f"/gate-decisions/{held_back.pk}/", "/versions/sums-v2/promote/"):
        page.goto(path)
        assert no_sideways_scrolling(page), path
