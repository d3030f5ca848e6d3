"""Signing in and out, and the language: the forms around every page."""

from tests.browser.forms.entry import Entry
from tests.people import PASSWORD

ENTRIES = (
    Entry(
        form="login.html",
        path="/login/",
        by=None,
        fill={"username": "alice", "password": PASSWORD},
        sees="Log out",
        wrong={"username": "Alice"},
        complaint="Wrong user name or password",
    ),
    Entry(
        form="parts/language.html",
        path="/you/",
        fill={"language": "de"},
        sees="Abmelden",
        never_refused="It has a list.",
    ),
    Entry(form="parts/topbar.html", path="/you/", sees="Sign in"),
)
