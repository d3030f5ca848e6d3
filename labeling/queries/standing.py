"""The standing of annotators: what each must do before anything is assigned to them, and how they did in practice."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import models
from django.db.models import Count, F, Max, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext_lazy as _

from labeling.models import Campaign, GuidelineReading, Membership, PracticeAnswer, PracticePair, PracticeRound, User

EARLIEST = datetime.min.replace(tzinfo=UTC)


class Step(models.TextChoices):
    """The step that an annotator must take before anything is assigned to them."""

    READ = "read", _("Read the guidelines")
    PRACTISE = "practise", _("Practise")
    QUALIFY = "qualify", _("Qualify")


SENTENCES = {
    Step.READ: _("Read the guidelines first. Then you can judge."),
    Step.PRACTISE: _("Finish the practice round first. Then you can judge."),
    Step.QUALIFY: _("Qualify first. Then you can judge."),
}


def next_step(member: Membership) -> Step | None:
    """The step that this member must take before anything is assigned to them; None: none.

    It reads only the rows of the member, the user and the campaign, so the queue can ask it at every assignment. Leads,
    admins and simulated annotators need do nothing. Practice is for new annotators, unless a lead demanded it again.
    """
    campaign = member.campaign
    if member.leads or member.user.is_admin or member.user.is_simulated:
        return None
    if campaign.guidelines_first and member.read_version < campaign.read_from:
        return Step.READ
    if campaign.practice_pairs and _must_practise(member):
        return Step.PRACTISE
    since = campaign.qualify_since, member.restarted_at
    if campaign.qualification_pairs and not (_holds(member.qualified_at, *since) or _holds(member.passed_at, *since)):
        return Step.QUALIFY
    return None


def _must_practise(member: Membership) -> bool:
    since = member.campaign.practise_since, member.restarted_at
    is_asked = not member.judged or any(since)
    return is_asked and not (_holds(member.practised_at, *since) or _holds(member.passed_at, *since))


def _holds(at: datetime | None, *limits: datetime | None) -> bool:
    """Whether something happened, and after the times from which on it counts."""
    return at is not None and all(limit is None or at > limit for limit in limits)


@dataclass(frozen=True, slots=True)
class Standing:
    """One member's standing.

    newest: version of the guidelines; 0: there are none. attempts: finished attempts to qualify that count.
    attempts_left: None: any number. last: their latest finished attempt that counts.
    """

    member: Membership
    step: Step | None
    newest: int
    attempts: int
    attempts_left: int | None
    last: PracticeRound | None

    @property
    def is_stuck(self) -> bool:
        """Whether only a lead can help: the member must qualify and has no attempt left."""
        return self.step == Step.QUALIFY and self.attempts_left == 0

    @property
    def step_label(self) -> str:
        return str(self.step.label) if self.step else ""

    @property
    def has_begun(self) -> bool:
        """Whether there is anything that a restart would take back."""
        member = self.member
        return bool(self.attempts or member.practised_at or member.qualified_at or member.passed_at or member.judged)

    @property
    def is_passed_by_lead(self) -> bool:
        return _holds(self.member.passed_at, self.member.campaign.qualify_since, self.member.restarted_at)

    @property
    def is_restarted(self) -> bool:
        """Whether a lead made them start again, and they have not finished yet."""
        return self.member.restarted_at is not None and self.step in (Step.PRACTISE, Step.QUALIFY)

    def as_dict(self) -> dict[str, Any]:
        """The standing as JSON values. It never reveals an answer."""
        campaign, last = self.member.campaign, self.last
        return {
            "step": self.step,
            "guidelines": self.newest or None,
            "guidelines_read": self.member.read_version or None,
            "practice_pairs": campaign.practice_pairs,
            "practised_at": self.member.practised_at,
            "qualification_pairs": campaign.qualification_pairs,
            "qualification_right": campaign.qualification_right,
            "attempts": self.attempts,
            "attempts_left": self.attempts_left,
            "last_right": last.right if last else None,
            "last_total": last.total if last else None,
            "qualified_at": self.member.qualified_at,
            "passed_at": self.member.passed_at,
        }


def standing_of(campaign: Campaign, user: User) -> Standing | None:
    """The standing of one person; None: they are no member."""
    members = Membership.objects.filter(campaign=campaign, user=user).select_related("user")
    return next(iter(standings(campaign, members)), None)


def standings(campaign: Campaign, members: Iterable[Membership]) -> list[Standing]:
    """The standings of members, in their order. Two statements besides the one of `members`."""
    newest = campaign.guideline_versions.order_by("-number").values_list("number", flat=True).first() or 0
    rounds = _finished_attempts(campaign)
    return [_standing(campaign, member, newest, rounds[member.user_id]) for member in members]


def open_round(member: Membership) -> PracticeRound | None:
    """The round that this member has begun and must finish.

    A round from before they had to start again, or an attempt of somebody who need not qualify, is none.
    """
    rounds = PracticeRound.objects.filter(campaign=member.campaign_id, annotator=member.user_id, finished_at=None)
    one = rounds.select_related("campaign").first()
    if one is None:
        return None
    if one.use == PracticePair.Use.PRACTICE:
        return one if _holds(one.started_at, member.campaign.practise_since, member.restarted_at) else None
    return one if next_step(member) == Step.QUALIFY and _counts(member, one) else None


def unanswered(round_: PracticeRound) -> PracticeAnswer | None:
    """The first pair of a round without an answer, with its texts but not with its known answer."""
    answers = round_.answers.filter(choice="").select_related(
        "comparison__prompt", "comparison__completion_a", "comparison__completion_b"
    )
    return answers.order_by("position").first()


def stuck_members(campaigns: Iterable[int]) -> list[Membership]:
    """The members who must qualify and have no attempt left, by user name, with user and campaign. One statement."""
    attempts = PracticeRound.objects.filter(
        campaign=OuterRef("campaign"),
        annotator=OuterRef("user"),
        use=PracticePair.Use.QUALIFICATION,
        finished_at__isnull=False,
        started_at__gt=OuterRef("counts_from"),
    )
    number = attempts.order_by().values("campaign").annotate(number=Count("pk")).values("number")
    limited = Membership.objects.filter(
        campaign__in=campaigns, campaign__qualification_pairs__gt=0, campaign__qualification_attempts__gt=0
    )
    used_up = limited.annotate(
        counts_from=Coalesce(Greatest("campaign__qualify_since", "restarted_at"), Value(EARLIEST)),
        attempts=Subquery(number),
    ).filter(attempts__gte=F("campaign__qualification_attempts"))
    members = used_up.select_related("user", "campaign").order_by("user__username")
    return [member for member in members if next_step(member) == Step.QUALIFY]


def _counts(member: Membership, attempt: PracticeRound) -> bool:
    """Whether an attempt to qualify counts: it began after the member last had to start again."""
    return _holds(attempt.started_at, member.campaign.qualify_since, member.restarted_at)


def earlier_standing(campaign: Campaign, user: User) -> dict[str, Any]:
    """The standing of an earlier member, as values of a new membership."""
    read = GuidelineReading.objects.filter(version__campaign=campaign, annotator=user)
    rounds = PracticeRound.objects.filter(campaign=campaign, annotator=user).exclude(finished_at=None)
    practice, attempts = rounds.filter(use=PracticePair.Use.PRACTICE), rounds.exclude(use=PracticePair.Use.PRACTICE)
    return {
        "read_version": read.aggregate(newest=Max("version__number"))["newest"] or 0,
        "practised_at": practice.aggregate(last=Max("started_at"))["last"],
        "qualified_at": attempts.filter(right__gte=F("needed")).aggregate(last=Max("started_at"))["last"],
    }


def _finished_attempts(campaign: Campaign) -> defaultdict[int, list[PracticeRound]]:
    rounds: defaultdict[int, list[PracticeRound]] = defaultdict(list)
    attempts = PracticeRound.objects.filter(campaign=campaign, use=PracticePair.Use.QUALIFICATION)
    for one in attempts.exclude(finished_at=None).order_by("pk"):
        rounds[one.annotator_id].append(one)
    return rounds


def _standing(campaign: Campaign, member: Membership, newest: int, rounds: list[PracticeRound]) -> Standing:
    member.campaign = campaign
    counting = [one for one in rounds if _counts(member, one)]
    most = campaign.qualification_attempts
    return Standing(
        member=member,
        step=next_step(member),
        newest=newest,
        attempts=len(counting),
        attempts_left=max(0, most - len(counting)) if most else None,
        last=counting[-1] if counting else None,
    )
