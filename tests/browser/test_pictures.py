"""A picture that Chromium refuses fails no test, and a Chromium that crashed none that follows."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from playwright.sync_api import Browser, Error, Page

from tests import pictures
from tests.conftest import living


class BusyChromium:
    """Takes pictures of what the window shows, and refuses every other.

    A real refusal takes a page whose picture needs gigabytes: where memory is short, it ended the browser of all tests.
    """

    def __init__(self, page: Page) -> None:
        self.page, self.wait_for_timeout = page, page.wait_for_timeout

    def screenshot(self, *, path: Path, full_page: bool) -> bytes:
        if full_page:
            raise Error("Page.screenshot: Protocol error (Page.captureScreenshot): Unable to capture screenshot")
        return self.page.screenshot(path=path)


def test_where_the_whole_page_cannot_be_taken_the_windows_part_is(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "PAUSE", 1)
    monkeypatch.setenv("PICTURES", "1")
    page.set_content("<p>Only a part of this is taken.</p>")
    path = pictures.SCREENSHOTS / "refused.png"
    path.unlink(missing_ok=True)
    pictures.take_picture(cast(Page, BusyChromium(page)), "refused")
    assert path.stat().st_size > 0


def test_nothing_is_taken_unless_somebody_wants_pictures(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PICTURES", raising=False)
    path = pictures.SCREENSHOTS / "unwanted.png"
    path.unlink(missing_ok=True)
    pictures.take_picture(page, "unwanted")
    assert not path.exists()


def test_a_browser_that_crashed_is_replaced(
    browser: Browser, browsers: list[Browser], launch_browser: Callable[[], Browser]
) -> None:
    assert living(browsers, launch_browser) is browser
    browser.close()
    other = living(browsers, launch_browser)
    assert other is not browser
    assert other.is_connected()
