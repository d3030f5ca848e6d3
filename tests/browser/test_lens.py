"""The reward lens in a browser: waiting for a lens job, heat maps, and a beta that is played with."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Picture, SignIn
from tests.browser.furnished import Furnished, furnish
from tests.browser.lens_and_lab import lens_job_of
from tests.people import Stage
from training.lens.figures import views
from training.models import LensJob


@pytest.fixture
def furnished(on_stage: Stage) -> Furnished:
    """The campaign after two rounds."""
    return furnish(on_stage)


def number(page: Page, name: str) -> float:
    return float(re.sub(r"[^\d.−-]", "", page.get_by_test_id(name).inner_text()).replace("−", "-"))


def test_a_lens_job_appears_when_it_is_done_and_beta_is_played_with_by_keyboard(
    on_stage: Stage, furnished: Furnished, sign_in: SignIn, picture: Picture
) -> None:
    lens_job = lens_job_of(on_stage, furnished, status="queued")
    result = lens_job.result
    LensJob.objects.update(result=None)
    page = sign_in(on_stage.maya, path=f"/lens/{lens_job.pk}/")
    expect(page.get_by_test_id("lens-status")).to_have_text("Queued")
    LensJob.objects.update(status="running")
    expect(page.get_by_test_id("lens-status")).to_have_text("Running")
    LensJob.objects.update(status="finished", result=result)
    expect(page.get_by_test_id("heat-after")).to_be_visible()

    assert result is not None
    after, _ = views(result)
    slider = page.get_by_label("Beta:")
    before = number(page, "margin")
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    expected = after.figures(10 ** float(slider.input_value()))  # the server's arithmetic
    assert number(page, "margin") == pytest.approx(expected.margin, abs=1e-3) != before
    assert number(page, "probability") == pytest.approx(100 * expected.probability, abs=0.06)
    assert number(page, "loss") == pytest.approx(expected.loss, abs=1e-3)
    assert number(page, "chosen-reward") == pytest.approx(expected.chosen_reward, abs=1e-3)

    deepest = page.get_by_test_id("heat-after").locator(".tokens .token[data-heat='-5']").first
    plain = page.get_by_test_id("heat-before").locator(".tokens .token[data-heat='2']").first
    colour = "element => getComputedStyle(element).backgroundColor"
    assert deepest.evaluate(colour) != plain.evaluate(colour)
    page.get_by_test_id("heat-after").get_by_text("Show as a table").click()
    expect(page.get_by_role("region", name="Tokens of Chosen, after")).to_contain_text("0.500")
    picture(page, "lens")


def test_everything_is_there_without_javascript(on_stage: Stage, furnished: Furnished, sign_in: SignIn) -> None:
    page = sign_in(on_stage.maya, path="/lens/", java_script_enabled=False, viewport=PHONE)
    page.get_by_label("Prompt").fill("What is 1 plus one?")
    page.get_by_label("Chosen completion").fill("It is 2.")
    page.get_by_label("Rejected completion").fill("Nobody knows.")
    page.get_by_test_id("look").click()
    expect(page.get_by_text("Queued")).to_be_visible()
    done = lens_job_of(on_stage, furnished)
    page.goto(f"/lens/{done.pk}/")
    expect(page.get_by_test_id("margin")).to_have_text("0.850")
    expect(page.get_by_test_id("heat-after").locator(".tokens").first).to_have_text("It is 2.↵", use_inner_text=True)
