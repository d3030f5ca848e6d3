"""The progress of a campaign and its annotators, read from running totals: the cost does not grow with the campaign."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from common.days import midnight
from labeling.models import Assignment, Campaign, Comparison, Judgment, Membership, Prompt, User
from labeling.queries.standing import SENTENCES, next_step
from labeling.tally import Tally, read_tallies, read_tally

KNOWN_ANSWER = (Comparison.Status.GOLD, Comparison.Status.PRACTICE)
"""The statuses of pairs that are judged for no verdict."""

HIDING_STEP = 20
"""In campaigns with gold or retests, annotators see totals in steps of this size. An exact total would not move after a
gold judgment, and so reveal it."""

PAUSED = gettext_noop("You are paused in this campaign. Ask its lead. Your judgments are kept.")
WARNED = gettext_noop(
    "Several of your judgments were not as expected. Please read the guidelines again, and take your time."
)
QUOTA_REACHED = gettext_noop("You have reached your quota in this campaign. Thank you!")
QUOTA_OF_TODAY_REACHED = gettext_noop("You have reached your quota for today. Continue tomorrow.")


@dataclass(frozen=True, slots=True)
class CampaignProgress:
    """The progress of a campaign.

    comparisons: without flagged, retired and gold ones. judgments: current votes (no skips, no gold, no retests).
    judgments_wanted: the total, including those made. votes_saved: votes that finished comparisons did without, against
    the maximum for each; 0 without adaptive overlap. annotators: members who have judged, simulated_annotators of them
    simulated. judgments_today: in the time zone of the settings, simulated_today of them by simulated annotators.
    """

    prompts: int
    comparisons: int
    open: int
    settled: int
    conflicts: int
    judgments: int
    judgments_wanted: int
    votes_saved: int
    flagged: int
    gold: int
    annotators: int
    simulated_annotators: int
    judgments_today: int
    simulated_today: int

    def as_dict(self) -> dict[str, int]:
        return asdict(self)

    def for_annotators(self, campaign: Campaign) -> "CampaignProgress":
        """The progress that members see who do not lead: it never reveals gold or retests."""
        if not campaign.hides_kinds:
            return replace(self, gold=0)
        settled, conflicts = coarse(self.settled), coarse(self.conflicts)
        return replace(
            self,
            open=self.comparisons - settled - conflicts,
            settled=settled,
            conflicts=conflicts,
            judgments=coarse(self.judgments),
            judgments_today=coarse(self.judgments_today),
            simulated_today=coarse(self.simulated_today),
            votes_saved=0,
            gold=0,
        )


@dataclass(frozen=True, slots=True)
class AnnotatorProgress:
    """An annotator's own counts (without skips), and the campaign's totals.

    notice: a sentence for the annotator (paused, warned, a quota reached, something to do first), or empty. step: what
    they must do before anything is assigned to them: a value of `labeling.queries.standing.Step`; None: nothing.
    """

    judged: int
    judged_today: int
    comparisons: int
    settled: int
    notice: str = ""
    step: str | None = None

    @property
    def is_held_up(self) -> bool:
        """Whether the notice says why nothing is assigned. A warning does not."""
        return self.notice not in ("", gettext(WARNED))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def campaign_progress(campaign: Campaign, *, now: datetime | None = None) -> CampaignProgress:
    """The progress of a campaign. now: for the count of today."""
    return progress_of_campaigns([campaign], now=now)[campaign.pk]


def progress_of_campaigns(campaigns: Sequence[Campaign], *, now: datetime | None = None) -> dict[int, CampaignProgress]:
    """The progress of campaigns by their keys, in four statements for all. now: for the count of today."""
    keys = [campaign.pk for campaign in campaigns]
    tallies = read_tallies(keys)
    today = Judgment.objects.filter(
        campaign__in=keys,
        kind=Assignment.Kind.NORMAL,
        created_at__gte=midnight(timezone.localdate(now)),
        superseded_at=None,
    )
    made = _counts(today.exclude(choice="skip"), "annotator__is_simulated")
    judging = _counts(Membership.objects.filter(campaign__in=keys, judged__gt=0), "user__is_simulated")
    beside = Comparison.objects.filter(
        campaign__in=keys, status__in=[Comparison.Status.FLAGGED, Comparison.Status.GOLD]
    )
    rows = beside.order_by().values_list("campaign", "status").annotate(number=Count("pk"))
    out = {(key, status): number for key, status, number in rows}
    return {
        campaign.pk: _progress(
            campaign,
            tallies[campaign.pk],
            annotators=judging.get(campaign.pk, (0, 0)),
            today=made.get(campaign.pk, (0, 0)),
            flagged=out.get((campaign.pk, Comparison.Status.FLAGGED), 0),
            gold=out.get((campaign.pk, Comparison.Status.GOLD), 0),
        )
        for campaign in campaigns
    }


def _counts(rows: QuerySet[Any], is_simulated: str) -> dict[int, tuple[int, int]]:
    """By campaign: the number of rows, and of those of simulated annotators."""
    grouped = rows.order_by().values_list("campaign")
    counted = grouped.annotate(all=Count("pk"), simulated=Count("pk", filter=Q(**{is_simulated: True})))
    return {key: (number, simulated) for key, number, simulated in counted}


def _progress(
    campaign: Campaign, tally: Tally, *, annotators: tuple[int, int], today: tuple[int, int], flagged: int, gold: int
) -> CampaignProgress:
    most = campaign.max_overlap or 0
    return CampaignProgress(
        prompts=tally.prompts,
        comparisons=tally.comparisons,
        open=tally.comparisons - tally.settled - tally.conflicts,
        settled=tally.settled,
        conflicts=tally.conflicts,
        judgments=tally.judgments,
        judgments_wanted=tally.wanted,
        votes_saved=max(0, most * tally.finished - tally.finished_judgments),
        flagged=flagged,
        gold=gold,
        annotators=annotators[0],
        simulated_annotators=annotators[1],
        judgments_today=today[0],
        simulated_today=today[1],
    )


def prompts_apart(campaign: Campaign) -> QuerySet[Prompt]:
    """The prompts in use that are only in pairs for gold, practice or the qualification.

    No model writes for them: who practised on such a prompt would judge it again, and it would be trained on.
    """
    pairs = Comparison.objects.filter(campaign=campaign, prompt=OuterRef("pk"))
    known = campaign.comparisons.filter(status__in=KNOWN_ANSWER).values("prompt")
    rows = campaign.prompts.filter(retired_at=None, pk__in=known)
    return rows.exclude(Exists(pairs.exclude(status__in=KNOWN_ANSWER)))


def annotator_progress(campaign: Campaign, user: User, *, now: datetime) -> AnnotatorProgress:
    """The progress of one annotator, in two statements. Zeros for people who are not members."""
    membership = Membership.objects.filter(campaign=campaign, user=user).select_related("campaign").first()
    membership = membership or Membership(campaign=campaign)
    membership.user = user
    return progress_of(membership, read_tally(campaign.pk), now)


def judged_today(membership: Membership, now: datetime | None = None) -> int:
    """The number of judgments this member made today (in the time zone of the settings)."""
    return membership.judged_today if membership.judged_on == timezone.localdate(now) else 0


def quota_left(membership: Membership, now: datetime) -> int | None:
    """The number of judgments this member may still make now. None: no quota. Negative after the quota was lowered."""
    campaign = membership.campaign
    left = []
    if campaign.quota is not None:
        left.append(campaign.quota - membership.judged)
    if campaign.quota_per_day is not None:
        left.append(campaign.quota_per_day - judged_today(membership, now))
    return min(left, default=None)


def notice_of(membership: Membership, now: datetime) -> str:
    """A sentence for this member: paused, something to do first, a quota reached, or warned; else empty."""
    if membership.paused_at is not None:
        return gettext(PAUSED)
    if (step := next_step(membership)) is not None:
        return str(SENTENCES[step])
    left = quota_left(membership, now)
    if left is not None and left <= 0:
        quota = membership.campaign.quota
        is_over = quota is not None and membership.judged >= quota
        return gettext(QUOTA_REACHED if is_over else QUOTA_OF_TODAY_REACHED)
    return gettext(WARNED) if membership.warned_at is not None else ""


def coarse(number: int) -> int:
    """The number rounded down to a multiple of HIDING_STEP."""
    return number - number % HIDING_STEP


def progress_of(membership: Membership, totals: Tally, now: datetime) -> AnnotatorProgress:
    """The progress of one annotator, from rows that were read already."""
    settled = coarse(totals.settled) if membership.campaign.hides_kinds else totals.settled
    return AnnotatorProgress(
        judged=membership.judged,
        judged_today=judged_today(membership, now),
        comparisons=totals.comparisons,
        settled=settled,
        notice=notice_of(membership, now),
        step=next_step(membership),
    )
