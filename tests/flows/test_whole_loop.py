"""The whole loop as people live it: real platform, real model, real browser, from prompts to the next version.

`python -m config.platform` runs in a folder of its own. Maya leads (the demo's lead), Alice annotates in the browser
(the demo's annotator), Bob annotates through the API. Everybody prefers the shorter completion.
"""

import json
import re
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from config.embedded.var import PROJECT_DIR
from tests.flows.running import MINUTES, Platform, number, picture, sign_in

pytestmark = [pytest.mark.serial, pytest.mark.timeout(900)]

PROMPTS = 16
JUDGED_AT_LEAST = 10


def letters(text: str) -> int:
    """How long a text is to both annotators: Markdown's marks and numbering are seen by one of them only."""
    return len(re.sub(r"[^a-zA-Z]", "", text))


def shorter_side(page: Page) -> str:
    left, right = (letters(page.locator(f"#{side} .prose").inner_text()) for side in ("left", "right"))
    return "left" if left <= right else "right"


class Bob:
    """An annotator who never opens the browser: he judges through the API, with his token."""

    def __init__(self, platform: Platform, campaign: str) -> None:
        account = json.loads(platform.manage("create_user", "bob", "--role", "annotator", "--token", "--json"))
        self.address, self.token, self.campaign = f"{platform.address}/api/v1", account["token"], campaign

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.address}/{path}", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read()) if answer.status != 204 else None

    def judge_everything(self) -> int:
        """Judges until there is nothing left, the shorter one each time but for the first; returns how many."""
        given = self.post(f"campaigns/{self.campaign}/assignments/next/", {})
        assignment = given["assignment"] if given else None
        judged = 0
        while assignment:
            is_left = letters(assignment["left"]["text"]) <= letters(assignment["right"]["text"])
            choice = "left" if is_left != (judged == 0) else "right"
            body = {"choice": choice, "key": f"bob-{judged}"}
            response = self.post(f"assignments/{assignment['id']}/judgment/", body)
            assert response is not None
            assignment, judged = response["next"], judged + 1
        return judged


def prompts_file(folder: Path) -> Path:
    """Some of the demo's prompts, in a file as a lead would bring it."""
    lines = (PROJECT_DIR / "training" / "demo" / "prompts.jsonl").read_text().splitlines()[:PROMPTS]
    path = folder / "prompts.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


def prepare_campaign(maya: Page, folder: Path) -> str:
    """Maya makes a campaign with two judgments a pair, prompts and an annotator. Returns its slug."""
    maya.goto("/campaigns/demo/")
    if maya.get_by_test_id("cancel-generation").count():
        maya.get_by_test_id("cancel-generation").click()  # the demo's own candidates: not what this is about
    maya.goto("/campaigns/new/")
    maya.get_by_label("Name", exact=True).fill("Whole loop")
    maya.get_by_role("button", name="Task").click()
    maya.get_by_label("Judgments per comparison").fill("2")
    maya.get_by_test_id("create-campaign").click()
    expect(maya.get_by_test_id("messages")).to_contain_text("Whole loop has been created")
    slug = "whole-loop"
    maya.goto(f"/campaigns/{slug}/data/")
    maya.get_by_label("Content").select_option("prompts")
    maya.get_by_label("File", exact=True).set_input_files(prompts_file(folder))
    maya.get_by_test_id("preview").click()
    maya.get_by_test_id("import").click()
    expect(maya.get_by_test_id("import-created")).to_have_text(str(PROMPTS))
    add_annotator(maya, slug, "annotator")
    return slug


def add_annotator(maya: Page, slug: str, name: str) -> None:
    maya.goto(f"/campaigns/{slug}/people/")
    maya.get_by_label("User name").fill(name)
    maya.get_by_test_id("add-member").click()
    expect(maya.get_by_test_id("members")).to_contain_text(name)


def write_candidates(maya: Page, slug: str, *, more_than: int) -> int:
    """Maya starts a generation job and watches until it is done. Returns how many comparisons there are then."""
    maya.goto(f"/campaigns/{slug}/")
    maya.get_by_text("Version and sampling").click()
    maya.get_by_label("Longest completion").fill("40")
    maya.get_by_test_id("start-generation").click()
    expect(maya.get_by_test_id("start-generation")).to_be_visible(timeout=8 * MINUTES)  # it may start again: it is done
    expect(maya.get_by_test_id("generation-error")).to_have_count(0)
    comparisons = number(maya.get_by_test_id("comparisons"))
    assert comparisons > more_than
    return comparisons


def judge_in_the_browser(alice: Page, slug: str) -> int:
    """Alice judges all there is: keys and clicks in turn, one of them taken back. Returns how many she judged."""
    alice.goto(f"/campaigns/{slug}/annotate/")
    judged = 0
    while alice.get_by_test_id("choose-left").is_visible():
        left = alice.get_by_test_id("completion-left").inner_text()
        side = shorter_side(alice)
        if judged % 2:
            alice.get_by_test_id(f"choose-{side}").click()
        else:
            alice.keyboard.press("ArrowLeft" if side == "left" else "ArrowRight")
        judged += 1
        expect(alice.get_by_test_id("judged")).to_have_text(str(judged))
        if judged == 4:
            alice.keyboard.press("z")
            expect(alice.get_by_test_id("judged")).to_have_text(str(judged - 1))
            expect(alice.get_by_test_id("completion-left")).to_have_text(left, use_inner_text=True)  # the same again
            judged -= 1
            alice.keyboard.press("ArrowLeft" if side == "left" else "ArrowRight")
            judged += 1
            expect(alice.get_by_test_id("judged")).to_have_text(str(judged))
        if judged == 2:
            picture(alice, "annotate", whole=False)
    return judged


def test_people_and_model_go_once_round_the_loop(browser: Browser, platform: Platform, tmp_path: Path) -> None:
    maya = sign_in(browser, platform, "lead")
    slug = prepare_campaign(maya, tmp_path)
    comparisons = write_candidates(maya, slug, more_than=JUDGED_AT_LEAST - 1)
    maya.get_by_test_id("activate").click()

    bob = Bob(platform, slug)
    add_annotator(maya, slug, "bob")
    alice = sign_in(browser, platform, "annotator")
    judged = judge_in_the_browser(alice, slug)
    assert judged == comparisons >= JUDGED_AT_LEAST
    assert bob.judge_everything() == comparisons

    maya.goto(f"/campaigns/{slug}/")
    assert number(maya.get_by_test_id("judgments")) == 2 * comparisons
    settled, conflicts = (number(maya.get_by_test_id(name)) for name in ("settled", "conflicts"))
    assert settled + conflicts == comparisons
    assert 1 <= conflicts <= 3  # Bob's first, and texts that are equally long
    agreement = maya.get_by_test_id("agreement").inner_text()
    assert f"{100 * settled / comparisons:.1f}" in agreement
    picture(maya, "labeled")

    maya.get_by_text("Starting version and settings").click()
    maya.get_by_label("Epochs").fill("2")
    maya.get_by_label("Prompts answered at each evaluation").fill("0")
    maya.get_by_test_id("start-training").click()
    expect(maya.get_by_test_id("run-status").or_(maya.get_by_test_id("promote-next"))).to_be_visible()
    expect(maya.get_by_test_id("promote-next")).to_be_visible(timeout=8 * MINUTES)
    picture(maya, "trained")
    picture(maya, "campaign", whole=False)
    maya.get_by_test_id("runs").get_by_role("link").first.click()
    expect(maya.locator("[data-chart=loss] canvas")).to_be_visible()
    picture(maya, "run", whole=False)
    maya.goto(f"/campaigns/{slug}/")
    before = maya.get_by_test_id("serving-version").inner_text()
    maya.get_by_test_id("promote-next").click()
    expect(maya.get_by_test_id("confirm-promote")).to_be_visible()
    reason = maya.locator("[name=reason]")
    if reason.count():  # a campaign of this size has fewer held-out pairs than its gate demands
        reason.fill("Its held-out pairs are few, and its texts are good.")
    maya.get_by_test_id("confirm-promote").click()
    expect(maya.get_by_test_id("serving-version")).not_to_have_text(before)
    version = maya.get_by_test_id("serving-version").inner_text()
    assert version.startswith(slug)

    maya.goto("/versions/")
    picture(maya, "versions", whole=False)
    write_candidates(maya, slug, more_than=comparisons)
    alice.goto(f"/campaigns/{slug}/annotate/")
    alice.keyboard.press("ArrowLeft" if shorter_side(alice) == "left" else "ArrowRight")
    expect(alice.get_by_test_id("judged")).to_have_text(str(judged + 1))
    picture(alice, "next-round")
    exported = platform.manage("export", slug, "--dialect", "trl", "--out", str(tmp_path / "pairs.jsonl"))
    assert (tmp_path / "pairs.jsonl").read_text().count("\n") == settled, exported
