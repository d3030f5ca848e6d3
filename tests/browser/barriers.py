"""Barriers of a page: axe's findings against WCAG 2.2 AA."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# No preloading: axe would copy imported styles into inline ones, which our Content-Security-Policy forbids.
OPTIONS = {"runOnly": WCAG, "resultTypes": ["violations"], "preload": False}


def barriers(page: Page) -> list[str]:
    """The violations that axe reports on the page as it is, one line per element."""
    violations = Axe().run(page, options=OPTIONS).response["violations"]
    return [
        f"{violation['id']}: {node['html'][:160]} ({node['failureSummary']})"
        for violation in violations
        for node in violation["nodes"]
    ]
