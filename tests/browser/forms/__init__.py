"""All forms of the product. Each is submitted in a real browser: with scripts, without, and with something wrong."""

from tests.browser.forms import campaign, judging, people, site, training
from tests.browser.forms.entry import Entry

ENTRIES: tuple[Entry, ...] = (*people.ENTRIES, *judging.ENTRIES, *training.ENTRIES, *campaign.ENTRIES, *site.ENTRIES)
"""In the order in which they are submitted: forms that end something come last."""
