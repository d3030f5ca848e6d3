"""The first tour of the README, step by step, on the real platform with the real model; only the demo is smaller."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from config.embedded.var import PROJECT_DIR
from tests.flows.running import MINUTES, Platform, number, picture, sign_in

pytestmark = [pytest.mark.serial, pytest.mark.long, pytest.mark.timeout(2400)]

DEMO = "/campaigns/demo/"
PRACTICE_PAIRS = 3
PRESSED = [
    "Let simulated annotators judge",
    "Train",
    "Promote",
    "Roll back",
    "Worst-predicted pairs",
    "Lens",
    "Lab",
    "Data",
]
"""What the tour tells its readers to press or open, in its order."""


def tour() -> str:
    """The section of the README that this test follows."""
    readme = (PROJECT_DIR / "README.md").read_text(encoding="utf-8")
    return readme.partition("## Five minutes that work\n")[2].partition("\n## ")[0]


def test_the_first_tour_works_as_the_readme_says(browser: Browser, platform: Platform, tmp_path: Path) -> None:
    assert re.findall(r"\*\*(.+?)\*\*", tour()) == PRESSED
    lead = sign_in(browser, platform, "lead")
    lead.goto(DEMO)
    see_what_the_model_does(lead)
    annotator = sign_in(browser, platform, "annotator")
    read_and_practise(annotator)
    judge_some(annotator)
    let_programs_judge_the_rest(lead)
    version = train(lead)
    promote_and_roll_back(lead, version)
    look_inside(lead)
    export(lead, platform, tmp_path)


def see_what_the_model_does(lead: Page) -> None:
    """The page says how far the candidates are."""
    expect(lead.get_by_test_id("generation-job")).to_be_visible()
    expect(lead.get_by_test_id("comparisons")).not_to_have_text("0", timeout=3 * MINUTES)
    picture(lead, "tour-writing")


def read_and_practise(annotator: Page) -> None:
    """The steps before the first pair: the guidelines, and the practice pairs with their explanations."""
    annotator.goto(f"{DEMO}annotate/")
    expect(annotator.get_by_test_id("guidelines-text")).to_contain_text("How to judge")
    annotator.get_by_test_id("have-read").click()
    annotator.get_by_test_id("begin-practice").click()
    for position in range(1, PRACTICE_PAIRS + 1):
        expect(annotator.get_by_test_id("round")).to_contain_text(f"{position} of {PRACTICE_PAIRS}")
        expect(annotator.locator("[data-do=focus]")).to_be_visible()  # the script runs
        annotator.keyboard.press("ArrowLeft")
        expect(annotator.get_by_test_id("explanation")).not_to_be_empty()
        picture(annotator, f"tour-practice-{position}")
        annotator.get_by_test_id("next-pair").click()
    expect(annotator.get_by_test_id("score")).to_contain_text(f"of {PRACTICE_PAIRS} right")
    annotator.get_by_test_id("go-on").click()


def judge_some(annotator: Page) -> None:
    """The keys that the tour names."""
    judged = annotator.get_by_test_id("judged")
    for count, key in enumerate(("ArrowLeft", "ArrowRight", "t", "b"), start=1):
        ready = annotator.locator("#main[data-state=ready]")
        expect(ready).to_be_visible(timeout=3 * MINUTES)  # the model may be slower than the keys
        expect(annotator.locator("[data-do=focus]")).to_be_visible()  # the script runs
        annotator.keyboard.press(key)
        expect(judged).to_have_text(str(count))
    annotator.keyboard.press("z")
    expect(judged).to_have_text("3")
    annotator.keyboard.press("?")
    expect(annotator.locator("dialog#help")).to_be_visible()
    annotator.keyboard.press("Escape")


def let_programs_judge_the_rest(lead: Page) -> None:
    """They go on until the candidates are written and judged."""
    lead.goto(DEMO)
    lead.get_by_test_id("simulate").click()
    expect(lead.get_by_test_id("messages")).to_contain_text("Simulated annotators are judging")
    expect(lead.get_by_test_id("start-generation")).to_be_visible(timeout=12 * MINUTES)  # the candidates are written
    expect(lead.get_by_test_id("generation-error")).to_have_count(0)
    judgments, before = lead.get_by_test_id("judgments"), -1
    lead.reload()
    while number(judgments) != before:  # the pairs on the annotator's page stay open: they are theirs
        before = number(judgments)
        lead.wait_for_timeout(8000)
        lead.reload()
    assert number(lead.get_by_test_id("judgments")) > number(lead.get_by_test_id("comparisons"))
    picture(lead, "tour-judged")


def train(lead: Page) -> str:
    """A run to its end; its page shows a figure with its interval, and whose judgments it rests on."""
    lead.get_by_test_id("start-training").click()
    expect(lead.get_by_test_id("run-status")).to_be_visible()
    expect(lead.get_by_test_id("promote-next")).to_be_visible(timeout=20 * MINUTES)
    expect(lead.get_by_test_id("simulated").first).to_have_text("from simulated annotators")
    lead.get_by_test_id("runs").get_by_role("link", name="Run").first.click()
    expect(lead.get_by_test_id("simulated").first).to_be_visible()
    result = lead.locator("#progress").inner_text()
    assert re.search(r"held-out accuracy against its parent, \d+\.\d % to \d+\.\d %", result), result
    picture(lead, "tour-run")
    return lead.get_by_test_id("run-version").get_by_role("link").inner_text()


def promote_and_roll_back(lead: Page, version: str) -> None:
    """A promotion, taken back."""
    lead.goto(DEMO)
    before = lead.get_by_test_id("serving-version").inner_text()
    lead.get_by_test_id("promote-next").click()
    expect(lead.get_by_test_id("confirm-promote")).to_be_visible()
    reason = lead.locator("[name=reason]")
    if reason.count():  # a campaign of this size has fewer held-out pairs than its gate demands
        reason.fill("Its held-out pairs are few, and its texts are good.")
    lead.get_by_test_id("confirm-promote").click()
    expect(lead.get_by_test_id("serving-version")).to_have_text(version)
    lead.get_by_test_id("rollback").first.click()
    lead.get_by_test_id("confirm-rollback").first.click()
    expect(lead.get_by_test_id("serving-version")).to_have_text(before)


def look_inside(lead: Page) -> None:
    """Worst-predicted pairs, one of them through the lens, and a step in the lab."""
    lead.goto(DEMO)
    lead.get_by_test_id("runs").get_by_role("link", name="Run").first.click()
    lead.get_by_test_id("to-surprises").click()
    expect(lead.get_by_test_id("surprise").first).to_be_visible()
    lead.get_by_test_id("surprise").first.get_by_role("button", name="Open in lens").click()
    lead.get_by_test_id("look").click()
    expect(lead.locator("tbody[data-after]")).to_be_visible(timeout=3 * MINUTES)
    picture(lead, "tour-lens")
    lead.goto("/lab/")
    lead.get_by_label("The second is better").check()
    lead.get_by_test_id("lab-start").click()
    expect(lead.get_by_test_id("lab-steps")).to_contain_text(re.compile(r"Steps trained: [1-9]"), timeout=3 * MINUTES)


def export(lead: Page, platform: Platform, folder: Path) -> None:
    """The pairs from the page, and by the command that the tour prints."""
    lead.goto(f"{DEMO}data/")
    lead.get_by_test_id("export-trl").click()  # first the page says what the file will hold
    with lead.expect_download() as download:
        lead.get_by_test_id("download-export").click()
    download.value.save_as(folder / "page.jsonl")
    (command,) = re.findall(r"manage\.py (export .+)", tour())
    words = [word if word != "pairs.jsonl" else str(folder / "pairs.jsonl") for word in command.split()]
    platform.manage(*words)
    lines = (folder / "pairs.jsonl").read_text().splitlines()
    assert lines == (folder / "page.jsonl").read_text().splitlines()
    assert all({"chosen", "rejected"} <= json.loads(line).keys() for line in lines)
