"""Where the thing that an event is about has its page.

Apps above this one add their own (`add_links`), so that labeling need not know of them.
"""

from collections.abc import Callable, Mapping

from django.urls import reverse

from labeling.models import Event

Link = Callable[[Event], str]
"""The address of the page of an event's thing; empty: it has none."""

_ON_DATA = ("prompts.added", "comparisons.added", "campaign.exported")
_ON_SETTINGS = ("campaign.changed",)


def comparison_number(event: Event) -> int | None:
    """The comparison that an event is about, whether it is the subject or was judged."""
    if event.subject_type == "comparison":
        return int(event.subject_id)
    if event.subject_type != "judgment":
        return None
    number = event.after.get("comparison", event.before.get("comparison"))
    return int(number) if str(number).isdecimal() else None


def campaign_page(name: str) -> Link:
    """A link to a page of the event's campaign, by the name of its address."""
    return lambda event: reverse(name, args=[event.campaign.slug]) if event.campaign else ""


def _campaign(event: Event) -> str:
    name = "data" if event.verb in _ON_DATA else "settings" if event.verb in _ON_SETTINGS else "campaign"
    return campaign_page(name)(event)


_LINKS: dict[str, Link] = {
    "campaign": _campaign,
    "guidelineversion": campaign_page("guidelines"),
    "invitation": campaign_page("invitations"),
    "membership": campaign_page("people"),
    "user": campaign_page("people"),
    "verdictrecount": campaign_page("verdicts"),
    "webhook": campaign_page("webhooks"),
}


def add_links(links: Mapping[str, Link]) -> None:
    """Adds the pages of another app's things, by the subject's type."""
    _LINKS.update(links)


def link_of(event: Event) -> str:
    """The address of the page of the thing that an event is about; empty: it has none."""
    number = comparison_number(event)
    if number is not None and event.campaign is not None:
        return reverse("comparison", args=[event.campaign.slug, number])
    link = _LINKS.get(event.subject_type)
    return link(event) if link else ""
