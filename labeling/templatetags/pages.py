"""The pages of a campaign, in groups, the acts that they do not offer, and the address of an item of the inbox."""

from django import template
from django.urls import reverse

from labeling.actions.blind_test_acts import is_refused
from labeling.models import Campaign, User
from labeling.queries.attention import Attention, AttentionItem
from labeling.queries.next_act import NextAct, next_act
from labeling.web.campaign_pages import GroupEntry, group_entries

register = template.Library()
register.filter("refuses", is_refused)

WINNER_KEYS = {"a": "A", "b": "B", "tie": "T", "both_bad": "X"}
"""The keys of the decisions on a conflict."""


@register.simple_tag
def winner_key(winner: str) -> str:
    """The key that chooses this winner on the page of conflicts."""
    return WINNER_KEYS[winner]


@register.simple_tag
def item_address(item: AttentionItem) -> str:
    """The address of the page that settles an item."""
    return reverse(item.page, args=item.arguments)


@register.simple_tag
def judging_act(campaign: Campaign, user: User) -> NextAct:
    """The next act of this person as an annotator of the campaign, for the one button that leads to it."""
    return next_act(campaign, user)


@register.simple_tag
def campaign_groups(campaign: Campaign, tab: str, attention: Attention) -> list[GroupEntry]:
    """The groups of a campaign's pages, as its head shows them. tab: the current page's URL name."""
    return group_entries(campaign, tab, attention)
