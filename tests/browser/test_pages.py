"""Every page, light and dark, wide and on a phone, with a picture of each for people to look at.

No script error, nothing blocked, nothing from elsewhere (see conftest), no sideways scrolling, and nothing that axe
finds against WCAG 2.2 AA. A page that is missing here fails.
"""

from typing import Any

import pytest
from django.urls import resolve
from playwright.sync_api import Page, expect

from labeling.actions.mails import address_token
from labeling.models import User
from tests.browser.barriers import barriers
from tests.browser.busy import newcomer, occupy
from tests.browser.conftest import PHONE, Picture, SignIn, no_sideways_scrolling
from tests.browser.evaluations import evaluation_of, unfinished_evaluation
from tests.browser.furnished import Furnished, furnish, real_snapshot
from tests.browser.groups import grouping_of, measured_groups, search_for_groups
from tests.browser.imports import bulk_of, imports_of
from tests.browser.lens_and_lab import experiment_of, lens_job_of, search_of
from tests.browser.price import price_job_of
from tests.browser.selection import choice_of, trial_of
from tests.browser.suite_runs import suite_names
from tests.people import PASSWORD, Stage
from tests.roles.rows import reset_link
from tests.roles.rules import LABELING_PAGES, SITE, TRAINING_PAGES
from tests.training.gates_by_people import voted, voting_gate

PAGES = {
    "nobody": (
        "/login/",
        "/login/passkey/",
        "/glossary/",
        "/invitations/{invitation}/",
        "/problems/",
        "/problems/already-judged",
        "/password/",
        "/password/sent/",
        "/password/{reset}/",
        "/you/address/confirm/{address}/",
    ),
    "maya": (
        "/",
        "/inbox/",
        "/you/",
        "/you/password/",
        "/you/second-factor/",
        "/you/passkeys/",
        "/you/address/",
        "/tokens/",
        "/campaigns/new/",
        "/campaigns/sums/",
        "/campaign-import/",
        "/campaigns/sums/data/",
        "/campaigns/sums/data/export/?dialect=csv",
        "/campaigns/sums/data/imports/{batch}/",
        "/campaigns/sums/data/imports/{preview}/",
        "/campaigns/sums/statistics/",
        "/campaigns/sums/adjudication/",
        "/campaigns/sums/flags/",
        "/campaigns/sums/questions/",
        "/campaigns/sums/verdicts/",
        "/campaigns/sums/disagreements/",
        "/campaigns/sums/comparisons/{comparison}/",
        "/campaigns/sums/comparisons/",
        "/campaigns/sums/comparisons/?text=1&order=queue&status=open",
        "/campaigns/sums/prompts/",
        "/campaigns/sums/prompts/{prompt}/",
        "/campaigns/sums/acts/{act}/",
        "/campaigns/sums/preview/",
        "/campaigns/sums/people/",
        "/campaigns/sums/people/alice/",
        "/campaigns/sums/people/alice/training/",
        "/campaigns/sums/practice/",
        "/campaigns/sums/practice/{practice}/",
        "/campaigns/sums/groups/",
        "/campaigns/sums/invitations/",
        "/campaigns/sums/guidelines/?edit",
        "/campaigns/sums/settings/",
        "/campaigns/sums/events/",
        "/campaigns/sums/webhooks/",
        "/runs/{finished}/",
        "/runs/compare/",
        "/campaigns/sums/snapshots/",
        "/snapshots/{snapshot}/?side=test",
        "/snapshots/{snapshot}/changes/",
        "/snapshots/{snapshot}/doubt/",
        "/snapshots/{snapshot}/doubt/?order=doubtful",
        "/campaigns/sums/suites/",
        "/suites/{suite}/",
        "/suites/{suite}/edit/",
        "/suite-runs/{after}/",
        "/suite-runs/{after}/compare/{before}/",
        "/playground/",
        "/runs/{finished}/surprises/",
        "/lens/",
        "/lens/?comparison={comparison}",
        "/lens/{lens_job}/",
        "/story/",
        "/lab/",
        "/versions/",
        "/versions/compare/?one=sums-v1&other=sums-v2",
        "/versions/sums-v2/",
        "/versions/sums-v2/promote/",
        "/evaluations/{evaluation}/",
        "/evaluations/{waiting}/",
        "/evaluations/compare/",
        "/campaigns/sums/gate/",
        "/campaigns/sums/rounds/",
        "/campaigns/sums/price/?votes=400&target=70",
        "/campaigns/sums/selection/",
        "/rounds/{turn}/",
        "/gate-decisions/{decision}/",
        "/campaigns/sums/people-gates/",
        "/people-gates/{people_gate}/",
        "/versions/sums-v2/people-gate/",
        "/campaigns/nowhere/",
    ),
    "alice": (
        "/",
        "/you/",
        "/campaigns/sums/annotate/",
        "/campaigns/sums/guidelines/",
        "/campaigns/sums/judgments/",
        "/campaigns/sums/judgments/{own}/",
        "/campaigns/sums/judgments/questions/",
        "/campaigns/sums/scenario-questions/",
        "/campaigns/sums/assignments/{own}/ask/",
        "/invitations/{invitation}/",
    ),
    "eve": ("/campaigns/sums/adjudication/",),
    "nora": (
        "/campaigns/sums/start/",
        "/campaigns/sums/start/pairs/{answer}/",
        "/campaigns/sums/start/rounds/{round}/",
    ),
    "root": (
        "/status/",
        "/events/",
        "/webhooks/",
        "/people/alice/",
        "/api/v1/docs/",
        "/admin/",
        "/admin/training/run/",
    ),
}
NO_PAGES = {
    "account_login",  # another name of the sign-in page
    "admin_login",  # it leads to the sign-in page
    "annotator_table",
    "evaluation_file",
    "gate_certificate",
    "healthz",
    "metrics",
    "offline_worker",
    "second_step",  # it follows the right password: tests/browser/forms/two_steps.py comes by
    "openid_connect_callback",  # not there without a provider: tests/browser/forms/site.py comes by
    "saml_finish",  # the same; it leads on
    "saml_metadata",
    "readyz",
    "schema",
    "snapshot_download",
    "statistics_table",
    "suite_download",
    "suite_choices_table",
    "verdicts_table",
    "words",
}
NOT_OURS = ("/api/v1/docs/", "/admin/", "/admin/training/run/")
"""Swagger UI and Django draw them."""


EXAMPLES = {
    "invitation": "i",
    "reset": "r/t",
    "address": "a",
    **dict.fromkeys(
        (
            "decision",
            "turn",
            "people_gate",
            "finished",
            "snapshot",
            "comparison",
            "lens_job",
            "evaluation",
            "waiting",
            "own",
            "batch",
            "preview",
            "practice",
            "answer",
            "round",
            "prompt",
            "act",
            "suite",
            "before",
            "after",
        ),
        1,
    ),
}
"""Values that fit into the addresses."""


def test_no_page_is_left_out() -> None:
    wanted = {name for name, rules in (SITE | LABELING_PAGES | TRAINING_PAGES).items() if "GET" in rules} - NO_PAGES
    looked_at = {
        resolve(path.format_map(EXAMPLES).partition("?")[0]).url_name for paths in PAGES.values() for path in paths
    }
    assert wanted <= looked_at


def everything(on_stage: Stage) -> tuple[Furnished, dict[str, Any]]:
    """Puts everything into the stage's campaign. Returns the rows of training, and the values in addresses."""
    on_stage.settle(["a", "b", "a"])
    furnished = furnish(on_stage)
    lens_job = lens_job_of(on_stage, furnished)
    evaluation_of(on_stage, furnished, wrong=30)
    evaluation = evaluation_of(on_stage, furnished)
    waiting = unfinished_evaluation(on_stage, furnished, "queued")
    price_job_of(on_stage, furnished)
    trial_of(on_stage, furnished)
    choice_of(on_stage, furnished)
    experiment_of(on_stage.maya, furnished)
    grouping = grouping_of(on_stage)
    measured_groups(on_stage, grouping, (furnished.one.name, furnished.two.name, "sums-v0"))
    search_for_groups(on_stage)
    search_of(on_stage, real_snapshot(furnished.finished))
    invitation = occupy(on_stage)
    practised = newcomer(on_stage)  # afterwards: the others have judged already, so they need not practise
    return furnished, {
        "practice": practised.comparison_id,
        "answer": practised.pk,
        "round": practised.round_id,
        "grouping": grouping.pk,
        "decision": furnished.decision.pk,
        "turn": furnished.round.pk,
        "people_gate": voted(
            voting_gate(on_stage.campaign, furnished.two, furnished.one),
            on_stage.bob,
            ["candidate", "tie", "candidate"],
        ).pk,
        "finished": furnished.finished.pk,
        "snapshot": real_snapshot(furnished.finished).pk,
        "invitation": invitation,
        "lens_job": lens_job.pk,
        "evaluation": evaluation.pk,
        "waiting": waiting.pk,
        "reset": "/".join(reset_link(on_stage.bob)),
        "address": address_token(on_stage.bob, "bob@example.org"),
        "comparison": lens_job.comparison_id,
        "own": on_stage.alice.judgments.order_by("-pk")[0].assignment_id,
        **imports_of(on_stage),
        **bulk_of(on_stage),
        **suite_names(on_stage, furnished),
    }


# Layouts differ by size and colours by theme, and neither by both. Seventy pages take minutes on a busy machine.
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("size", "theme"), [("wide", "light"), pytest.param("phone", "dark", marks=pytest.mark.long)])
def test_every_page_is_sound(size: str, theme: str, on_stage: Stage, sign_in: SignIn, picture: Picture) -> None:
    _, names = everything(on_stage)
    viewport = PHONE if size == "phone" else {"width": 1440, "height": 900}
    faults: list[str] = []
    for who, paths in PAGES.items():
        user = None if who == "nobody" else User.objects.get(username=who)
        page = sign_in(user, viewport=viewport, color_scheme=theme)
        for path in paths:
            page.goto(path.format(**names))
            expect(page.locator("main h1, main h2, h1").first).to_be_visible()
            picture(page, f"{who}-{_plain(path)}-{size}-{theme}")
            faults += [] if no_sideways_scrolling(page) else [f"{who} {path}: scrolls sideways"]
            if path not in NOT_OURS:
                faults += [] if _fits_from_right_to_left(page) else [f"{who} {path}: too wide from right to left"]
                faults += [f"{who} {path}: {line}" for line in _unfolded_barriers(page)]
    assert not faults, "\n".join(faults)


def _fits_from_right_to_left(page: Page) -> bool:
    """Whether the page would be as wide as the window in a language that is written so."""
    page.evaluate("document.documentElement.dir = 'rtl'")
    fits = no_sideways_scrolling(page)
    page.evaluate("document.documentElement.dir = 'ltr'")
    return fits


def _unfolded_barriers(page: Page) -> list[str]:
    """What axe finds with everything unfolded."""
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    return barriers(page)


def _plain(path: str) -> str:
    return path.split("?")[0].strip("/").replace("campaigns/sums", "campaign").replace("/", "-") or "home"


def test_signing_in_and_out(on_stage: Stage, sign_in: SignIn, picture: Picture) -> None:
    page = sign_in(on_stage.alice)
    page.context.clear_cookies()
    page.goto("/campaigns/sums/annotate/")
    picture(page, "login")
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill("wrong")
    page.get_by_test_id("sign-in").click()
    expect(page.get_by_test_id("login-error")).to_be_visible()
    expect(page.get_by_label("User name")).to_have_value("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_test_id("sign-in").click()
    expect(page.get_by_test_id("judging")).to_be_visible()  # where one wanted to go
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_test_id("sign-in")).to_be_visible()
    page.goto("/")
    expect(page.get_by_test_id("sign-in")).to_be_visible()


def test_the_first_tab_leads_to_the_content(on_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(on_stage.maya, path="/campaigns/sums/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
