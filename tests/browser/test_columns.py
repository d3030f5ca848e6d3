"""A file in no known format in a real browser: its columns are chosen by keyboard, without scripts too."""

import json

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import PHONE, WIDE, Picture, SignIn, no_sideways_scrolling
from tests.people import Stage

CAMPAIGN = "/campaigns/sums"
ROWS = [
    {
        "Frage": f"Wie viel ist {n} plus eins, in einem langen Satz gefragt?",
        "gut": f"Es ist {n + 1}.",
        "schlecht": "Nein.",
    }
    for n in range(3)
]


# Layouts differ by size and colours by theme, and neither by both.
@pytest.mark.parametrize(
    ("size", "name", "scheme", "scripts"), [(WIDE, "wide", "light", True), (PHONE, "phone", "dark", False)]
)
def test_columns_of_an_unknown_format_are_chosen_with_and_without_scripts(
    on_stage: Stage, sign_in: SignIn, picture: Picture, size: dict[str, int], name: str, scheme: str, scripts: bool
) -> None:
    page: Page = sign_in(on_stage.maya, viewport=size, color_scheme=scheme, java_script_enabled=scripts)
    content = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    page.goto(f"{CAMPAIGN}/data/")
    page.set_input_files("input[type=file]", FilePayload(name="fragen.jsonl", mimeType="text/plain", buffer=content))
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_test_id("import-error")).to_contain_text("The format of this file is not known.")
    assert no_sideways_scrolling(page)
    picture(page, f"columns-{name}")
    columns = page.get_by_test_id("columns")
    columns.get_by_label("Prompt").focus()
    columns.get_by_label("Prompt").select_option("Frage")
    columns.get_by_label("First completion").select_option("gut")
    page.get_by_role("button", name="Preview again").click()
    expect(page.get_by_text("Choose the column, or none at all.").first).to_be_visible()
    picture(page, f"columns-refused-{name}")
    expect(columns.get_by_label("First completion")).to_have_value("gut")
    columns.get_by_label("Second completion").select_option("schlecht")
    page.get_by_role("button", name="Preview again").click()
    expect(page.get_by_test_id("import")).to_contain_text("Import 3 comparisons")
    picture(page, f"columns-preview-{name}")
