"""The members of a campaign."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Conflict, Invalid, NotAllowed, NotFound
from labeling.access import require_lead, require_may_change
from labeling.events.record import record
from labeling.judging.assignments import release_all_of
from labeling.models import LEADING, ApiToken, Campaign, Choice, Judgment, Membership, Scope, User
from labeling.queries.standing import earlier_standing


class LastLead(Conflict):
    type = "last-lead"
    sentence = gettext_lazy("A campaign needs a lead. Make somebody else a lead first.")


class NotAMember(NotFound):
    type = "not-a-member"
    sentence = gettext_lazy("%(username)s is not a member of this campaign.")


@transaction.atomic
def add_member(*, campaign: Campaign, user: User, role: str, acting_user: User | None, now: datetime) -> Membership:
    """Adds a member to a campaign, or changes a member's role. Their position in the queue is kept.

    Raises NotAllowed, Invalid.
    """
    require_may_change(acting_user, campaign)
    check_role(role)
    return join(campaign=campaign, user=user, role=role, acting_user=acting_user, now=now)


def check_role(role: str) -> None:
    """Raises Invalid for an unknown role."""
    if role not in Membership.Role.values:
        raise Invalid(
            _("There is no role %(role)s.") % {"role": repr(role)},
            fields={"role": _("One of %(values)s.") % {"values": ", ".join(Membership.Role.values)}},
        )


RIGHTS: dict[str, tuple[str, ...]] = {
    Membership.Role.EXPERT: (Scope.READ, Scope.JUDGE),
    Membership.Role.LEAD: tuple(Scope),
}
"""The scopes without which a token hands on more than it may do itself, by the role that it gives."""


def check_membership_for_token(role: str, token: ApiToken | None) -> None:
    """Raises NotAllowed where a token would make a member who may do more than it. token: of the call.

    The same program may have the other account, too. To add annotators is what tokens of people are for.
    """
    missing = [scope for scope in RIGHTS.get(role, ()) if token is not None and scope not in token.scopes]
    if missing:
        text = _("This token lacks rights of this role: the scopes %(missing)s. Sign in to give it.")
        raise NotAllowed(text % {"missing": ", ".join(missing)})


def join(*, campaign: Campaign, user: User, role: str, acting_user: User | None, now: datetime) -> Membership:
    """Adds a member as `add_member` does, without a check of permissions: for invitations as well. Raises Invalid."""
    if role == Membership.Role.LEAD and not user.is_lead:
        raise Invalid(
            _("%(username)s is an annotator and cannot lead a campaign. An admin can change that.")
            % {"username": user.username},
            fields={"role": _("Not for annotators.")},
        )
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    # Somebody who was a member earlier comes back with the judgments made then, and with what they had read and passed.
    judged = Judgment.objects.filter(campaign=campaign, annotator=user, superseded_at=None).exclude(choice=Choice.SKIP)
    earlier = {"judged": judged.count()} | earlier_standing(campaign, user)
    membership, is_new = Membership.objects.get_or_create(
        campaign=campaign, user=user, defaults={"role": role, "created_at": now} | earlier
    )
    if not is_new:
        membership = Membership.objects.select_for_update(no_key=True).get(pk=membership.pk)
        if membership.role == role:
            return membership
        if membership.role == Membership.Role.LEAD:
            _keep_a_lead(campaign, user)
    before = {} if is_new else {"role": membership.role}
    membership.role = role
    membership.save(update_fields=["role"])
    record(
        "member.added" if is_new else "member.changed",
        membership,
        acting_user=acting_user,
        now=now,
        campaign=campaign,
        before=before,
        after={"person": user.pseudonym, "role": role},
    )
    return membership


@transaction.atomic
def remove_member(*, campaign: Campaign, user: User, acting_user: User | None, now: datetime) -> None:
    """Removes a member. Their judgments stay and count; their open assignments are released.

    Removing somebody who is not a member changes nothing. Raises NotAllowed, LastLead.
    """
    require_lead(acting_user, campaign)
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    membership = Membership.objects.select_for_update().filter(campaign=campaign, user=user).first()
    if membership is None:
        return
    if membership.role == Membership.Role.LEAD:
        _keep_a_lead(campaign, user)
    release_all_of(membership)
    record(
        "member.removed",
        membership,
        acting_user=acting_user,
        now=now,
        campaign=campaign,
        before={"person": user.pseudonym, "role": membership.role},
    )
    membership.delete()


@transaction.atomic
def pause_member(*, campaign: Campaign, user: User, acting_user: User | None, now: datetime) -> Membership:
    """Pauses a member: they may finish their open assignments, but are given no new ones.

    Twice changes nothing. Raises NotAllowed, NotAMember.
    """
    membership = lock_member(campaign, user, acting_user)
    if membership.paused_at is None:
        membership.paused_at = now
        membership.save(update_fields=["paused_at"])
        after = {"person": user.pseudonym}
        record("member.paused", membership, acting_user=acting_user, now=now, campaign=campaign, after=after)
    return membership


@transaction.atomic
def resume_member(*, campaign: Campaign, user: User, acting_user: User | None, now: datetime) -> Membership:
    """Lifts a member's pause or warning. Their gold counts start again from zero.

    Raises NotAllowed, NotAMember.
    """
    membership = lock_member(campaign, user, acting_user)
    if membership.paused_at is None and membership.warned_at is None:
        return membership
    before = {"gold_right": membership.gold_right, "gold_total": membership.gold_total}
    membership.paused_at = membership.warned_at = None
    membership.gold_right = membership.gold_total = 0
    membership.save(update_fields=["paused_at", "warned_at", "gold_right", "gold_total"])
    after = {"person": user.pseudonym}
    record(
        "member.resumed",
        membership,
        acting_user=acting_user,
        now=now,
        campaign=campaign,
        before=before,
        after=after,
    )
    return membership


def lock_member(campaign: Campaign, user: User, acting_user: User | None) -> Membership:
    """Locks a membership for an act of a lead. Raises NotAllowed, NotAMember."""
    require_may_change(acting_user, campaign)
    membership = Membership.objects.select_for_update(no_key=True).filter(campaign=campaign, user=user).first()
    if membership is None:
        raise NotAMember(username=user.username)
    return membership


def _keep_a_lead(campaign: Campaign, user: User) -> None:
    # The campaign is locked: two leads cannot remove each other at the same moment.
    leads = Membership.objects.filter(LEADING, campaign=campaign)
    others = leads.exclude(user=user)
    if not others.exists():
        raise LastLead
