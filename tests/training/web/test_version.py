"""A version's page."""

from tests.browser.furnished import furnish
from tests.clients import Visiting
from tests.people import stage
from tests.training.web.pages import page_of


def test_a_version_shows_where_it_comes_from(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    furnish(on_stage)
    page = page_of(visiting(on_stage.maya), "/versions/sums-v2/")
    assert page.index(">base<") < page.index(">sums-v1<") < page.index("<b>sums-v2</b>")
    assert "79.2 %" in page
    assert "02ab02ab" in page  # the snapshot
