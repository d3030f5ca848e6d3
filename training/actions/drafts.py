"""Unfinished campaigns, kept between the steps of the form. They are private notes, so they leave no events."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from labeling.access import require_may_create_campaigns
from labeling.models import KeptUpload, User
from training.actions.draft_files import remove_file
from training.actions.setting_up import CampaignSetUp, set_up_campaign
from training.models import CampaignDraft

KEPT_FOR = timedelta(days=7)
"""The time from the last change until a draft is deleted."""


def save_draft(*, key: uuid.UUID, values: Mapping[str, list[str]], acting_user: User, now: datetime) -> CampaignDraft:
    """Keeps what was filled in. key: of the form; one draft has it for its owner. Raises NotAllowed."""
    require_may_create_campaigns(acting_user)
    kept = {"values": dict(values), "expires_at": now + KEPT_FOR}
    draft, _ = CampaignDraft.objects.update_or_create(
        owner=acting_user, key=key, defaults=kept, create_defaults={**kept, "created_at": now}
    )
    KeptUpload.objects.filter(pk__in=draft.files.values("upload")).update(expires_at=draft.expires_at)
    return draft


@transaction.atomic
def create_from_draft(*, draft: CampaignDraft, acting_user: User, now: datetime, **parts: Any) -> CampaignSetUp | None:
    """Makes the campaign of a draft, once. parts: as in `set_up_campaign`, and its errors are raised.

    None: the draft has been made into a campaign already (`draft.campaign`).
    """
    draft.campaign = CampaignDraft.objects.select_for_update().get(pk=draft.pk).campaign
    if draft.campaign is not None:
        return None
    set_up = set_up_campaign(acting_user=acting_user, now=now, **parts)
    _remove_files(draft)
    draft.campaign, draft.values = set_up.campaign, {}
    draft.save(update_fields=["campaign", "values"])
    return set_up


@transaction.atomic
def discard_draft(*, draft: CampaignDraft) -> None:
    """Deletes a draft with its files."""
    _remove_files(draft)
    draft.delete()


def forget_drafts(*, now: datetime) -> int:
    """Deletes expired drafts and those of deactivated accounts, with their files; returns how many."""
    over = CampaignDraft.objects.filter(Q(expires_at__lte=now) | Q(owner__is_active=False))
    count = 0
    for draft in over:
        discard_draft(draft=draft)
        count += 1
    return count


def _remove_files(draft: CampaignDraft) -> None:
    for file in draft.files.select_related("upload"):
        remove_file(file=file)
