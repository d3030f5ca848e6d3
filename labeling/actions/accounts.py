"""A person's own account: password, e-mail address, and the browsers that are signed in."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from common.errors import Invalid
from labeling.actions.mails import read_address_token
from labeling.actions.people import check_password, demand_new_password, lift_password_demand, revoke_token
from labeling.actions.sign_ins import forget_places
from labeling.events.record import record
from labeling.models import ApiToken, BrowserSession, User

LONGEST_USER_AGENT = 400


class LinkOver(Invalid):
    type = "link-over"
    sentence = gettext_lazy("This link has expired or was used. Ask for a new one on your account page.")


@transaction.atomic
def change_password(
    *,
    user: User,
    password: str,
    kept_session: str = "",
    revoke_tokens: bool = False,
    acting_user: User,
    now: datetime,
) -> None:
    """Sets a new password and ends the user's other sessions. kept_session: the key of the one that stays.

    revoke_tokens: the API tokens end too. Raises Invalid.
    """
    check_password(password, user)
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    _after_password(user, kept_session, revoke_tokens, acting_user, now)


@transaction.atomic
def end_access_after_password(
    *, user: User, must_change_password: bool = True, acting_user: User | None, now: datetime
) -> None:
    """After an admin or a command has set or removed somebody's password: their sessions and tokens end too.

    must_change_password: its owner has to choose another one at the next sign-in. False: they may keep it, also where
    an earlier one was for the first sign-in only.
    """
    _after_password(user, "", True, acting_user, now)
    if not must_change_password:
        lift_password_demand(user=user, acting_user=acting_user, now=now)
    elif user.has_usable_password() and user != acting_user:
        demand_new_password(user=user, acting_user=acting_user, now=now)


def _after_password(
    user: User, kept_session: str, revoke_tokens: bool, acting_user: User | None, now: datetime
) -> None:
    _end(BrowserSession.objects.filter(user=user).exclude(session_key=kept_session))
    forget_places(user=user)
    for token in ApiToken.objects.filter(user=user, revoked_at=None) if revoke_tokens else ():
        revoke_token(token=token, acting_user=acting_user, now=now)
    record("user.password_changed", user, acting_user=acting_user, now=now)


RIGHTS = ("role", "is_active", "is_staff", "is_superuser")
NOTED = (*RIGHTS, "username", "email", "must_change_password")
"""The fields of an account whose change in Django's admin is recorded."""


def note_rights(*, user: User, before: Mapping[str, Any], acting_user: User, now: datetime) -> None:
    """Records what an admin has changed of an account in Django's admin. before: by field, of NOTED.

    Of a name or an address only that it changed: the log holds neither.
    """
    if not before:
        after = {"person": user.pseudonym, "role": user.role, "is_staff": user.is_staff}
        record("user.created", user, acting_user=acting_user, now=now, after=after)
        if user.must_change_password:
            record("user.password_demanded", user, acting_user=acting_user, now=now)
        return
    if before["email"] != user.email:
        record("user.address_changed", user, acting_user=acting_user, now=now)
    if before["username"] != user.username:
        record("user.renamed", user, acting_user=acting_user, now=now)
    if before["must_change_password"] != user.must_change_password:
        verb = "user.password_demanded" if user.must_change_password else "user.password_demand_lifted"
        record(verb, user, acting_user=acting_user, now=now)
    if any(before[name] != getattr(user, name) for name in RIGHTS):
        record(
            "user.rights_changed",
            user,
            acting_user=acting_user,
            now=now,
            before={
                "role": before["role"],
                "is_active": before["is_active"],
                "is_staff": before["is_staff"],
                "is_superuser": before["is_superuser"],
            },
            after={
                "role": user.role,
                "is_active": user.is_active,
                "is_staff": user.is_staff,
                "is_superuser": user.is_superuser,
            },
        )


def note_sign_out(*, user: User, now: datetime) -> None:
    """Records that somebody has signed out."""
    record("user.signed_out", user, acting_user=user, now=now)


@transaction.atomic
def confirm_address(*, token: str, now: datetime) -> User:
    """Gives the account the address to which the link was sent. Raises LinkOver."""
    contents = read_address_token(token)
    if contents is None:
        raise LinkOver
    user = User.objects.select_for_update().filter(pk=contents["user"], is_active=True, email=contents["was"]).first()
    if user is None or user.email == contents["address"]:
        raise LinkOver
    user.email = contents["address"]
    user.save(update_fields=["email"])
    record("user.address_changed", user, acting_user=user, now=now)  # the log never holds the address itself
    return user


@transaction.atomic
def remove_address(*, user: User, now: datetime) -> None:
    """Takes the address off the account. Twice changes nothing."""
    if User.objects.filter(pk=user.pk).exclude(email="").update(email=""):
        user.email = ""
        record("user.address_changed", user, acting_user=user, now=now)


def note_session(*, user: User, session_key: str, user_agent: str, now: datetime) -> None:
    """Keeps when and with which browser a session was last used."""
    seen = {"user": user, "user_agent": user_agent[:LONGEST_USER_AGENT], "seen_at": now}
    BrowserSession.objects.update_or_create(
        session_key=session_key, defaults=seen, create_defaults={**seen, "opened_at": now}
    )


def live_sessions(user: User, *, now: datetime) -> QuerySet[BrowserSession]:
    """The user's sessions that are still valid, the last used first."""
    valid = Session.objects.filter(expire_date__gt=now).values("session_key")
    return BrowserSession.objects.filter(user=user, session_key__in=valid).order_by("-seen_at", "-pk")


@transaction.atomic
def end_sessions(
    *, user: User, session_id: int | None = None, kept_session: str = "", acting_user: User | None, now: datetime
) -> int:
    """Ends one session of the user, or all but the kept one (a key). Returns how many ended."""
    sessions = live_sessions(user, now=now).exclude(session_key=kept_session)
    ended = _end(sessions.filter(pk=session_id) if session_id is not None else sessions)
    if ended:
        record("user.sessions_ended", user, acting_user=acting_user, now=now, after={"sessions": ended})
    return ended


def forget_sessions(*, now: datetime) -> int:
    """Deletes expired sessions and what was kept about them. Returns the number of those."""
    Session.objects.filter(expire_date__lte=now).delete()
    stale = BrowserSession.objects.exclude(session_key__in=Session.objects.values("session_key"))
    count, _ = stale.filter(seen_at__lt=now - timedelta(minutes=1)).delete()
    return count


def _end(sessions: QuerySet[BrowserSession]) -> int:
    keys = list(sessions.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    BrowserSession.objects.filter(session_key__in=keys).delete()
    return len(keys)
