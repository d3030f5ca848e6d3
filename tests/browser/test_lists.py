"""A lead finds prompts and comparisons, acts on many, previews a file and takes it back, in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from labeling.actions.prompts import PromptDraft, add_prompts
from labeling.models import Comparison, Prompt
from tests.browser.conftest import PHONE, Picture, SignIn, no_sideways_scrolling
from tests.browser.imports import ARABIC, LONG
from tests.people import NOON, Stage, asks

README = Path(__file__).resolve().parents[2] / "README.md"


def test_a_wrong_file_is_seen_and_cancelled_and_a_right_one_taken_back(
    on_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    before = Prompt.objects.count()
    page = sign_in(on_stage.maya, path="/campaigns/sums/data/")
    page.get_by_label("File", exact=True).set_input_files(README)
    page.get_by_label("Content").select_option("prompts")
    page.get_by_test_id("preview").click()
    expect(page.get_by_test_id("plain-text")).to_contain_text("looks like a document")
    picture(page, "import-document")
    page.get_by_test_id("cancel-import").click()
    expect(page.get_by_test_id("messages")).to_contain_text("Nothing was imported.")
    assert Prompt.objects.count() == before
    file = {"name": "prompts.txt", "mimeType": "text/plain", "buffer": b"Why is it?\nHow so?\n"}
    page.get_by_label("File", exact=True).set_input_files(file)  # type: ignore[arg-type]
    page.get_by_test_id("preview").click()
    expect(page.get_by_test_id("import-error")).to_be_visible()  # chosen as comparisons
    page.get_by_label("Content").select_option("prompts")
    page.get_by_role("button", name="Preview again").click()
    page.get_by_test_id("import").click()
    expect(page.get_by_test_id("batch-status")).to_have_text("Imported")
    assert Prompt.objects.count() == before + 2
    page.get_by_text("Take back this import").click()
    page.get_by_role("button", name="Delete its records").click()
    expect(page.get_by_test_id("batch-status")).to_have_text("Taken back")
    assert Prompt.objects.count() == before


def test_ticked_rows_are_retired_and_the_act_is_undone(on_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(on_stage.maya, path="/campaigns/sums/comparisons/")
    for box in page.get_by_role("checkbox", name="Choose").all()[:3]:
        box.check()
    page.get_by_role("button", name="Retire").click()
    expect(page.get_by_role("heading", name="3 comparisons")).to_be_visible()
    page.get_by_label("Reason").fill("They are broken.")
    page.get_by_role("button", name="Retire").click()
    expect(page.get_by_test_id("bulk-changed")).to_have_text("3")
    assert Comparison.objects.filter(status="retired").count() == 3
    page.get_by_test_id("undo-act").click()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_test_id("bulk-changed")).to_have_text("3")
    assert not Comparison.objects.filter(status="retired").exists()


def test_ticks_outlive_a_turn_of_the_page_until_an_act_uses_them(
    on_stage: Stage, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labeling.web.lists.ROWS_SHOWN", 5)
    page = sign_in(on_stage.maya, path="/campaigns/sums/comparisons/")
    for box in page.get_by_role("checkbox", name="Choose").all()[:2]:
        box.check()
    page.get_by_role("link", name="Next page").click()
    expect(page.get_by_text("2 ticked rows are on other pages.")).to_be_visible()
    page.get_by_role("checkbox", name="Choose").first.check()
    page.get_by_role("link", name="First page").click()
    expect(page.get_by_text("1 ticked row is on another page.")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Choose", checked=True)).to_have_count(2)
    page.get_by_role("button", name="Retire").click()
    expect(page.get_by_role("heading", name="3 comparisons")).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("checkbox", name="Choose", checked=True)).to_have_count(2)
    page.get_by_role("button", name="Untick all").click()
    expect(page.get_by_role("checkbox", name="Choose", checked=True)).to_have_count(0)


def test_a_generation_asks_for_the_chosen_prompts(on_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(on_stage.maya, path="/campaigns/sums/prompts/")
    page.get_by_label("All on this page").check()
    page.get_by_role("button", name="Generate pairs").click()
    expect(page.get_by_role("heading", name="12 prompts")).to_be_visible()
    page.get_by_role("button", name="Generate pairs").click()
    expect(page.get_by_test_id("bulk-error")).to_contain_text("No model version")


@pytest.mark.parametrize("size", ["wide", "phone"])
@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_five_hundred_prompts_with_long_words_and_arabic_fit(
    on_stage: Stage, sign_in: SignIn, picture: Picture, size: str, language: str
) -> None:
    texts = [f"{LONG if number % 3 else ARABIC} {number}" for number in range(500)]
    drafts = [PromptDraft(asks(text), tags=(LONG[:70], "ar")) for text in texts]
    add_prompts(campaign=on_stage.campaign, prompts=drafts, acting_user=on_stage.maya, now=NOON)
    on_stage.settle(["a", "tie"])
    viewport = PHONE if size == "phone" else {"width": 1440, "height": 900}
    theme = "dark" if language == "de" else "light"
    page = sign_in(on_stage.maya, viewport=viewport, color_scheme=theme, locale="de" if language == "de" else "en")
    for name in ("prompts", "comparisons"):
        page.goto(f"/campaigns/sums/{name}/")
        if language == "ar":
            page.evaluate("document.documentElement.dir = 'rtl'")
        picture(page, f"list-{name}-{size}-{language}")
        assert no_sideways_scrolling(page), name
        page.get_by_role("searchbox").fill("اللغة" if language == "ar" else "499")
        page.locator("[data-testid=list-filter] button[type=submit]").click()
        expect(page.locator("[data-testid=row-count], [data-testid=no-rows]").first).to_be_visible()
