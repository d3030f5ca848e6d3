"""The page of an export, as a form without JavaScript."""

import pytest

from tests.clients import Visiting, text_of
from tests.people import stage

EXPORT = "/campaigns/sums/data/export/"


def test_the_page_says_what_the_file_holds_and_leads_to_it(visiting: Visiting) -> None:
    scene = stage(comparisons=4)
    scene.settle(["a", "tie"])
    maya = visiting(scene.maya)
    page = text_of(maya, f"{EXPORT}?dialect=trl")
    assert "1 of 4 comparisons are in the file" in page
    assert "1 ties" in page
    assert "2 not judged enough for a verdict" in page
    address = "/api/v1/campaigns/sums/export/?dialect=trl"
    assert f'href="{address}"' in page
    assert len(b"".join(maya.get(address)).splitlines()) == 1


def test_conflicts_are_in_a_table_unless_somebody_leaves_them_out(visiting: Visiting) -> None:
    scene = stage(comparisons=1, overlap=2)
    for user, winner in ((scene.alice, "a"), (scene.bob, "b")):
        scene.vote(scene.given(user), winner)
    maya = visiting(scene.maya)
    page = text_of(maya, f"{EXPORT}?dialect=csv")
    assert "1 of 1 comparison is in the file" in page
    assert "2 judgments, by pseudonym" in page
    page = text_of(maya, f"{EXPORT}?dialect=csv&include=verdicts")
    assert "0 of 1 comparison is in the file" in page
    assert "1 in conflict" in page


def test_only_the_choices_of_the_dialect_are_offered(visiting: Visiting) -> None:
    maya = visiting(stage(comparisons=1).maya)
    offered = {
        dialect: [name for name in ("include", "extras", "spreadsheet") if f'name="{name}"' in page]
        for dialect in ("trl", "csv", "openai")
        if (page := text_of(maya, f"{EXPORT}?dialect={dialect}"))
    }
    assert offered == {"trl": ["extras"], "csv": ["include", "spreadsheet"], "openai": []}


def test_the_interface_for_label_studio_stands_beside_the_file(visiting: Visiting) -> None:
    assert "&lt;Pairwise" in text_of(visiting(stage(comparisons=1).maya), f"{EXPORT}?dialect=labelstudio")


def test_a_large_campaign_is_counted_when_somebody_asks(visiting: Visiting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labeling.web.export.COUNTED_AT_ONCE", 1)
    maya = visiting(stage(comparisons=2).maya)
    page = text_of(maya, f"{EXPORT}?dialect=trl")
    assert "Count what it holds" in page
    assert "0 of 2" in text_of(maya, f"{EXPORT}?dialect=trl&amp;count=1".replace("&amp;", "&"))
