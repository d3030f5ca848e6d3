"""A run's page in a browser: curves and table say the same and grow while it runs."""

import re

import pytest
from playwright.sync_api import Page, expect

from labeling.api.pages import Pages
from tests.browser.conftest import SignIn
from tests.browser.furnished import STEPS, Furnished, add_metrics, furnish
from tests.people import Stage
from training.models import Run, RunMetric


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


def young(run: Run) -> None:
    """The run after its first step of eight: every margin is exactly zero."""
    RunMetric.objects.filter(run=run).delete()
    zeros = dict.fromkeys(("margin", "chosen_logratio", "rejected_logratio"), 0.0)
    values = {**zeros, "loss": 0.693147, "loss_floor": 0.562335, "hard_loss": 0.693147, "reward_accuracy": 0.5}
    RunMetric.objects.create(run=run, event="progress", step=1, values={**values, "grad_norm": 1.2})
    Run.objects.filter(pk=run.pk).update(done=1, total=8)


def marked_pixels(page: Page, chart: str) -> int:
    """The pixels in the colour of the first series."""
    return int(
        page.locator(f"[data-chart={chart}] canvas").evaluate(
            """canvas => {
                const probe = document.createElement("span");
                probe.style.color = "var(--series-1)";
                document.body.append(probe);
                const [r, g, b] = getComputedStyle(probe).color.match(/[0-9]+/g).map(Number);
                probe.remove();
                const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
                let count = 0;
                for (let at = 0; at < pixels.length; at += 4)
                    count += pixels[at] === r && pixels[at + 1] === g && pixels[at + 2] === b && pixels[at + 3] === 255;
                return count; }"""
        )
    )


def test_the_first_measurement_can_be_seen_and_read(on_stage: Stage, furnished: Furnished, sign_in: SignIn) -> None:
    young(furnished.running)
    page = sign_in(on_stage.maya, path=f"/runs/{furnished.running.pk}/")
    loss = page.get_by_role("slider", name="Loss: values at a step")
    expect(loss).to_have_attribute(
        "aria-valuetext", re.compile(r"Step 1\. The batch: 0\.693, Lowest the labels allow: 0\.562")
    )
    for chart in ("accuracy", "margin", "norm"):
        assert marked_pixels(page, chart) > 10, f"the point of {chart}"
    expect(page.locator("[data-chart=accuracy] .chart-readout")).to_contain_text("50.0 %")
    drift = page.locator("[data-chart=kl]")  # nothing of it is measured: no frame without a curve
    expect(drift).to_contain_text(re.compile("Not measured"))
    expect(drift.locator("canvas")).to_be_hidden()
    expect(drift.get_by_label("Logarithmic scale")).to_be_hidden()


def test_the_values_at_a_step_are_read_with_the_keys_and_the_pointer(
    on_stage: Stage, furnished: Furnished, sign_in: SignIn
) -> None:
    page = sign_in(on_stage.maya, path=f"/runs/{furnished.finished.pk}/")
    expect(page.get_by_test_id("metrics").locator("tbody tr")).to_have_count(STEPS + STEPS // 8)
    chart = page.get_by_role("slider", name="Margin: values at a step")
    readout = page.locator("[data-chart=margin] .chart-readout")
    expect(readout).to_contain_text(f"Step{STEPS}")
    chart.focus()
    page.keyboard.press("Home")
    expect(chart).to_have_attribute("aria-valuenow", "1")
    page.keyboard.press("ArrowRight")
    expect(readout).to_contain_text("Step2")
    expect(readout).to_contain_text("0.125")
    page.keyboard.press("End")
    expect(chart).to_have_attribute("aria-valuenow", str(STEPS))
    chart.blur()
    box = chart.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60)
    expect(readout).not_to_contain_text(f"Step{STEPS}")


def test_a_logarithmic_scale_can_be_chosen(on_stage: Stage, furnished: Furnished, sign_in: SignIn) -> None:
    page = sign_in(on_stage.maya, path=f"/runs/{furnished.finished.pk}/")
    norm = page.locator("[data-chart=norm]")
    expect(norm.locator("canvas")).to_be_visible()
    before = norm.locator("canvas").evaluate("canvas => canvas.toDataURL()")
    norm.get_by_label("Logarithmic scale").check()
    expect(norm.locator("canvas")).to_be_visible()
    assert norm.locator("canvas").evaluate("canvas => canvas.toDataURL()") != before
    assert is_drawn(page, "norm")
