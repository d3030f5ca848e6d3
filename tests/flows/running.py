"""A running platform and its visitors, as the flows need them."""

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from config.embedded.var import PROJECT_DIR
from tests.pictures import take_picture

MINUTES = 60_000  # milliseconds

# The test run's own services set these variables; the platform under test must start services of its own.
OWN_SERVICES = ("DATABASE_URL", "BROKER_URL", "SECRET_KEY", "HTTPS", "DJANGO_SETTINGS_MODULE")


@dataclass
class Platform:
    """A running platform: its address, its folder, and the logins it printed."""

    address: str
    var: Path
    logins: dict[str, str]

    def manage(self, *command: str) -> str:
        """A management command beside the running platform, as a person at the same machine would call it."""
        ours = {**os.environ, "CHOSEN_VAR": str(self.var)}
        environment = {name: value for name, value in ours.items() if name not in OWN_SERVICES}
        done = subprocess.run(
            [sys.executable, "-m", "config.embedded", "exec", "--", sys.executable, "manage.py", *command],
            cwd=PROJECT_DIR,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return done.stdout


def wait_until_ready(process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + 300
    while "Press Ctrl-C to stop everything" not in output.read_text():
        assert process.poll() is None, f"it ended:\n{output.read_text()}"
        assert time.monotonic() < deadline, f"it did not come up:\n{output.read_text()}"
        time.sleep(0.3)


def sign_in(browser: Browser, platform: Platform, name: str) -> Page:
    """A browser of their own for somebody who signs in; any error on any page fails the test."""
    context = browser.new_context(base_url=platform.address, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(2 * MINUTES)  # how busy this machine is says nothing about the platform
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"a script failed: {error}"))
    page.goto("/login/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(platform.logins[name])
    page.get_by_test_id("sign-in").click()
    expect(page).not_to_have_url(re.compile("/login/"))
    return page


def number(place: Locator) -> int:
    return int(re.sub(r"\D", "", place.inner_text()))


def picture(page: Page, name: str, *, whole: bool = True) -> None:
    """Kept for people to look at. whole: the page from top to bottom; else what a window shows, for the README."""
    take_picture(page, f"{'loop' if whole else 'readme'}-{name}", whole=whole)
