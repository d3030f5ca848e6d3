"""The next act of an annotator in a campaign: the one button that every page offers for it, or why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labeling.models import Assignment, Campaign, Comparison, Membership, User
from labeling.queries.assignments import STILL_WANTED
from labeling.queries.progress import notice_of, quota_left
from labeling.queries.standing import Step, next_step, standings

LABELS = {
    Step.READ: gettext_lazy("Read guidelines"),
    Step.PRACTISE: gettext_lazy("Practise"),
    Step.QUALIFY: gettext_lazy("Qualify"),
}


@dataclass(frozen=True, slots=True)
class NextAct:
    """label: of the button; empty: there is none, and `sentence` says why. page: the name of the button's URL."""

    label: str = ""
    page: str = ""
    sentence: str = ""


def next_act(campaign: Campaign, user: User) -> NextAct:
    """This person's next act as an annotator. None where they are no member, or the campaign is not active."""
    member = Membership.objects.filter(campaign=campaign, user=user).first()
    if member is None:
        return NextAct()
    member.campaign, member.user = campaign, user
    return next_acts([member])[campaign.pk]


def next_acts(members: Sequence[Membership]) -> dict[int, NextAct]:
    """One person's next act in each of their campaigns, by its key. members: with campaign and user."""
    acts = {member.campaign_id: _without_pairs(member) for member in members}
    asked = [member for member in members if acts[member.campaign_id] is None]
    waiting = with_pairs(asked)
    return {key: act or _with_pairs(key, asked, waiting) for key, act in acts.items()}


def _without_pairs(member: Membership) -> NextAct | None:
    """The act if it does not depend on which pairs are there; None: it does."""
    if member.campaign.status != Campaign.Status.ACTIVE:
        return NextAct()
    if member.paused_at is not None:
        return NextAct(sentence=notice_of(member, timezone.now()))
    if (step := next_step(member)) is not None:
        return _of_step(member, step)
    left = quota_left(member, timezone.now())
    if left is not None and left <= 0:
        return NextAct(sentence=notice_of(member, timezone.now()))
    return None


def _with_pairs(campaign: int, members: Sequence[Membership], waiting: set[int]) -> NextAct:
    member = next(one for one in members if one.campaign_id == campaign)
    if member.pk not in waiting:
        return NextAct(sentence=_("No comparison needs your judgment now."))
    return NextAct(_("Continue judging") if member.judged else _("Start judging"), "annotate")


def with_pairs(members: Sequence[Membership]) -> set[int]:
    """The keys of the members for whom a pair waits, in one statement.

    Gold and retests do not count: they come between other pairs only.
    """
    if not members:
        return set()
    own = Assignment.objects.filter(annotator=OuterRef("user"))
    held = own.filter(STILL_WANTED, campaign=OuterRef("campaign"), status=Assignment.Status.LEASED)
    taken = Assignment.objects.filter(annotator=OuterRef(OuterRef("user")), comparison=OuterRef("pk"))
    taken = taken.exclude(kind=Assignment.Kind.RETEST).exclude(status=Assignment.Status.RELEASED)
    free = Comparison.objects.filter(
        ~Exists(taken),
        Q(added_by=None) | ~Q(added_by=OuterRef("user")) | Q(campaign__may_judge_own=True),
        campaign=OuterRef("campaign"),
        status=Comparison.Status.OPEN,
        taken__lt=F("overlap"),
    )
    # Most of what is left lies behind the cursor, so the rest is read only where nothing is there.
    waits = Q(Exists(held)) | Q(Exists(free.filter(position__gt=OuterRef("cursor")))) | Q(Exists(free))
    rows = Membership.objects.filter(waits, pk__in=[member.pk for member in members])
    return set(rows.values_list("pk", flat=True))


def _of_step(member: Membership, step: Step) -> NextAct:
    if step == Step.QUALIFY and standings(member.campaign, [member])[0].is_stuck:
        return NextAct(sentence=_("You have no attempt left to qualify. Ask a lead of the campaign."))
    return NextAct(str(LABELS[step]), "start")
