"""What every test may use: the embedded services, a Chromium, and the same random examples on every machine."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import environ
import hypothesis
import pytest
from django.conf import settings
from django.utils import translation
from playwright.sync_api import expect

from config.embedded import EmbeddedServices, VarDirectory
from tests.clients import calling, visiting

__all__ = ["calling", "visiting"]  # fixtures

# The same examples every time and no deadline: how fast the machine is today says nothing about the code.
hypothesis.settings.register_profile("reproducible", derandomize=True, deadline=None, print_blob=True)
hypothesis.settings.register_profile("exploring", deadline=None, max_examples=1000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "reproducible"))

expect.set_options(timeout=60_000)  # milliseconds; playwright's own five seconds are not many on a busy machine


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """The language of a test's last request does not reach into the next test."""
    with translation.override("en"):
        yield


# `make test` brings the services; plain `pytest` starts them when the first test asks for a database.
SERVICES_WANTED = settings.DATABASES["default"]["PORT"] == 1


@pytest.fixture(scope="session")
def embedded_services() -> Iterator[None]:
    """PostgreSQL and Valkey up, their addresses in the environment and in the settings."""
    if not SERVICES_WANTED:
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
    """Before the test database is made: there must be a server to make it on."""


def system_chromium() -> str | None:
    """The machine's own Chromium, if it has one; else Playwright's is used."""
    named = os.environ.get("CHROMIUM")
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))
    return named or next((path for path in found if path), None)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """How Chromium is started: as root in a container if need be, silent on the network, without a GPU."""
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    return {**browser_type_launch_args, "args": arguments, "executable_path": system_chromium()}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked `serial`, and likewise the browser's, go to one worker each: never two of a kind at a time."""
    for item in items:
        for kind in ("serial", "browser"):
            if item.get_closest_marker(kind):
                item.add_marker(pytest.mark.xdist_group(kind))
