"""The next act of an annotator in a campaign: the one button that every page offers for it, or why there is none."""

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
    """What this person does next as an annotator. Nothing where they are no member, or the campaign is not active."""
    member = Membership.objects.filter(campaign=campaign, user=user).first()
    if member is None or campaign.status != Campaign.Status.ACTIVE:
        return NextAct()
    member.campaign, member.user = campaign, user
    if member.paused_at is not None:
        return NextAct(sentence=notice_of(member, timezone.now()))
    if (step := next_step(member)) is not None:
        return _of_step(member, step)
    left = quota_left(member, timezone.now())
    if left is not None and left <= 0:
        return NextAct(sentence=notice_of(member, timezone.now()))
    if not has_pairs_for(member):
        return NextAct(sentence=_("No comparison needs your judgment now."))
    return NextAct(_("Continue judging") if member.judged else _("Start judging"), "annotate")


def has_pairs_for(member: Membership) -> bool:
    """Whether a pair waits for this member. Gold and retests do not count: they come between other pairs only."""
    own = Assignment.objects.filter(annotator=member.user_id)
    if own.filter(STILL_WANTED, campaign=member.campaign_id, status=Assignment.Status.LEASED).exists():
        return True
    taken = own.exclude(kind=Assignment.Kind.RETEST).exclude(status=Assignment.Status.RELEASED)
    free = Comparison.objects.filter(
        ~Exists(taken.filter(comparison=OuterRef("pk"))),
        campaign=member.campaign_id,
        status=Comparison.Status.OPEN,
        taken__lt=F("overlap"),
    )
    if not member.campaign.may_judge_own:
        free = free.exclude(added_by=member.user_id)
    # Most of what is left lies behind the cursor, so the rest is read only where nothing is there.
    return any(free.filter(part).exists() for part in (Q(position__gt=member.cursor), Q()))


def _of_step(member: Membership, step: Step) -> NextAct:
    if step == Step.QUALIFY and standings(member.campaign, [member])[0].is_stuck:
        return NextAct(sentence=_("You have no attempt left to qualify. Ask a lead of the campaign."))
    return NextAct(str(LABELS[step]), "start")
