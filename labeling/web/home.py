"""The first page after signing in: the user's campaigns, each with its next step."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from labeling.access import led_campaigns, visible_campaigns
from labeling.models import Campaign, Membership, User
from labeling.queries.coming import ModelWork, model_work
from labeling.queries.next_act import NextAct, next_acts
from labeling.queries.progress import CampaignProgress, judged_today, progress_of_campaigns
from labeling.web.edge import page, person


@dataclass(frozen=True, slots=True)
class CampaignEntry:
    """A campaign in the list. leads, adjudicates: the user's permissions in it."""

    campaign: Campaign
    progress: CampaignProgress
    judged: int
    judged_today: int
    leads: bool
    adjudicates: bool
    act: NextAct
    """The user's next act as an annotator."""
    work: list[ModelWork]
    """The model's jobs, for leads."""

    @property
    def act_testid(self) -> str:
        return f"{'judge' if self.act.page == 'annotate' else 'prepare'}-{self.campaign.slug}"


@page
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The user's campaigns."""
    user = person(request)
    memberships = {one.campaign_id: one for one in user.memberships.select_related("campaign", "user")}
    campaigns = list(visible_campaigns(user).exclude(status=Campaign.Status.ARCHIVED))
    context = {
        "entries": _entries(campaigns, user, memberships),
        "archived": led_campaigns(user).filter(status=Campaign.Status.ARCHIVED),
        "nav": "home",
    }
    return render(request, "labeling/home.html", context)


def _entries(campaigns: list[Campaign], user: User, memberships: dict[int, Membership]) -> list[CampaignEntry]:
    """The rows that all campaigns need are read for all of them at once."""
    progress = progress_of_campaigns(campaigns)
    acts = next_acts([memberships[campaign.pk] for campaign in campaigns if campaign.pk in memberships])
    work = model_work(campaigns, user, timezone.now()) if user.is_lead else {}
    return [
        _entry(
            campaign,
            memberships.get(campaign.pk),
            progress[campaign.pk],
            act=acts.get(campaign.pk, NextAct()),
            work=work.get(campaign.pk, []),
            is_admin=user.is_admin,
        )
        for campaign in campaigns
    ]


def _entry(
    campaign: Campaign,
    membership: Membership | None,
    progress: CampaignProgress,
    *,
    act: NextAct,
    work: list[ModelWork],
    is_admin: bool,
) -> CampaignEntry:
    leads = is_admin or (membership is not None and membership.leads)
    return CampaignEntry(
        campaign=campaign,
        progress=progress if leads else progress.for_annotators(campaign),
        judged=membership.judged if membership else 0,
        judged_today=judged_today(membership, timezone.now()) if membership else 0,
        leads=leads,
        adjudicates=leads or (membership is not None and membership.role == Membership.Role.EXPERT),
        act=act,
        work=work if leads else [],
    )
