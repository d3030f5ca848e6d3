"""A picture that Chromium refuses fails no test."""

from playwright.sync_api import Page

from tests import pictures


def test_where_the_whole_page_cannot_be_taken_the_windows_part_is(page: Page) -> None:
    page.set_content("<div style='height: 1000000px'>Chromium takes no picture that is as high as this.</div>")
    path = pictures.SCREENSHOTS / "too-high.png"
    path.unlink(missing_ok=True)
    pictures.take_picture(page, "too-high")
    assert path.stat().st_size > 0
