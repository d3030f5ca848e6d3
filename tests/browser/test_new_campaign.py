"""A campaign made step by step in a real browser, with and without JavaScript, and a preview of it before."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from labeling.models import Campaign
from tests.browser.conftest import PHONE, Picture, SignIn, no_sideways_scrolling
from tests.browser.furnished import furnish
from tests.people import Stage, person

PATH = "/campaigns/new/"
PAIRS = '{"prompt": "Hello?", "chosen": "Hello.", "rejected": "Go away."}\n'


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A file of comparisons and a file of prompts, in which one line is wrong."""
    pairs, prompts = tmp_path / "pairs.jsonl", tmp_path / "questions.jsonl"
    pairs.write_text(PAIRS)
    prompts.write_text('{"prompt": "How do I boil an egg?"}\n{"prompt": 7}\n')
    return [pairs, prompts]


def begin(page: Page) -> None:
    """Fills in the first step and goes to the third."""
    page.get_by_label("Name", exact=True).fill("Recipes")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Task")).to_be_visible()
    page.get_by_test_id("next-step").click()
    expect(page.get_by_role("heading", name="Data", exact=True)).to_be_visible()


def test_a_campaign_is_made_step_by_step_by_keyboard_with_a_look_at_it(
    on_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    furnish(on_stage)
    page = sign_in(on_stage.maya, path=PATH)
    expect(page.get_by_role("heading", name="Basics")).to_be_visible()
    expect(page.get_by_role("heading", name="Task")).to_be_hidden()
    page.get_by_test_id("next-step").click()
    expect(page.get_by_text("This field is required")).to_be_visible()  # the server's, beside the field
    page.get_by_label("Name", exact=True).fill("Recipes")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Task")).to_be_visible()
    page.get_by_label("Preference scale").select_option("strength")
    with page.context.expect_page() as opened:
        page.get_by_test_id("preview-button").click()
    preview = opened.value
    expect(preview.get_by_test_id("preview")).to_be_visible()
    expect(preview.get_by_test_id("choose-left-3")).to_be_visible()
    picture(preview, "preview")
    preview.close()
    for title in ("Data", "Model", "People"):
        page.get_by_test_id("next-step").click()
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    page.get_by_label("alice", exact=True).check()
    picture(page, "wizard-people")
    page.get_by_test_id("create-campaign").click()
    expect(page.get_by_test_id("messages")).to_contain_text("Recipes has been created")
    expect(page.get_by_test_id("task-people")).to_contain_text("1 person")
    expect(page.get_by_test_id("task-guidelines")).to_have_attribute("data-state", "next")
    picture(page, "first-page")
    made = Campaign.objects.get(name="Recipes")
    assert made.scale == "strength"
    assert made.memberships.count() == 2


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_chosen_files_stay_through_errors_going_back_and_a_reload(
    scripts: bool, on_stage: Stage, sign_in: SignIn, files: list[Path], picture: Picture
) -> None:
    page = sign_in(on_stage.maya, path=PATH, java_script_enabled=scripts)
    begin(page)
    page.get_by_label("Files").set_input_files(files)
    if not scripts:
        page.get_by_test_id("add-files").click()
    kept = page.get_by_test_id("draft-files")
    expect(kept).to_contain_text("1 comparison, read as TRL preference records")
    expect(kept).to_contain_text("1 record cannot be used")
    picture(page, f"wizard-files-{scripts}")
    page.reload()
    expect(kept.get_by_role("listitem").filter(has_text="pairs.jsonl").first).to_be_visible()
    page.get_by_role("button", name="People").click()
    page.get_by_label("Create an invitation link").check()
    page.get_by_label("Valid for (days)").fill("0")
    page.get_by_test_id("create-campaign").click()
    expect(page.get_by_text("greater than or equal to 1")).to_be_visible()
    expect(page.get_by_role("heading", name="People", exact=True)).to_be_visible()
    page.get_by_label("Valid for (days)").fill("7")
    page.get_by_role("button", name="Data").click()
    expect(kept).to_contain_text("questions.jsonl")
    page.get_by_role("button", name="Remove questions.jsonl").click()
    expect(kept).not_to_contain_text("questions.jsonl")
    page.get_by_test_id("create-campaign").click()
    expect(page.get_by_test_id("messages")).to_contain_text("Send this invitation link now")
    made = Campaign.objects.get(name="Recipes")
    assert (made.comparisons.count(), made.prompts.count()) == (1, 1)


def test_a_file_that_cannot_be_used_is_named_and_what_was_typed_stays(
    on_stage: Stage, sign_in: SignIn, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"weather": "Rain"}\n')
    page = sign_in(on_stage.maya, path=PATH)
    begin(page)
    page.get_by_label("Prompts", exact=False).first.fill("How do I boil an egg?")
    page.get_by_label("Files").set_input_files(bad)
    expect(page.get_by_text(re.compile("bad.jsonl: .*weather"))).to_be_visible()
    expect(page.get_by_label("Prompts", exact=False).first).to_have_value("How do I boil an egg?")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_people_are_found_and_picked(scripts: bool, on_stage: Stage, sign_in: SignIn) -> None:
    for number in range(60):
        person(f"student-{number:02d}")
    page = sign_in(on_stage.maya, path=PATH, java_script_enabled=scripts)
    begin(page)
    page.get_by_role("button", name="People").click()
    page.get_by_label("alice", exact=True).check()
    page.get_by_label("Role of alice").select_option("expert")
    page.get_by_label("Find people").fill("student-59")
    page.get_by_label("Find people").press("Enter")
    page.get_by_label("student-59", exact=True).check()
    expect(page.get_by_label("alice", exact=True)).to_be_checked()
    page.get_by_test_id("create-campaign").click()
    expect(page.get_by_test_id("messages")).to_contain_text("Recipes has been created")
    members = Campaign.objects.get(name="Recipes").memberships.values_list("user__username", "role")
    assert dict(members) == {"maya": "lead", "alice": "expert", "student-59": "annotator"}


def test_an_unfinished_campaign_is_continued_or_discarded_after_a_question(on_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(on_stage.maya, path=PATH)
    begin(page)
    page.goto(PATH)
    page.get_by_role("link", name="Recipes").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Recipes")
    page.goto(PATH)
    page.get_by_role("button", name="Discard…").click()
    page.get_by_role("button", name="Discard draft").click()
    expect(page.get_by_test_id("messages")).to_contain_text("The draft is discarded")
    expect(page.get_by_test_id("drafts")).to_be_hidden()


def test_every_step_fits_a_phone_and_a_language_from_right_to_left(
    on_stage: Stage, sign_in: SignIn, files: list[Path], picture: Picture
) -> None:
    furnish(on_stage)
    page = sign_in(on_stage.maya, path=PATH, viewport=PHONE, color_scheme="dark")
    begin(page)
    page.get_by_label("Files").set_input_files(files)
    expect(page.get_by_test_id("draft-files")).to_be_visible()
    for name in ("Basics", "Task", "Data", "Model", "People"):
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        picture(page, f"wizard-{name.lower()}-phone-dark")
        assert no_sideways_scrolling(page), name
        page.evaluate("document.documentElement.dir = 'rtl'")
        assert no_sideways_scrolling(page), f"{name} from right to left"
