"""The pages of a campaign in groups: two rows of links at the head of each of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from labeling.models import Campaign
from labeling.queries.attention import Attention

Label = str | Promise

GROUPS: tuple[tuple[Label, tuple[tuple[str, Label], ...]], ...] = (
    (
        _("Loop"),
        (
            ("campaign", _("The loop")),
            ("rounds", _("Rounds")),
            ("price", _("Price")),
            ("selection", _("Next pairs")),
        ),
    ),
    (
        _("Data"),
        (
            ("data", _("Import and export")),
            ("prompts", _("Prompts")),
            ("comparisons", _("Comparisons")),
            ("snapshots", _("Snapshots")),
            ("suites", _("Suites")),
        ),
    ),
    (
        _("Quality"),
        (
            ("statistics", _("Statistics")),
            ("verdicts", _("Verdicts")),
            ("disagreements", _("Disagreements")),
            ("adjudication", _("Conflicts")),
            ("flags", _("Flagged")),
            ("questions", _("Questions")),
        ),
    ),
    (
        _("People"),
        (
            ("people", _("Members")),
            ("groups", _("Groups")),
            ("invitations", _("Invitations")),
            ("guidelines", _("Guidelines")),
            ("practice", _("Practice")),
        ),
    ),
    (_("Settings"), (("settings", _("Rules")), ("events", _("Events")), ("webhooks", _("Webhooks")))),
)
"""Each group with the URL names of its pages. Its first page is the one that the group leads to."""


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A link to a page. name: of its URL. waiting: how much waits there for a decision."""

    name: str
    label: Label
    address: str
    waiting: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class GroupEntry:
    """A group of pages, as a link to its first page. pages: empty if it has only that one."""

    label: Label
    address: str
    waiting: int
    is_current: bool
    pages: list[PageEntry]


def group_entries(campaign: Campaign, tab: str, attention: Attention) -> list[GroupEntry]:
    """The groups of a campaign's pages. tab: the current page's URL name."""
    return [_group(label, _pages(pages, campaign, tab, attention)) for label, pages in GROUPS]


def _group(label: Label, pages: list[PageEntry]) -> GroupEntry:
    return GroupEntry(
        label=label,
        address=pages[0].address,
        waiting=sum(page.waiting for page in pages),
        is_current=any(page.is_current for page in pages),
        pages=pages if len(pages) > 1 else [],
    )


def _pages(pages: Iterable[tuple[str, Label]], campaign: Campaign, tab: str, attention: Attention) -> list[PageEntry]:
    counts: dict[str, int] = {}
    for item in attention.items:
        if item.campaign == campaign:
            counts[item.page] = counts.get(item.page, 0) + item.count
    return [
        PageEntry(name, label, reverse(name, args=[campaign.slug]), counts.get(name, 0), name == tab)
        for name, label in pages
    ]
