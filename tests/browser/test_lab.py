"""The lab in a browser: the calculator and the walk by keyboard, and an experiment on a real (tiny) model."""

import re
import threading
from pathlib import Path

import pytest
from django.db import connection
from playwright.sync_api import Page, expect

from tests.browser.conftest import Picture, SignIn
from tests.browser.furnished import furnish
from tests.browser.lens_and_lab import experiment_of
from tests.people import NOON, Stage
from tests.training.tiny import write_tiny_model
from training.actions.versions import promote, register_base_version
from training.jobs.lab import run_lab_job
from training.lens.figures import figures
from training.models import LabSession


def number(page: Page, selector: str) -> float:
    return float(re.sub(r"[^\d.−-]", "", page.locator(selector).inner_text()).replace("−", "-"))


def test_the_calculator_and_the_six_steps_say_what_the_server_says(on_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(on_stage.alice, path="/lab/")
    chosen = page.get_by_label("Log-ratio of the chosen text")
    chosen.focus()
    for _ in range(25):
        page.keyboard.press("ArrowRight")
    expected = figures(float(chosen.input_value()), -0.2, 0.1)
    for name in ("chosen_reward", "margin", "loss", "weight"):
        assert number(page, f"[data-calc={name}]") == pytest.approx(getattr(expected, name), abs=6e-5)
    steps = page.locator("[data-walk-step]")
    expect(steps.locator("visible=true")).to_have_count(1)
    page.get_by_test_id("walk-next").focus()
    for number_of_steps in range(2, 7):
        page.keyboard.press("Enter")
        expect(steps.locator("visible=true")).to_have_count(number_of_steps)
    expect(page.get_by_test_id("walk-next")).to_be_hidden()
    by_script = page.get_by_label("Model, chosen")
    by_script.fill("0.31")
    by_script.fill("0.30")  # the script has now written every figure again
    figures_shown = {
        "rewards-chosen": "0.0405",
        "rewards-rejected": "−0.0182",
        "margin-margin": "0.0588",
        "probability-probability": "51.5 %",
        "loss-loss": "0.6642",
    }
    for name, text in figures_shown.items():
        expect(page.get_by_test_id(f"walk-{name}")).to_have_text(text)
    by_script.fill("0.60")
    expect(page.get_by_test_id("walk-ratios-chosen")).to_have_text("3.0000")


def test_displacement_is_shown_where_it_happened(on_stage: Stage, sign_in: SignIn, picture: Picture) -> None:
    experiment_of(on_stage.alice, furnish(on_stage))
    page = sign_in(on_stage.alice, path="/lab/")
    expect(page.get_by_test_id("displaced")).to_be_visible()
    expect(page.get_by_test_id("lab-steps")).to_have_text("Steps trained: 8")
    expect(page.get_by_test_id("lab-kl")).to_have_text("1.500")
    page.get_by_test_id("session").get_by_text("Show as a table").click()
    expect(page.get_by_test_id("lab-table").locator("tbody tr")).to_have_count(9)
    expect(page.get_by_test_id("texts").locator("tbody tr")).to_have_count(3)
    picture(page, "lab-displacement")


def test_pick_the_better_one_then_press_train_step(
    on_stage: Stage,
    sign_in: SignIn,
    settings: object,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    picture: Picture,
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    settings.VAR_DIR = tmp_path  # type: ignore[attr-defined]
    folder = write_tiny_model(tmp_path / "tiny-base")
    base = register_base_version(name="tiny-base", directory=folder, acting_user=None, now=NOON)
    promote(version=base, acting_user=None, now=NOON)
    page = sign_in(on_stage.alice, path="/lab/")
    expect(page.get_by_label("The first is better")).not_to_be_checked()
    page.get_by_test_id("lab-start").click()  # nothing is picked yet: the browser asks for it
    assert not LabSession.objects.exists()
    page.get_by_label("The second is better").check()
    page.get_by_test_id("lab-start").click()
    expect(page.get_by_test_id("lab-starting")).to_be_visible()
    expect(page.locator("[data-lab-numbers]")).to_be_hidden()
    expect(page.get_by_test_id("lab-says")).to_contain_text("Starts in a moment")
    session = LabSession.objects.get()
    assert session.lesson["chosen"].startswith("No. If she does not ask")

    def work() -> None:
        try:
            run_lab_job(session.pk, idle_seconds=60)
        finally:
            connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        expect(page.get_by_test_id("lab-status")).to_have_text("Ready for the next step")
        expect(page.get_by_test_id("lab-steps")).to_have_text("Steps trained: 1")
        before = page.get_by_test_id("lab-probability").inner_text()
        page.get_by_role("button", name="5 steps").click()
        expect(page.get_by_test_id("lab-steps")).to_have_text("Steps trained: 6")
        expect(page.get_by_test_id("lab-probability")).not_to_have_text(before)
        assert float(page.get_by_test_id("lab-loss").inner_text()) < 0.693
        picture(page, "lab")
        page.get_by_text("End experiment").click()
        expect(page.get_by_test_id("train-step")).to_be_hidden()
    finally:
        LabSession.objects.filter(pk=session.pk, status="running").update(status="cancelling")
        worker.join(30)
    assert not worker.is_alive()
    assert LabSession.objects.get().done == 6
