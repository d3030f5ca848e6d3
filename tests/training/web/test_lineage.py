"""The drawing of the lineage of versions."""

import pytest

from tests.browser.furnished import Furnished, furnish
from tests.clients import Visiting
from tests.people import Stage, stage
from training.web.lineage import HEIGHT, draw_lineage


@pytest.fixture
def scene() -> tuple[Stage, Furnished]:
    made = stage(comparisons=4)
    return made, furnish(made)


def test_the_lineage_is_drawn_without_crossings(scene: tuple[Stage, Furnished], visiting: Visiting) -> None:
    on_stage, furnished = scene
    drawing = draw_lineage([furnished.two, furnished.base, furnished.one])
    nodes = {node.version.name: node for node in drawing.nodes}
    assert len(drawing.edges) == 2
    assert nodes["base"].x < nodes["sums-v1"].x < nodes["sums-v2"].x
    assert nodes["base"].y == nodes["sums-v2"].y
    assert drawing.height >= HEIGHT
    assert "lineage-graph" in visiting(on_stage.maya).get("/versions/").content.decode()


def test_siblings_have_rows_of_their_own(scene: tuple[Stage, Furnished]) -> None:
    _, furnished = scene
    furnished.two.parent = furnished.base
    drawing = draw_lineage([furnished.two, furnished.base, furnished.one])
    nodes = {node.version.name: node for node in drawing.nodes}
    assert nodes["sums-v1"].x == nodes["sums-v2"].x
    assert nodes["sums-v2"].y >= nodes["sums-v1"].y + HEIGHT
    assert draw_lineage([]).nodes == []
