"""Leads about the standing of single members: they let somebody pass, or make them start again. Both can be undone."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy

from common.errors import Conflict
from labeling.actions.members import lock_member
from labeling.events.record import record
from labeling.models import Campaign, Event, Membership, User

RESTARTED, RESTART_UNDONE = "member.restarted", "member.restart_undone"


class NotRestarted(Conflict):
    type = "not-restarted"
    sentence = gettext_lazy("Nobody made this member start again: there is nothing to undo.")


@transaction.atomic
def pass_member(*, campaign: Campaign, user: User, acting_user: User | None, now: datetime) -> Membership:
    """Lets a member judge without practice and qualification, until a lead demands them again.

    Raises NotAllowed, NotAMember.
    """
    return _set(campaign, user, "member.passed", acting_user, now, passed_at=now)


@transaction.atomic
def withdraw_pass(*, campaign: Campaign, user: User, acting_user: User | None, now: datetime) -> Membership:
    """Undoes `pass_member`: what the member did themselves counts again. Raises NotAllowed, NotAMember."""
    return _set(campaign, user, "member.pass_withdrawn", acting_user, now, passed_at=None)


@transaction.atomic
def restart_member(*, campaign: Campaign, user: User, acting_user: User | None, now: datetime) -> Membership:
    """Makes a member practise and qualify again, with all attempts. Earlier rounds are kept, but no longer count.

    Raises NotAllowed, NotAMember.
    """
    return _set(campaign, user, RESTARTED, acting_user, now, restarted_at=now)


@transaction.atomic
def undo_restart(*, campaign: Campaign, user: User, acting_user: User | None, now: datetime) -> Membership:
    """Undoes the last `restart_member`: what counted before it counts again.

    Raises NotAllowed, NotAMember, NotRestarted.
    """
    member = lock_member(campaign, user, acting_user)
    if member.restarted_at is None:
        raise NotRestarted
    events = Event.objects.filter(subject_type="membership", subject_id=str(member.pk))
    restarts = events.filter(campaign=campaign, verb=RESTARTED, at=member.restarted_at)
    restart = restarts.order_by("-pk").first()
    earlier = restart.before.get("restarted_at") if restart else None
    at = datetime.fromisoformat(earlier) if earlier else None
    return _set(campaign, user, RESTART_UNDONE, acting_user, now, restarted_at=at)


def _set(
    campaign: Campaign, user: User, verb: str, acting_user: User | None, now: datetime, **values: datetime | None
) -> Membership:
    member = lock_member(campaign, user, acting_user)
    before = _as_json({name: getattr(member, name) for name in values})
    if all(getattr(member, name) == value for name, value in values.items()):
        return member
    for name, value in values.items():
        setattr(member, name, value)
    member.save(update_fields=list(values))
    after = {"person": user.pseudonym} | _as_json(values)
    record(verb, member, acting_user=acting_user, now=now, campaign=campaign, before=before, after=after)
    return member


def _as_json(times: Mapping[str, datetime | None]) -> dict[str, str]:
    return {name: at.isoformat() for name, at in times.items() if at is not None}
