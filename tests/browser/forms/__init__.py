"""All forms of the product: a browser submits each with scripts, without, and with something wrong in it."""

from tests.browser.forms import (
    accounts,
    campaign,
    gates,
    judging,
    lens_and_lab,
    lists,
    onboarding,
    people,
    questions,
    site,
    suites,
    training,
    two_steps,
)
from tests.browser.forms.entry import Entry

ROOMS: dict[str, tuple[Entry, ...]] = {
    "people": people.ENTRIES,
    "accounts": accounts.ENTRIES,
    "two_steps": two_steps.ENTRIES,
    "onboarding": onboarding.ENTRIES,
    "judging": judging.ENTRIES,
    "questions": questions.ENTRIES,
    "training": (*training.ENTRIES, *suites.ENTRIES, *gates.ENTRIES, *lens_and_lab.ENTRIES),
    "lists": lists.ENTRIES,
    "campaign": campaign.ENTRIES,
    "site": site.ENTRIES,
}
"""The entries of a room share a campaign and are submitted in this order: forms that end something come last."""

ENTRIES = tuple(entry for entries in ROOMS.values() for entry in entries)
