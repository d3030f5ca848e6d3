"""A version's page."""

import re

import pytest

from tests.browser.furnished import furnish
from tests.clients import Visiting
from tests.people import stage
from tests.training.web.pages import page_of
from training.models import ModelVersion


def test_a_version_shows_where_it_comes_from(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    furnish(on_stage)
    page = page_of(visiting(on_stage.maya), "/versions/sums-v2/")
    assert page.index(">base<") < page.index(">sums-v1<") < page.index("<b>sums-v2</b>")
    assert "79.2 %" in page
    assert "02ab02ab" in page  # the snapshot


def with_accuracy(right: int, pairs: int) -> ModelVersion:
    """The newest version, right on so many of so many held-out pairs."""
    version = ModelVersion.objects.get(name="sums-v2")
    version.metrics = {**version.metrics, "reward_accuracy": right / pairs, "pairs": pairs}
    version.save()
    return version


def button(page: str, testid: str) -> str:
    """The opening tag of a button, or of a link that looks like one."""
    tags = [str(tag) for tag in re.findall(r"<(?:a|button)[^>]*>", page)]
    return next(tag for tag in tags if f'data-testid="{testid}"' in tag)


@pytest.mark.parametrize("path", ["/versions/sums-v2/", "/runs/{run}/", "/campaigns/sums/"])
def test_promotion_is_the_next_step_only_for_a_version_shown_to_be_better_than_chance(
    visiting: Visiting, path: str
) -> None:
    on_stage = stage(comparisons=3)
    address = path.format(run=furnish(on_stage).finished.pk)
    testid = "promote-next" if "campaigns" in address else "promote-sums-v2"
    maya = visiting(on_stage.maya)
    with_accuracy(30, 40)
    assert "button-primary" in button(page_of(maya, address), testid)
    with_accuracy(3, 6)
    page = page_of(maya, address)
    assert "button-primary" not in button(page, testid)
    assert "6 held-out pairs are too few to tell" in page
    with_accuracy(5, 40)
    page = page_of(maya, address)
    assert "Worse than chance" in page


@pytest.mark.parametrize(
    "path", ["/versions/", "/campaigns/sums/", "/versions/compare/?one=sums-v1&other=sums-v2", "/runs/compare/"]
)
def test_tables_mark_an_accuracy_that_may_be_chance(visiting: Visiting, path: str) -> None:
    on_stage = stage(comparisons=3)
    furnish(on_stage)
    with_accuracy(3, 6)
    page = page_of(visiting(on_stage.maya), path).lower()
    assert any(words in page for words in ("may be chance", "not shown to be better"))


def test_the_api_says_what_the_held_out_accuracy_shows(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    furnish(on_stage)
    with_accuracy(3, 6)
    answer = visiting(on_stage.maya).get("/api/v1/versions/sums-v2/").json()
    assert answer["held_out"]["finding"] == "unclear"
    assert "too few to tell" in answer["held_out"]["sentence"]
    assert visiting(on_stage.maya).get("/api/v1/versions/base/").json()["held_out"] is None
