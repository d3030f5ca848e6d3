"""Shared by all tests: the embedded services, a Chromium, and the same random examples on every machine."""

import gc
import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from zlib import crc32

import environ
import hypothesis
import pytest
from django.conf import settings
from django.utils import translation
from playwright.sync_api import Browser, expect

from config.embedded import EmbeddedServices, VarDirectory
from tests.clients import calling, visiting
from tests.databases import end_what_is_open, migrated_once

__all__ = ["calling", "visiting"]  # fixtures

# The same examples every time, and no deadline: the speed of the machine says nothing about the code.
hypothesis.settings.register_profile("reproducible", derandomize=True, deadline=None, print_blob=True)
hypothesis.settings.register_profile("exploring", deadline=None, max_examples=1000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "reproducible"))

expect.set_options(timeout=60_000)  # milliseconds; Playwright's default of five seconds is short on a busy machine


@pytest.fixture(autouse=True)
def _same_chances() -> None:
    """Chances of the product (gold, retests, sides) fall the same way whenever a test is run."""
    random.seed(0)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """The language of a test's last request does not reach into the next test."""
    with translation.override("en"):
        yield


@contextmanager
def uncollected() -> Iterator[None]:
    """A block that makes much that stays: looking through it for garbage again and again takes a third of its time."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """The modules and tests that collecting makes stay until the end."""
    with uncollected():
        return (yield)


BROWSER_WORKERS = 2
LONG_NAME = 16
"""Bytes."""

# `make test` starts the services; plain `pytest` starts them for the first test that needs a database.
SERVICES_MISSING = settings.DATABASES["default"]["PORT"] == 1


@pytest.fixture(scope="session")
def embedded_services() -> Iterator[None]:
    """PostgreSQL and Valkey running, with their addresses in the environment and in the settings."""
    if not SERVICES_MISSING:
        yield
        return
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "BROKER_URL")}
    with EmbeddedServices(VarDirectory.from_environment(), environment, ephemeral=True).shared() as addresses:
        os.environ.update(addresses)
        settings.DATABASES["default"].update(environ.Env.db_url_config(addresses["DATABASE_URL"]))
        settings.BROKER_URL = settings.CELERY_BROKER_URL = addresses["BROKER_URL"]
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None, embedded_services: None) -> None:
    """Starts the server before the test database is created on it."""


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb: bool, worker_id: str) -> bool:
    """Django migrates a database that is there instead of making it anew."""
    return django_db_keepdb or worker_id != "master"


@pytest.fixture(scope="session")
def migration(django_db_modify_db_settings: None, worker_id: str, testrun_uid: str) -> Iterator[ExitStack]:
    """Closed once this process has its database."""
    with ExitStack() as stack:
        stack.enter_context(uncollected())
        if worker_id != "master":
            stack.enter_context(migrated_once(testrun_uid))
        yield stack


@pytest.fixture(scope="session")
def django_db_setup(migration: ExitStack, django_db_setup: None) -> None:
    """The database of this process: migrated, or a copy of one that is."""
    migration.close()


def system_chromium() -> str | None:
    """The machine's own Chromium; None: Playwright uses its own."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    paths = (shutil.which(name) for name in names)
    return os.environ.get("CHROMIUM") or next((path for path in paths if path), None)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Chromium's options: works as root in a container, is silent on the network, uses no GPU."""
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    return {**browser_type_launch_args, "args": arguments, "executable_path": system_chromium()}


@pytest.fixture(scope="session")
def browsers(launch_browser: Callable[[], Browser]) -> Iterator[list[Browser]]:
    """The Chromiums of this worker, of which the last is alive."""
    launched: list[Browser] = []
    yield launched
    for one in launched:
        one.close()


@pytest.fixture
def browser(browsers: list[Browser], launch_browser: Callable[[], Browser]) -> Browser:
    """Chromium, shared by the tests of a worker: one that crashed fails the test it was in, not all that follow."""
    return living(browsers, launch_browser)


def living(browsers: list[Browser], launch_browser: Callable[[], Browser]) -> Browser:
    """The last browser, or a new one if that has crashed."""
    if not browsers or not browsers[-1].is_connected():
        browsers.append(launch_browser())
    return browsers[-1]


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in this same hook, and would come first otherwise
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts all tests marked `serial` on one worker: never two at once. Browser tests are shared out between two."""
    for item in items:
        if item.get_closest_marker("serial"):
            item.add_marker(pytest.mark.xdist_group("serial"))
        elif item.get_closest_marker("browser"):
            half = crc32(item.nodeid.encode()) % BROWSER_WORKERS
            item.add_marker(pytest.mark.xdist_group(f"browser-{half}"))


TIMED_OUT = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Notes that a test was broken off because its time was up."""
    if call.excinfo is not None and "from pytest-timeout" in str(call.excinfo.value):
        item.stash[TIMED_OUT] = True
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """After a test that was broken off, the next one finds no locks."""
    answer = yield
    if TIMED_OUT in item.stash:
        end_what_is_open()
    return answer


def pytest_make_parametrize_id(val: object) -> str | None:
    """Long bytes are named by their length: those of a packed file hold its time, and workers must name tests alike."""
    return f"{len(val)}-bytes" if isinstance(val, bytes) and len(val) > LONG_NAME else None
