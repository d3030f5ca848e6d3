"""The inbox: everything that waits for a decision by a lead, an expert or an annotator.

Apps that labeling does not know of add their own items with `register_source`. Every page of a lead counts the items,
so a source costs one indexed statement.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext, ngettext

from labeling.access import led_campaigns
from labeling.models import (
    AgreementWatch,
    AttentionDismissal,
    Campaign,
    CampaignTally,
    Comparison,
    Membership,
    Question,
    User,
)
from labeling.queries.names import name_for_leads
from labeling.queries.questions import unread_answer_counts
from labeling.queries.standing import stuck_members


@dataclass(frozen=True, slots=True)
class AttentionItem:
    """Something that waits. Its sentence is in the language that was active when it was made.

    key: names the item over time. count: how much waits; an item that was set aside comes back when it counts more.
    page, arguments: the URL that settles it, as for `reverse`. can_be_set_aside: it does not vanish by itself.
    annotators: the names of those whom it is about, if the campaign names people.
    """

    key: str
    sentence: str
    count: int
    page: str
    arguments: tuple[Any, ...]
    campaign: Campaign | None = None
    since: datetime | None = None
    detail: str = ""
    can_be_set_aside: bool = False
    is_bad_news: bool = False
    annotators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attention:
    """A person's inbox. items: in the order of the sources. set_aside: those that the person dismissed."""

    items: list[AttentionItem] = field(default_factory=list)
    set_aside: list[AttentionItem] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.items)


Source = Callable[[User, Mapping[int, Campaign]], Iterable[AttentionItem]]
_SOURCES: list[Source] = []


def register_source(source: Source) -> Source:
    """Adds a source of items. It is called with a person and the campaigns that they lead, by id; archived ones are not
    among them."""
    _SOURCES.append(source)
    return source


def attention(user: User) -> Attention:
    """A person's inbox."""
    campaigns = led_campaigns(user).exclude(status=Campaign.Status.ARCHIVED).order_by("name")
    led = {campaign.pk: campaign for campaign in campaigns}
    items = [item for source in _SOURCES for item in source(user, led)]
    dismissed = dict(AttentionDismissal.objects.filter(user=user).values_list("key", "count")) if items else {}
    aside = {item.key for item in items if item.can_be_set_aside and item.count <= dismissed.get(item.key, -1)}
    return Attention(
        items=[item for item in items if item.key not in aside],
        set_aside=[item for item in items if item.key in aside],
    )


@register_source
def conflicts(user: User, led: Mapping[int, Campaign]) -> Iterator[AttentionItem]:
    """Conflicts that an expert or a lead may settle, from the running totals."""
    expert_in = Campaign.objects.filter(memberships__user=user, memberships__role=Membership.Role.EXPERT)
    campaigns = dict(led) | {
        one.pk: one for one in expert_in.exclude(status=Campaign.Status.ARCHIVED) if one.pk not in led
    }
    sums = CampaignTally.objects.filter(campaign__in=campaigns).order_by().values("campaign")
    waiting = sums.annotate(count=Sum("conflicts")).filter(count__gt=0).values_list("campaign", "count")
    for campaign, count in _named(campaigns, waiting):
        sentence = ngettext(
            "%(count)d conflict waits for a decision", "%(count)d conflicts wait for a decision", count
        ) % {"count": count}
        yield AttentionItem(f"conflicts-{campaign.pk}", sentence, count, "adjudication", (campaign.slug,), campaign)


@register_source
def flags(user: User, led: Mapping[int, Campaign]) -> Iterator[AttentionItem]:
    """Comparisons that annotators flagged. Those of a blind test wait until it is over: nobody reviews them before."""
    reviewed_now = [pk for pk, campaign in led.items() if not campaign.is_blind_now]
    flagged = Comparison.objects.filter(campaign__in=reviewed_now, status=Comparison.Status.FLAGGED).order_by()
    waiting = flagged.values("campaign").annotate(count=Count("pk")).values_list("campaign", "count")
    for campaign, count in _named(led, waiting):
        sentence = ngettext(
            "%(count)d flagged comparison waits for review", "%(count)d flagged comparisons wait for review", count
        ) % {"count": count}
        yield AttentionItem(
            f"flags-{campaign.pk}", sentence, count, "flags", (campaign.slug,), campaign, is_bad_news=True
        )


@register_source
def questions(user: User, led: Mapping[int, Campaign]) -> Iterator[AttentionItem]:
    """Questions of annotators that wait for an answer."""
    asked = Question.objects.filter(campaign__in=led, status=Question.Status.OPEN).order_by()
    waiting = asked.values("campaign").annotate(count=Count("pk")).values_list("campaign", "count")
    for campaign, count in _named(led, waiting):
        sentence = ngettext(
            "%(count)d question waits for an answer", "%(count)d questions wait for an answer", count
        ) % {"count": count}
        yield AttentionItem(f"questions-{campaign.pk}", sentence, count, "questions", (campaign.slug,), campaign)


@register_source
def answers(user: User, led: Mapping[int, Campaign]) -> Iterator[AttentionItem]:
    """Answers to the person's own questions that they have not read."""
    unread = unread_answer_counts(user)
    campaigns = Campaign.objects.in_bulk(unread) if unread else {}
    for campaign, count in _named(campaigns, unread.items()):
        sentence = ngettext("%(count)d answer to your questions", "%(count)d answers to your questions", count) % {
            "count": count
        }
        yield AttentionItem(f"answers-{campaign.pk}", sentence, count, "my_questions", (campaign.slug,), campaign)


@register_source
def stopped_annotators(user: User, led: Mapping[int, Campaign]) -> Iterator[AttentionItem]:
    """Annotators who are paused, or warned because of their gold.

    In a pseudonymous campaign they are counted and not listed: the list of members says who is paused, by name.
    """
    members = Membership.objects.filter(Q(paused_at__isnull=False) | Q(warned_at__isnull=False), campaign__in=led)
    by_campaign: dict[int, list[str]] = {}
    for member in members.select_related("user").order_by("user__username"):
        names = by_campaign.setdefault(member.campaign_id, [])
        names.append(name_for_leads(member.user, led[member.campaign_id]))
    for campaign, count in _named(led, ((pk, len(names)) for pk, names in by_campaign.items())):
        annotators = () if campaign.pseudonymous else tuple(by_campaign[campaign.pk])
        sentence = ngettext(
            "%(count)d annotator is paused or warned", "%(count)d annotators are paused or warned", count
        ) % {"count": count}
        yield AttentionItem(
            f"stopped-{campaign.pk}",
            sentence,
            count,
            "people",
            (campaign.slug,),
            campaign,
            can_be_set_aside=True,
            annotators=annotators,
        )


@register_source
def unqualified_annotators(user: User, led: Mapping[int, Campaign]) -> Iterator[AttentionItem]:
    """Annotators who have no attempt left to qualify: only a lead can let them go on."""
    by_campaign: dict[int, list[str]] = {}
    for member in stuck_members(led):
        names = by_campaign.setdefault(member.campaign_id, [])
        names.append(name_for_leads(member.user, member.campaign))
    for campaign, count in _named(led, ((pk, len(names)) for pk, names in by_campaign.items())):
        sentence = ngettext(
            "%(count)d annotator has no attempt left to qualify",
            "%(count)d annotators have no attempt left to qualify",
            count,
        ) % {"count": count}
        yield AttentionItem(
            f"unqualified-{campaign.pk}",
            sentence,
            count,
            "people",
            (campaign.slug,),
            campaign,
            can_be_set_aside=True,
            annotators=() if campaign.pseudonymous else tuple(by_campaign[campaign.pk]),
        )


@register_source
def fallen_agreement(user: User, led: Mapping[int, Campaign]) -> Iterator[AttentionItem]:
    """Campaigns in which agreement has fallen by more than chance explains."""
    for watch in AgreementWatch.objects.filter(campaign__in=led).exclude(fell_at=None):
        campaign = led[watch.campaign_id]
        yield AttentionItem(
            f"agreement-{campaign.pk}-{watch.fell_at:%Y%m%d%H%M}",
            gettext("Agreement has fallen"),
            1,
            "statistics",
            (campaign.slug,),
            campaign,
            since=watch.fell_at,
            detail=gettext("From %(early)d %% to %(late)d %% of the pairs of votes.")
            % {"early": round(100 * (watch.early or 0)), "late": round(100 * (watch.late or 0))},
            can_be_set_aside=True,
            is_bad_news=True,
        )


def _named(campaigns: Mapping[int, Campaign], counts: Iterable[tuple[int, int]]) -> Iterator[tuple[Campaign, int]]:
    """Each campaign that has a count, by name."""
    by_campaign = dict(counts)
    for pk in sorted(by_campaign, key=lambda pk: campaigns[pk].name):
        yield campaigns[pk], by_campaign[pk]
