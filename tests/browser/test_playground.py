"""The playground by keyboard alone: two completions are written, kept, and one of them is continued."""

from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from labeling.models import Completion
from tests.browser.conftest import SignIn
from tests.people import NOON, Stage
from tests.training.stub import stub
from training.actions.versions import promote, register_base_version


def test_two_completions_are_requested_kept_and_continued(
    on_stage: Stage, sign_in: SignIn, settings: Any, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text("{}")
    with stub() as server:
        settings.GENERATOR_URLS = [server.address]
        base = register_base_version(name="tiny-base", directory=tmp_path, acting_user=None, now=NOON)
        promote(version=base, acting_user=None, now=NOON)
        server.says = "**Four**, of course."
        page = sign_in(on_stage.maya)
        page.goto("/playground/?campaign=sums")
        page.get_by_label("Second version").select_option("=")
        page.get_by_label("Message").fill("What is two plus two?")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".completion[data-state=written]")).to_have_count(2)
        expect(page.locator(".completion strong").first).to_have_text("Four")

        page.keyboard.press("c")
        expect(page.get_by_test_id("outcome")).to_have_text("Saved as a comparison in Sums.")
        page.keyboard.press("p")
        expect(page.get_by_test_id("outcome")).to_have_text("Sums has this prompt already.")
        page.keyboard.press("a")
        expect(page.locator(".completion[data-state=written]")).to_have_count(2)

        page.keyboard.press("2")
        expect(page.get_by_label("Message")).to_be_focused()
        page.keyboard.type("And three?")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".completion[data-state=written]")).to_have_count(2)
        expect(page.locator("#turns li")).to_have_count(2)
        page.keyboard.press("p")
        expect(page.get_by_test_id("outcome")).to_have_text("Saved as a prompt in Sums.")

        server.deaf = True
        page.keyboard.press("a")
        expect(page.locator(".completion[data-state=failed]")).to_have_count(2)
        expect(page.locator(".completion").first).to_contain_text("No usable answer from the server")
        expect(page.get_by_test_id("keep-comparison")).to_be_disabled()
    assert Completion.objects.filter(model_version="tiny-base", token_ids=[5, 6, 2]).count() == 2
    assert on_stage.campaign.prompts.filter(messages__1__role="assistant").count() == 1
