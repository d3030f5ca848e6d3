"""How far a campaign and its annotators are. Read from running totals: no counting, however large the campaign."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from labeling.models import Campaign, Judgment, Membership, User
from labeling.tally import Tally, read_tally


@dataclass(frozen=True, slots=True)
class CampaignProgress:
    """Where a campaign is.

    judgments: current ones that are no skips. judgments_wanted: all of them, those made included. annotators: members
    who have judged. judgments_today: in the time zone of the settings.
    """

    prompts: int
    comparisons: int
    open: int
    settled: int
    conflicts: int
    judgments: int
    judgments_wanted: int
    annotators: int
    judgments_today: int

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Progress:
    """What an annotator's page shows: their own counts (skips left out), and the campaign's."""

    judged: int
    judged_today: int
    comparisons: int
    settled: int

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


class AnnotatorProgress(NamedTuple):
    """How much one person judged in a campaign, skips left out."""

    judged: int
    judged_today: int


def campaign_progress(campaign: Campaign, *, now: datetime | None = None) -> CampaignProgress:
    """Where a campaign is."""
    tally = read_tally(campaign.pk)
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    today = Judgment.objects.filter(campaign=campaign, created_at__gte=midnight, superseded_at=None)
    return CampaignProgress(
        prompts=campaign.prompts.count(),
        comparisons=tally.comparisons,
        open=tally.comparisons - tally.settled - tally.conflicts,
        settled=tally.settled,
        conflicts=tally.conflicts,
        judgments=tally.judgments,
        judgments_wanted=tally.wanted,
        annotators=campaign.memberships.filter(judged__gt=0).count(),
        judgments_today=today.exclude(choice="skip").count(),
    )


def annotator_progress(campaign: Campaign, user: User, *, now: datetime | None = None) -> AnnotatorProgress:
    """How much this person judged: in all, and today. Zeros for somebody who is no member."""
    membership = Membership.objects.filter(campaign=campaign, user=user).first()
    if membership is None:
        return AnnotatorProgress(0, 0)
    return AnnotatorProgress(membership.judged, judged_today(membership, now))


def judged_today(membership: Membership, now: datetime | None = None) -> int:
    """How much this member judged today (in the time zone of the settings)."""
    return membership.judged_today if membership.judged_on == timezone.localdate(now) else 0


def progress_of(membership: Membership, totals: Tally, now: datetime) -> Progress:
    """What an annotator's page shows, from what has been read already."""
    return Progress(membership.judged, judged_today(membership, now), totals.comparisons, totals.settled)
