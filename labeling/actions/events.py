"""Writing the event log: one row per act, in the act's own transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models

from labeling.models import Campaign, Event, User


def record(
    verb: str,
    subject: models.Model,
    *,
    acting_user: User | None,
    now: datetime,
    campaign: Campaign | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> Event:
    """Says who did what to which thing, and what it changed. before, after: JSON values; only what differs."""
    return Event.objects.create(
        at=now,
        actor=acting_user,
        verb=verb,
        subject_type=subject._meta.model_name or "",
        subject_id=str(subject.pk),
        campaign=campaign,
        before=dict(before or {}),
        after=dict(after or {}),
    )
