"""Every form of every page is submitted in a real browser: with scripts, without, and with something wrong in it.

Django's test client sends no Origin and no Referer, obeys no header and runs no script; a form can pass all tests with
it and refuse every person. So each `<form` of the templates, and each button that sends a form elsewhere, has an entry.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import wait_until_nobody_is_result
from tests.browser.forms import ENTRIES, ROOMS
from tests.browser.forms.entry import Entry
from tests.browser.forms.listing import MARKING_LOADERS, forms_of_templates
from tests.browser.forms.submitting import Submitter
from tests.browser.forms.world import World, build_world
from tests.people import Stage

HOW_TO = """
Add an Entry for it to ENTRIES in a file of tests/browser/forms/: its page, what to fill in, and what must be visible
afterwards. If the form can be refused, add `wrong` and `complaint`. tests/browser/forms/entry.py describes all
fields. `FORM=part-of-its-name make test TESTS=tests/browser/test_forms.py` tries it alone."""

pytestmark = pytest.mark.timeout(600)
SCRIPTS = ["with scripts", "without scripts"]
ELSEWHERE = {"parts/passkey_answer.html"}
"""Forms that another test submits: `test_passkeys.py`, with the device that made the passkey. A device that is handed
one in a browser that other tests have used does not always find it."""
EVERY_ROOM = pytest.mark.parametrize("room", ROOMS)


def chosen(room: str, *, scripts: bool) -> list[Entry]:
    """The entries of a room, or those whose form contains FORM."""
    wanted = os.environ.get("FORM", "")
    return [entry for entry in ROOMS[room] if wanted in entry.form and (scripts or not entry.needs_scripts)]


@pytest.fixture
def world(on_stage: Stage, tmp_path: Path, settings: Any) -> Iterator[World]:
    """The furnished campaign, and templates that mark each form with its identity."""
    [engine] = settings.TEMPLATES
    options = {**engine["OPTIONS"], "loaders": MARKING_LOADERS}
    settings.TEMPLATES = [{**engine, "APP_DIRS": False, "OPTIONS": options}]
    with ExitStack() as open_parts:
        yield build_world(on_stage, tmp_path, settings, open_parts)
        wait_until_nobody_is_result()


def test_every_form_has_an_entry() -> None:
    forms, entries = set(forms_of_templates()) - ELSEWHERE, Counter(entry.form for entry in ENTRIES)
    assert not forms - set(entries), f"No test submits {', '.join(sorted(forms - set(entries)))}.{HOW_TO}"
    gone = sorted(set(entries) - forms)
    assert not gone, f"No template has {', '.join(gone)}: remove the entry, or give it the template's new name."
    assert max(entries.values()) == 1, "A form has two entries."


@EVERY_ROOM
@pytest.mark.parametrize("scripts", [True, pytest.param(False, marks=pytest.mark.long)], ids=SCRIPTS)
def test_every_form_can_be_submitted(
    room: str, scripts: bool, world: World, browser: Browser, live_server: LiveServer
) -> None:
    submitter = Submitter(browser, live_server.url, world, scripts)
    entries = chosen(room, scripts=scripts)
    faults = [f"{entry.form}: {fault}" for entry in entries for fault in submitter.faults_of(entry)]
    assert not faults, "\n".join(faults)


@EVERY_ROOM
@pytest.mark.long
def test_no_form_loses_what_was_typed_when_it_is_refused(
    room: str, world: World, browser: Browser, live_server: LiveServer
) -> None:
    submitter = Submitter(browser, live_server.url, world, scripts=False)
    entries = chosen(room, scripts=False)
    faults = [f"{entry.form}: {fault}" for entry in entries for fault in submitter.losses_of(entry)]
    assert not faults, "\n".join(faults)
