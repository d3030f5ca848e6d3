"""All forms of the product: a browser submits each with scripts, without, and with something wrong in it."""

from tests.browser.forms import accounts, campaign, judging, lists, onboarding, people, questions, site, training
from tests.browser.forms.entry import Entry

ROOMS: dict[str, tuple[Entry, ...]] = {
    "people": people.ENTRIES,
    "accounts": accounts.ENTRIES,
    "onboarding": onboarding.ENTRIES,
    "judging": judging.ENTRIES,
    "questions": questions.ENTRIES,
    "training": training.ENTRIES,
    "lists": lists.ENTRIES,
    "campaign": campaign.ENTRIES,
    "site": site.ENTRIES,
}
"""The entries of a room share a campaign and are submitted in this order: forms that end something come last."""

ENTRIES = tuple(entry for entries in ROOMS.values() for entry in entries)
