"""Unfinished campaigns, kept between the steps of the form. They are private notes, so they leave no events."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from labeling.access import require_may_create_campaigns
from labeling.models import User
from training.actions.draft_files import remove_file
from training.actions.setting_up import CampaignSetUp, set_up_campaign
from training.models import CampaignDraft, DraftFile

KEPT_FOR = timedelta(days=7)
"""The time from the last change until a draft is deleted."""

STRAY_AFTER = timedelta(hours=1)
"""A stored file without a row is deleted after this time: until then its upload may still be under way."""


def save_draft(*, key: uuid.UUID, values: Mapping[str, list[str]], acting_user: User, now: datetime) -> CampaignDraft:
    """Keeps what was filled in. key: of the form; one draft has it for its owner. Raises NotAllowed."""
    require_may_create_campaigns(acting_user)
    kept = {"values": dict(values), "expires_at": now + KEPT_FOR}
    draft, _ = CampaignDraft.objects.update_or_create(
        owner=acting_user, key=key, defaults=kept, create_defaults={**kept, "created_at": now}
    )
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
    """Deletes expired drafts, drafts of deactivated accounts, and stored files without a row. Counts the drafts."""
    over = CampaignDraft.objects.filter(Q(expires_at__lte=now) | Q(owner__is_active=False))
    count = 0
    for draft in over:
        discard_draft(draft=draft)
        count += 1
    folder = DraftFile.folder()
    stored = {path.name: path for path in folder.iterdir()} if folder.is_dir() else {}
    names = DraftFile.objects.values_list("stored_as", flat=True)
    for name in set(stored) - {one.hex for one in names}:
        if stored[name].stat().st_mtime < (now - STRAY_AFTER).timestamp():
            stored[name].unlink(missing_ok=True)
    return count


def _remove_files(draft: CampaignDraft) -> None:
    for file in draft.files.all():
        remove_file(file=file)
