"""A project of Label Studio in a real browser: preview, import with its guidelines, statistics, and an erasure."""

import json
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import PHONE, WIDE, Picture, SignIn, no_sideways_scrolling
from tests.people import Stage

CAMPAIGN = "/campaigns/sums"


def task(number: int, **selected: str) -> dict[str, Any]:
    annotations = [
        {"completed_by": {"email": f"{name}@example.com"}, "result": [{"value": {"selected": side}}]}
        for name, side in selected.items()
    ]
    data = {"prompt": f"Capital {number}?", "answer1": f"Paris {number}.", "answer2": f"Lyon {number}."}
    return {"id": number, "data": data, "annotations": annotations}


TASKS = [task(1, ann="left", ben="left"), task(2, ann="left", ben="right"), task(3, ann="right", ben="right")]
PROJECT = {"expert_instruction": "Choose the **true** answer.", "tasks": TASKS}


def upload(page: Page) -> None:
    content = json.dumps(PROJECT).encode()
    file = FilePayload(name="project.json", mimeType="application/json", buffer=content)
    page.goto(f"{CAMPAIGN}/data/")
    page.set_input_files("input[type=file]", file)
    page.get_by_label("Keep the file's preferences").check()
    page.get_by_role("button", name="Preview").click()


# Layouts differ by size and colours by theme, and neither by both.
@pytest.mark.parametrize(("size", "name", "scheme"), [(WIDE, "wide", "light"), (PHONE, "phone", "dark")])
def test_opinions_come_in_are_counted_by_choice_and_can_be_erased(
    on_stage: Stage, sign_in: SignIn, picture: Picture, size: dict[str, int], name: str, scheme: str
) -> None:
    page = sign_in(on_stage.maya, viewport=size, color_scheme=scheme)
    upload(page)
    expect(page.get_by_test_id("import-judgments")).to_have_text("6")
    expect(page.get_by_test_id("opinions").first).to_have_text("2 opinions")
    picture(page, f"opinions-preview-{name}")
    page.get_by_test_id("import").click()
    expect(page.get_by_test_id("import-report")).to_be_visible()
    assert no_sideways_scrolling(page)
    picture(page, f"opinions-report-{name}")
    page.get_by_role("button", name="Use as guidelines").click()
    expect(page.get_by_text("These are the campaign's guidelines now.")).to_be_visible()

    page.goto(f"{CAMPAIGN}/statistics/")
    expect(page.get_by_test_id("slice")).to_contain_text("6 imported judgments are left out.")
    page.get_by_test_id("include-imported").click()
    expect(page.get_by_test_id("slice")).to_contain_text("With imported judgments.")
    assert page.get_by_label("Include imported judgments").is_checked()
    assert no_sideways_scrolling(page)
    picture(page, f"opinions-statistics-{name}")

    page.get_by_role("link", name="ann@example.com").first.click()
    picture(page, f"opinions-annotator-{name}")
    page.get_by_test_id("outside-account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The outside annotator ann@example.com")
    assert no_sideways_scrolling(page)
    picture(page, f"opinions-account-{name}")
    pseudonym = page.locator(".lead-in code").inner_text()
    page.get_by_label("Type the pseudonym to confirm").fill(pseudonym)
    page.get_by_test_id("erase").click()
    expect(page.get_by_text(f"The account {pseudonym} is erased.")).to_be_visible()
    page.goto(f"{CAMPAIGN}/people/")
    expect(page.get_by_text("ben@example.com")).to_be_visible()
    expect(page.get_by_text("ann@example.com")).to_have_count(0)
    picture(page, f"opinions-people-{name}")
