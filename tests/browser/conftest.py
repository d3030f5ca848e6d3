"""A real Chromium before a real server on a real database. Any script error, blocked resource or request to elsewhere
fails the test that caused it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request
from pytest_django.live_server_helper import LiveServer

from labeling.models import User
from tests.browser.annotating import PATH
from tests.people import Stage, stage
from tests.pictures import take_picture

WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
ELSEWHERE = "request to elsewhere"
WITHOUT_SERVICE_WORKERS = "delete Navigator.prototype.serviceWorker"
"""A script that makes a browser one without service workers. Blocking them makes the console complain."""

SignIn = Callable[..., Page]


class Picture(Protocol):
    """Takes a picture of a page; see `take_picture`."""

    def __call__(self, page: Page, name: str, *, whole: bool = True) -> None: ...


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser and sees what the server's threads see."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture
def on_stage(transactional_db: None) -> Stage:
    """A campaign of twelve comparisons, and everybody in their place. Five are held ahead, as in a new campaign."""
    return stage(comparisons=12, prefetch=5)


@pytest.fixture
def contexts(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., BrowserContext]]:
    """Browsers of people's own. Closed afterwards, before the server goes."""
    opened: list[BrowserContext] = []

    def open_context(*, keeps_pages: bool = False, **wishes: Any) -> BrowserContext:
        context = browser.new_context(**{"base_url": live_server.url, "viewport": WIDE, **wishes})
        context.set_default_timeout(60_000)
        if not keeps_pages:  # there is less to do without service workers
            context.add_init_script(WITHOUT_SERVICE_WORKERS)
        opened.append(context)
        return context

    yield open_context
    for context in opened:
        context.close()
    wait_until_nobody_is_result()


def wait_until_nobody_is_result() -> None:
    """The server goes on with a request whose browser has gone. Emptying the tables meanwhile would be a deadlock."""
    busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    quiet, deadline = 0, time.monotonic() + 10
    while quiet < 3 and time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(f"{busy} AND state <> 'idle'")
            quiet = quiet + 1 if cursor.fetchone() == (0,) else 0
        time.sleep(0.02)


@pytest.fixture
def sign_in(contexts: Callable[..., BrowserContext], live_server: LiveServer) -> Iterator[SignIn]:
    """Opens a page for somebody, signed in, or for nobody. wishes: of the browser (viewport, color_scheme, ...);
    keeps_pages: it has a service worker; base_url: another way to the server."""
    complaints: list[str] = []

    def open_page(user: User | None, *, path: str = "/", **wishes: Any) -> Page:
        context = contexts(**wishes)
        if user is not None:
            name, key = settings.SESSION_COOKIE_NAME, session_of(user)
            context.add_cookies([{"name": name, "value": key, "url": live_server.url}])
        page = context.new_page()
        watch(page, wishes.get("base_url", live_server.url), complaints)
        page.goto(path)
        return page

    yield open_page
    assert complaints == []


@pytest.fixture
def alice_page(on_stage: Stage, sign_in: SignIn) -> Page:
    """Alice, before her first pair."""
    return sign_in(on_stage.alice, path=PATH)


def session_of(user: User) -> str:
    """The key of a session in which somebody is signed in."""
    client = Client()
    client.force_login(get_user_model().objects.get(pk=user.pk))
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


def watch(page: Page, address: str, complaints: list[str]) -> None:
    """Collects events that no page may cause. Failures that a test causes on purpose (the network) do not count."""

    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            complaints.append(f"console: {message.text}")

    def on_request(request: Request) -> None:
        if not request.url.startswith((address, "data:")):
            complaints.append(f"{ELSEWHERE}: {request.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.append(f"script error: {error}"))
    page.on("request", on_request)
    page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))


@pytest.fixture
def picture() -> Picture:
    """Keeps what a page looks like, for people to look at."""

    return take_picture


def no_sideways_scrolling(page: Page) -> bool:
    """Whether the page is no wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
