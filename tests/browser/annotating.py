"""Helpers for tests of the annotator's page."""

import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

from labeling.models import Judgment, User

PATH = "/campaigns/sums/annotate/"


def ready(page: Page) -> None:
    expect(page.get_by_test_id("judging")).to_have_attribute("data-state", "ready")


def press(page: Page, key: str) -> None:
    """A key, once the page takes it."""
    ready(page)
    page.keyboard.press(key)


def judged(page: Page, number: int) -> None:
    """So many are judged, as the server has it, and it has all that was said."""
    expect(page.get_by_test_id("judging")).to_have_attribute("data-waiting", "0")
    expect(page.get_by_test_id("judged")).to_have_text(str(number))


def both_texts(page: Page) -> tuple[str, str]:
    """The text on the left and on the right."""
    left, right = (page.get_by_test_id(f"completion-{side}").locator(".prose") for side in ("left", "right"))
    return left.inner_text(), right.inner_text()


def until(page: Page, holds: Callable[[], object]) -> None:
    """Waits as long as `expect` does, for what no locator can say."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "This did not come true in a minute."
        page.wait_for_timeout(50)


def choices(user: User) -> list[str]:
    """The choices of an annotator, in order, as they saw them."""
    judgments = Judgment.objects.filter(annotator=user, superseded_at=None).order_by("pk")
    return [{j.left: "left", j.assignment.right: "right"}.get(j.choice, j.choice) for j in judgments]
