"""Passkeys (WebAuthn): kept, used and removed. They are a second factor, and sign in without a password.

The cryptography is fido2's, by way of allauth. The state of a ceremony is in the session of the request at hand.
"""

from datetime import datetime
from struct import error as StructError  # noqa: N812
from typing import Any
from urllib.parse import urlsplit

from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as webauthn
from cryptography.exceptions import UnsupportedAlgorithm
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Invalid, NotFound
from labeling.actions.accounts import end_sessions
from labeling.actions.second_factor import has_second_factor, new_recovery_codes, remove_second_factor
from labeling.events.record import record
from labeling.models import User

MOST_PASSKEYS = 20
LONGEST_NAME = 60

MALFORMED = (
    ValidationError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    StructError,
    NotImplementedError,
    UnsupportedAlgorithm,
)
"""The errors of fido2 at an answer that is none: it reads bytes of anybody, and has no error of its own."""


class PasskeyRefused(Invalid):
    type = "passkey-refused"
    sentence = gettext_lazy("This passkey was not accepted. Try again, or use your password.")


class PasskeyNotFound(NotFound):
    type = "passkey-not-found"
    sentence = gettext_lazy("You have no such passkey.")


def passkeys_of(user: User) -> "QuerySet[Authenticator]":
    """The user's passkeys, the oldest first."""
    kept: QuerySet[Authenticator] = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
    return kept.order_by("pk")


def registration_options(user: User) -> dict[str, Any]:
    """Begins to add a passkey: for the browser, as JSON. It must ask for finger, face or PIN, and remember the user."""
    options: dict[str, Any] = webauthn.begin_registration(user, True)
    return options


def sign_in_options(user: User | None) -> dict[str, Any]:
    """Begins a sign-in: with a passkey of this user; None: with any, and finger, face or PIN in place of a password."""
    options: dict[str, Any] = webauthn.begin_authentication(user)
    return options


@transaction.atomic
def add_passkey(
    *, user: User, name: str, credential: Any, kept_session: str = "", acting_user: User, now: datetime
) -> list[str]:
    """Adds the passkey that the browser has made. credential: its answer, as JSON.

    Returns recovery codes if it is the account's first second factor; the other sessions end then. Raises Invalid.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    if passkeys_of(user).count() >= MOST_PASSKEYS:
        raise Invalid(_("An account can have %(most)s passkeys. Remove one first.") % {"most": MOST_PASSKEYS})
    try:
        response = webauthn.parse_registration_response(credential)
        _check_origin(response.response.client_data)
        webauthn.complete_registration(credential)
    except MALFORMED as error:
        raise PasskeyRefused from error
    had_one = has_second_factor(user)
    data = {"name": name[:LONGEST_NAME], "credential": credential}
    row = Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data=data, created_at=now)
    record("user.passkey_added", user, acting_user=acting_user, now=now, after={"passkey": row.pk})
    if had_one:
        return []
    end_sessions(user=user, kept_session=kept_session, acting_user=acting_user, now=now)
    return new_recovery_codes(user)


@transaction.atomic
def remove_passkey(*, user: User, passkey_id: int, kept_session: str = "", acting_user: User, now: datetime) -> None:
    """Removes a passkey; with the last second factor the recovery codes go too. The other sessions end.

    Raises PasskeyNotFound.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    if not passkeys_of(user).filter(pk=passkey_id).delete()[0]:
        raise PasskeyNotFound
    record("user.passkey_removed", user, acting_user=acting_user, now=now, after={"passkey": passkey_id})
    if not Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES).exists():
        remove_second_factor(user)
    end_sessions(user=user, kept_session=kept_session, acting_user=acting_user, now=now)


def take_passkey(*, user: User | None, credential: Any, now: datetime) -> User:
    """The user whose passkey has answered. user: who has to be the one; None: anybody. Raises PasskeyRefused."""
    try:
        answer = webauthn.parse_authentication_response(credential)
        _check_origin(answer.response.client_data)
        owner = user if user is not None else webauthn.extract_user_from_response(credential)
        row = webauthn.complete_authentication(owner, credential)
    except MALFORMED as error:
        raise PasskeyRefused from error
    # In place of a password only where there is one: the provider's people must pass the provider.
    replaces = answer.response.authenticator_data.is_user_verified() and row.user.has_usable_password()
    is_enough = user is not None or replaces
    if not (is_enough and row.user.is_active and settings.SECOND_FACTOR != "off"):
        raise PasskeyRefused
    Authenticator.objects.filter(pk=row.pk).update(last_used_at=now)
    found: User = row.user
    return found


def _check_origin(client_data: Any) -> None:
    """A page on a name below ours may use our passkeys in a browser, and is not ours. Raises PasskeyRefused."""
    if urlsplit(client_data.origin).hostname != urlsplit(f"//{context.request.get_host()}").hostname:
        raise PasskeyRefused
