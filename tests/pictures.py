"""Pictures of pages, kept in var/screenshots for people to look at: PICTURES=1 make test TESTS=tests/browser."""

import os
import warnings

from playwright.sync_api import Error, Page

from config.embedded.var import PROJECT_DIR

SCREENSHOTS = PROJECT_DIR / "var" / "screenshots"
ATTEMPTS = 3
PAUSE = 1_000  # milliseconds


def take_picture(page: Page, name: str, *, whole: bool = True) -> None:
    """Keeps a picture of a page if somebody wants to see it. whole: from top to bottom; else what the window shows.

    On a busy machine, Chromium now and then answers "Unable to capture screenshot". A picture proves nothing, so a test
    does not fail for the lack of one: it tries again, then takes the window's part, then warns.
    """
    if not os.environ.get("PICTURES"):
        return
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for attempt in range(ATTEMPTS):
        try:
            page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=whole and attempt < ATTEMPTS - 1)
        except Error as error:
            if "Unable to capture screenshot" not in error.message:
                raise
            page.wait_for_timeout(PAUSE)
        else:
            return
    warnings.warn(f"Chromium took no picture of {name}.", stacklevel=2)
