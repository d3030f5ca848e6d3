"""Invitations: links to join a campaign, with an existing account or a new one."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext, gettext_lazy

from common.errors import Conflict, Invalid, NotFound
from labeling.access import require_lead, require_may_change
from labeling.actions.members import check_role, join
from labeling.actions.people import create_user
from labeling.actions.validation import checked
from labeling.events.record import record
from labeling.models import Campaign, Event, Invitation, Membership, Role, User

LONGEST = timedelta(days=365)


class InvitationNotFound(NotFound):
    type = "invitation-not-found"
    sentence = gettext_lazy("There is no such invitation: the link may be incomplete. Ask its sender for a new one.")


class InvitationOver(Conflict):
    """The raiser says why."""

    type = "invitation-over"
    sentence = gettext_lazy("This invitation can no longer be used. Ask the sender of the link for a new one.")


@transaction.atomic
def create_invitation(
    *,
    campaign: Campaign,
    role: str = Membership.Role.ANNOTATOR,
    note: str = "",
    max_uses: int | None = None,
    expires_at: datetime,
    secret: str | None = None,
    acting_user: User | None,
    now: datetime,
) -> tuple[Invitation, str]:
    """Creates an invitation; returns it with the token of its link, which can be shown only now.

    max_uses: how many people can use it; None: any number. secret: the token, for callers that must be able to make the
    same one again. Raises NotAllowed, Invalid.
    """
    require_may_change(acting_user, campaign)
    check_role(role)
    if not now < expires_at <= now + LONGEST:
        raise Invalid(
            gettext("An invitation must expire in the future, within a year."),
            fields={"expires_at": gettext("In the future, within a year.")},
        )
    token = secret or Invitation.new_token()
    invitation = checked(
        Invitation(
            campaign=campaign,
            role=role,
            note=note,
            token_hash=Invitation.hash_token(token),
            max_uses=max_uses,
            expires_at=expires_at,
            created_by=acting_user,
            created_at=now,
        )
    )
    invitation.save(force_insert=True)
    after = {"role": role, "max_uses": max_uses, "expires_at": expires_at.isoformat()}  # no note: it may name a person
    record("invitation.created", invitation, acting_user=acting_user, now=now, campaign=campaign, after=after)
    return invitation, token


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, acting_user: User | None, now: datetime) -> Invitation:
    """Revokes an invitation. People who used it stay members. Twice changes nothing. Raises NotAllowed."""
    require_lead(acting_user, invitation.campaign)
    if Invitation.objects.filter(pk=invitation.pk, revoked_at=None).update(revoked_at=now):
        invitation.revoked_at = now
        record(
            "invitation.revoked",
            invitation,
            acting_user=acting_user,
            now=now,
            campaign=invitation.campaign,
            after={"uses": invitation.uses},
        )
    return invitation


def open_invitation(token: str, *, now: datetime) -> Invitation:
    """The invitation of a link. Raises InvitationNotFound, InvitationOver."""
    invitation = _invitation(token)
    if invitation.revoked_at is not None:
        raise InvitationOver(gettext("This invitation was revoked. Ask its sender for a new one."))
    if now >= invitation.expires_at:
        raise InvitationOver(gettext("This invitation has expired. Ask its sender for a new one."))
    if invitation.max_uses is not None and invitation.uses >= invitation.max_uses:
        raise InvitationOver(gettext("This invitation is used up. Ask its sender for a new one."))
    if invitation.campaign.status == Campaign.Status.ARCHIVED:
        raise InvitationOver(gettext("This campaign is archived: it no longer accepts members."))
    return invitation


@transaction.atomic
def accept_invitation(*, token: str, acting_user: User, now: datetime) -> Membership:
    """Adds an existing user to the campaign. Existing members keep their role, and the invitation is not used up.

    Raises InvitationNotFound, InvitationOver, Invalid.
    """
    invitation = _invitation(token)
    existing = Membership.objects.filter(campaign=invitation.campaign, user=acting_user).first()
    if existing is not None:
        return existing
    open_invitation(token, now=now)
    if _removed_since(invitation, acting_user):
        raise InvitationOver(gettext("You were removed from this campaign. Ask its lead for a new invitation."))
    _use(invitation, now)
    membership = join(
        campaign=invitation.campaign, user=acting_user, role=invitation.role, acting_user=acting_user, now=now
    )
    after = {"person": acting_user.pseudonym, "role": invitation.role}
    record(
        "invitation.accepted", invitation, acting_user=acting_user, now=now, campaign=invitation.campaign, after=after
    )
    return membership


@transaction.atomic
def sign_up_by_invitation(*, token: str, username: str, password: str, now: datetime) -> User:
    """Creates an annotator's account for an invited person, and adds it to the campaign.

    Raises InvitationNotFound, InvitationOver, UsernameTaken, Invalid.
    """
    invitation = open_invitation(token, now=now)
    if invitation.role == Membership.Role.LEAD:
        raise Invalid(gettext("To lead a campaign you need an account. Sign in, then open the link again."))
    user, _ = create_user(username=username, role=Role.ANNOTATOR, password=password, acting_user=None, now=now)
    accept_invitation(token=token, acting_user=user, now=now)
    return user


def _invitation(token: str) -> Invitation:
    invitations = Invitation.objects.select_related("campaign", "created_by")
    invitation = invitations.filter(token_hash=Invitation.hash_token(token)).first()
    if invitation is None:
        raise InvitationNotFound
    return invitation


def _removed_since(invitation: Invitation, user: User) -> bool:
    """Whether somebody else removed this person after the invitation was written, and nobody has added them since."""
    events = Event.objects.filter(campaign=invitation.campaign_id).exclude(subject_type="judgment")
    removals = events.filter(verb="member.removed", before__person=user.pseudonym, at__gte=invitation.created_at)
    last = removals.exclude(actor=user).order_by("pk").last()
    added = events.filter(verb="member.added", after__person=user.pseudonym)
    return last is not None and not added.filter(pk__gt=last.pk).exists()


def usable_invitations(campaign: Campaign, *, now: datetime) -> QuerySet[Invitation]:
    """The invitations to the campaign whose links still let somebody in."""
    free = Q(max_uses=None) | Q(uses__lt=F("max_uses"))
    return Invitation.objects.filter(free, campaign=campaign, revoked_at=None, expires_at__gt=now)


def _use(invitation: Invitation, now: datetime) -> None:
    """Counts a use, by compare-and-set: of two people who use the last place at the same moment, one gets it."""
    usable = usable_invitations(invitation.campaign, now=now).filter(pk=invitation.pk)
    if not usable.update(uses=F("uses") + 1):
        raise InvitationOver(gettext("This invitation has just been used up or revoked. Ask its sender for a new one."))
