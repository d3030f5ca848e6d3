"""A lead asks people about a version that was held back: they vote, it passes, is promoted, and is rolled back."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.annotating import both_texts, judged, press
from tests.browser.conftest import PHONE, Picture, SignIn, no_sideways_scrolling
from tests.browser.furnished import Furnished, furnish
from tests.people import NOON, Stage, pair
from tests.training.gates_by_people import hold, voted, voting_gate, written
from training.actions.gate import decide_by_rule, save_gate
from training.models import Deployment, GateDecision, PeopleGate, RetrainingRule
from training.tasks import look_at_blind_test
from training.versions import files

RULES = [{"figure": "pairs", "floor": 10}, {"figure": "people", "floor": 1, "on_missing": "hold"}]


@pytest.fixture
def furnished(on_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Furnished:
    """The campaign after two rounds. Its versions have no files, so nothing checks them."""
    monkeypatch.setattr(files, "check_version", lambda version: None)
    return furnish(on_stage)


@pytest.fixture
def held_back(on_stage: Stage, furnished: Furnished) -> GateDecision:
    """sums-v2, which the gate holds back until people have preferred it; half of the prompts are held for that."""
    on_stage.add([pair(number) for number in range(100, 112)])
    hold(on_stage.campaign)
    RetrainingRule.objects.create(campaign=on_stage.campaign, enabled=True, auto_promote=True, updated_at=NOON)
    save_gate(campaign=on_stage.campaign, rules=RULES, acting_user=on_stage.maya, now=NOON)
    return decide_by_rule(run=furnished.finished, version=furnished.two, now=NOON)


def votes_for_the_shorter(page: Page, times: int) -> None:
    """An annotator prefers the shorter text, by the keyboard."""
    for number in range(1, times + 1):
        expect(page.get_by_test_id("judging")).to_have_attribute("data-state", "ready")
        left, right = both_texts(page)
        press(page, "ArrowLeft" if len(left) < len(right) else "ArrowRight")
        judged(page, number)


def test_a_version_that_was_held_back_is_asked_about_promoted_and_rolled_back(
    on_stage: Stage, held_back: GateDecision, sign_in: SignIn, picture: Picture
) -> None:
    page = sign_in(on_stage.maya, path="/")
    page.get_by_role("link", name="sums-v2 was held back by the gate").first.click()
    expect(page.get_by_test_id("decision-reason")).to_contain_text("People have not compared it with the version")
    page.get_by_test_id("ask-people").click()
    page.get_by_label("Risk of a wrong decision (%)").fill("10")
    picture(page, "people-gate-open")
    page.get_by_test_id("open-gate").click()
    expect(page.get_by_test_id("people-gate-reason")).to_contain_text("texts are being written")

    gate = written(PeopleGate.objects.select_related("candidate", "serving").get())  # as a worker does
    page.reload()
    expect(page.get_by_test_id("people-gate-status")).to_have_text("Voting")

    alice = sign_in(on_stage.alice, path="/")
    card = alice.get_by_test_id(f"campaign-{gate.blind_test.slug}")
    expect(card.get_by_test_id("blind-test")).to_be_visible()
    card.get_by_role("link", name=gate.blind_test.name).click()
    alice.wait_for_url(f"**/campaigns/{gate.blind_test.slug}/annotate/")
    alice.wait_for_load_state()  # before, no script takes a key
    assert "sums-v" not in alice.content()  # no name of a version, whoever looks
    votes_for_the_shorter(alice, 2)
    page.get_by_test_id("cancel-gate").focus()
    look_at_blind_test(gate.blind_test_id)
    expect(page.get_by_test_id("votes")).to_have_text("2")  # the page follows the votes
    expect(page.get_by_test_id("cancel-gate")).to_be_focused()
    expect(page.get_by_test_id("expected-votes")).to_be_visible()
    picture(page, "people-gate-voting")
    bob = sign_in(on_stage.bob, path=f"/campaigns/{gate.blind_test.slug}/annotate/")
    votes_for_the_shorter(bob, 3)
    look_at_blind_test(gate.blind_test_id)
    expect(page.locator("#announcer")).to_contain_text("People prefer it to sums-v1")

    page.goto("/")
    page.get_by_role("link", name="sums-v2 passed its gate by people").first.click()
    expect(page.get_by_test_id("people-gate-reason")).to_contain_text("People prefer it to sums-v1: it won 100.0 %")
    expect(page.get_by_test_id("wealth-chart")).to_be_visible()
    picture(page, "people-gate-passed")
    page.get_by_test_id("to-promotion").click()
    page.get_by_test_id("confirm-promote").click()
    expect(page.get_by_test_id("messages")).to_contain_text("sums-v2 serves now")
    decision = GateDecision.objects.order_by("-pk")[0]
    assert (decision.outcome, decision.figures["people_gate"]["gate"]) == ("passed", gate.pk)

    page.goto("/versions/")
    page.get_by_test_id("rollback").click()
    page.get_by_test_id("confirm-rollback").click()
    expect(page.get_by_test_id("messages")).to_contain_text("sums-v1 serves again")
    assert Deployment.objects.get(is_current=True).version.name == "sums-v1"


@pytest.mark.parametrize(("language", "theme"), [("de-DE", "dark"), ("en", "light")])
def test_the_pages_of_a_gate_fit_a_phone(
    on_stage: Stage, furnished: Furnished, sign_in: SignIn, picture: Picture, language: str, theme: str
) -> None:
    gate = voting_gate(on_stage.campaign, furnished.two, furnished.one)
    gate = voted(gate, on_stage.bob, ["candidate", "tie", "candidate", "serving", "candidate"])
    page = sign_in(on_stage.maya, path="/", viewport=PHONE, color_scheme=theme, locale=language)
    paths = ("/campaigns/sums/people-gates/", f"/people-gates/{gate.pk}/", "/versions/sums-v2/promote/")
    for number, path in enumerate(paths):
        page.goto(path)
        picture(page, f"people-gate-phone-{theme}-{number}")
        assert no_sideways_scrolling(page), path


def test_the_page_of_a_blind_test_leads_to_its_gate(on_stage: Stage, furnished: Furnished, sign_in: SignIn) -> None:
    gate = voting_gate(on_stage.campaign, furnished.two, furnished.one)
    page = sign_in(on_stage.maya, path=f"/campaigns/{gate.blind_test.slug}/")
    expect(page).to_have_url(f"{page.url.partition('/people-gates')[0]}/people-gates/{gate.pk}/")
    page.get_by_test_id("cancel-gate").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("people-gate-status")).to_have_text("Cancelled")
