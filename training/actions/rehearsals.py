"""The campaign of a rehearsal: created with simulated people only, so that no campaign of people can become one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from labeling.actions.campaigns import change_campaign_status, create_campaign
from labeling.actions.members import add_member
from labeling.actions.prompts import PromptDraft, add_prompts
from labeling.models import Campaign, Membership, User
from training.models import RehearsalCampaign


@transaction.atomic
def create_rehearsal(
    *,
    lead: User,
    annotators: Sequence[User],
    prompts: Sequence[PromptDraft],
    overlap: int,
    guidelines: str,
    plan: Mapping[str, Any],
    now: datetime,
) -> RehearsalCampaign:
    """Creates the campaign of a rehearsal, active, with its simulated people. Its versions serve in its own channel.

    plan: the settings of the rehearsal, kept beside it. Nothing else marks a campaign as rehearsed.
    """
    assert all(person.is_simulated for person in (lead, *annotators))
    campaign = create_campaign(
        name=f"Rehearsal {now:%Y-%m-%d %H:%M:%S.%f}",
        acting_user=lead,
        now=now,
        overlap=overlap,
        guidelines=guidelines,
        undo_seconds=0,
    )
    add_prompts(campaign=campaign, prompts=prompts, acting_user=lead, now=now)
    for person in annotators:
        add_member(campaign=campaign, user=person, role=Membership.Role.ANNOTATOR, acting_user=lead, now=now)
    campaign = change_campaign_status(campaign=campaign, status=Campaign.Status.ACTIVE, acting_user=lead, now=now)
    return RehearsalCampaign.objects.create(campaign=campaign, channel=campaign.slug, plan=dict(plan))
