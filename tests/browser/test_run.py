"""A run's page in a browser: curves and table say the same and grow while it runs."""

import pytest
from playwright.sync_api import Page, expect

from labeling.api.pages import Pages
from tests.browser.conftest import SignIn
from tests.browser.furnished import STEPS, Furnished, add_metrics, furnish
from tests.people import Stage
from training.models import Run


@pytest.fixture
def furnished(on_stage: Stage) -> Furnished:
    """The campaign after two rounds."""
    return furnish(on_stage)


def rows(page: Page) -> int:
    return page.get_by_test_id("metrics").locator("tbody tr").count()


def is_drawn(page: Page, chart: str) -> bool:
    """Whether the chart's canvas holds anything but one colour."""
    return bool(
        page.locator(f"[data-chart={chart}] canvas").evaluate(
            """canvas => { const pixels = new Uint32Array(
                canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
                return pixels.some(pixel => pixel !== pixels[0]); }"""
        )
    )


def test_curves_are_drawn_and_the_table_has_the_same_lines(
    on_stage: Stage, furnished: Furnished, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pages, "max_page_size", 10)  # the script asks for page after page
    page = sign_in(on_stage.maya, path=f"/runs/{furnished.finished.pk}/")
    for chart in ("loss", "accuracy", "margin", "logratios", "kl", "norm"):
        expect(page.locator(f"[data-chart={chart}] canvas")).to_be_visible()
        assert is_drawn(page, chart)
    # A chart shows what has come so far: the rest follows page by page.
    expect(page.get_by_test_id("metrics").locator("tbody tr")).to_have_count(STEPS + STEPS // 8)
    page.get_by_text("Show as a table").click()
    expect(page.get_by_role("cell", name="held-out pairs").first).to_be_visible()


def test_curves_grow_while_the_run_is_active_and_its_end_is_shown(
    on_stage: Stage, furnished: Furnished, sign_in: SignIn
) -> None:
    run = furnished.running
    page = sign_in(on_stage.maya, path=f"/runs/{run.pk}/")
    before = STEPS // 2 + 1
    expect(page.get_by_test_id("metrics").locator("tbody tr")).to_have_count(before)
    add_metrics(run, STEPS // 2 + 1, 20)
    Run.objects.filter(pk=run.pk).update(done=20, log_tail="a new line of the log")
    expect(page.get_by_test_id("metrics").locator("tbody tr")).to_have_count(before + 9)
    expect(page.get_by_test_id("run-progress")).to_contain_text("20 of 24 steps")
    page.get_by_text("Show log").click()
    expect(page.get_by_test_id("log")).to_have_text("a new line of the log")
    Run.objects.filter(pk=run.pk).update(status="cancelled")
    expect(page.get_by_test_id("resume-run")).to_be_visible()


def test_the_table_is_there_without_javascript(on_stage: Stage, furnished: Furnished, sign_in: SignIn) -> None:
    page = sign_in(on_stage.maya, path=f"/runs/{furnished.finished.pk}/", java_script_enabled=False)
    page.get_by_text("Show as a table").click()
    assert rows(page) == STEPS + STEPS // 8
