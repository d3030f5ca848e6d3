"""By keyboard alone: an annotator's session, and the pages of experts, leads and of one's own account."""

from playwright.sync_api import Locator, Page, expect

from labeling.models import Erasure, Judgment, User, Verdict
from tests.browser.annotating import choices, judged, press
from tests.browser.busy import occupy
from tests.browser.conftest import SignIn
from tests.people import Stage, stage

MOST = 60
"""Presses of Tab within which anything on a page must be reached."""


def tab_to(page: Page, wanted: Locator) -> None:
    for _ in range(MOST):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} cannot be reached by keyboard")


def test_an_annotator_goes_from_the_first_page_to_the_last_pair(transactional_db: None, sign_in: SignIn) -> None:
    scene = stage(comparisons=5, prefetch=5)
    page = sign_in(scene.alice)
    tab_to(page, page.get_by_test_id("judge-sums"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/annotate/")
    press(page, "ArrowLeft")
    press(page, "t")
    press(page, "z")
    press(page, "b")
    press(page, "S")
    page.keyboard.press("3")
    press(page, "c")
    page.keyboard.type("It is shorter.")
    page.keyboard.press("Escape")
    press(page, "2")
    judged(page, 3)
    press(page, "ArrowRight")
    expect(page.get_by_test_id("done").locator("h2")).to_be_focused()
    judged(page, 4)
    assert choices(scene.alice) == ["left", "both_bad", "skip", "right", "right"]
    assert Judgment.objects.exclude(comment="").get().comment == "It is shorter."
    tab_to(page, page.get_by_test_id("done").get_by_role("link", name="Your campaigns"))
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("campaign-sums")).to_contain_text("4 judged by you")


def test_an_expert_finds_a_conflict_and_decides_it(on_stage: Stage, sign_in: SignIn) -> None:
    occupy(on_stage)
    page = sign_in(User.objects.get(username="eve"))
    tab_to(page, page.get_by_test_id("adjudicate-sums"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/adjudication/")
    tab_to(page, page.get_by_label("A is better"))
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    tab_to(page, page.get_by_label("Reason"))
    page.keyboard.type("It is true.")
    tab_to(page, page.get_by_test_id("decide"))
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("messages")).to_contain_text("Decision saved")
    assert Verdict.objects.get(settled_by="adjudication").winner == "b"


def test_a_lead_looks_through_the_attempts_at_a_message_and_removes_the_webhook(
    on_stage: Stage, sign_in: SignIn
) -> None:
    occupy(on_stage)
    page = sign_in(on_stage.maya, path="/campaigns/sums/webhooks/")
    given_up = page.get_by_test_id("deliveries").locator("tr", has_text="Given up")
    tab_to(page, given_up.locator("summary"))
    page.keyboard.press("Enter")
    expect(given_up.locator(".attempts li")).to_have_count(11)
    page.reload()
    first = page.get_by_test_id("webhooks").locator("tbody tr").first
    tab_to(page, first.get_by_role("button", name="Remove…"))
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Keep")).to_be_focused()  # what changes nothing comes first
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("webhooks").locator("tbody tr")).to_have_count(1)


def test_somebody_erases_their_account_and_withdraws_what_they_judged(on_stage: Stage, sign_in: SignIn) -> None:
    on_stage.settle("ab")
    page = sign_in(on_stage.alice, path="/you/")
    tab_to(page, page.get_by_label("Also withdraw the judgments"))
    page.keyboard.press("Space")
    tab_to(page, page.get_by_label("Type your user name to confirm"))
    page.keyboard.type("alice")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("sign-in")).to_be_visible()
    assert (Erasure.objects.get().judgments, Erasure.objects.get().withdrawn) == (2, 2)
    assert not Verdict.objects.exists()
