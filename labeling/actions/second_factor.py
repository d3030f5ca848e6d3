"""The second factor of an account: codes of an app on the phone (TOTP, RFC 6238), and recovery codes.

The tables are allauth's (`allauth.mfa`). Whether a code is right is decided here, with the rows locked: no code is
taken twice, and guesses at the same moment are counted too, in all processes of the web server.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt, encrypt
from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Conflict, Invalid, NotAllowed
from labeling.access import require_admin
from labeling.actions.accounts import end_sessions
from labeling.actions.sealing import sealed_anew
from labeling.events.record import record
from labeling.models import User

STEP = 30
"""Seconds for which an app shows a code."""

FREE_FAILURES = 5
LONGEST_WAIT = 900
"""Seconds. From the fifth wrong code in a row on, each doubles the wait: some hundred guesses a day at the most."""

CODES = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)


class SecondFactorOn(Conflict):
    type = "second-factor-on"
    sentence = gettext_lazy("Two-step sign-in is on already. Turn it off first to use another app.")


class SecondFactorOff(Conflict):
    type = "second-factor-off"
    sentence = gettext_lazy("Two-step sign-in is off for this account.")


@dataclass(frozen=True, slots=True)
class CodeCheck:
    """used: the type of what took the code; empty: nothing did. wait: seconds before the next one is looked at."""

    used: str = ""
    wait: int = 0


def has_second_factor(user: User) -> bool:
    """Whether something beside the password is needed to sign in."""
    if settings.SECOND_FACTOR == "off":
        return False
    return bool(Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES).exists())


def must_have_second_factor(user: User) -> bool:
    """Whether the settings of this server demand one of somebody who signs in with a password."""
    return settings.SECOND_FACTOR == "all" or (settings.SECOND_FACTOR == "leads" and user.is_lead)


def has_codes_of_app(user: User) -> bool:
    """Whether an app on the phone makes codes for this account."""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


def recovery_codes_left(user: User) -> int:
    """How many of the recovery codes have not been used."""
    row = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return len(RecoveryCodes(row).get_unused_codes()) if row is not None else 0


@transaction.atomic
def turn_on_codes(
    *, user: User, secret: str, code: str, kept_session: str = "", acting_user: User, now: datetime
) -> list[str]:
    """Turns on the codes of an app, once it has made a right one. Ends the user's other sessions.

    secret: in Base32, as the app knows it. kept_session: the key of the session that stays. Returns the recovery
    codes: they can be shown only now. Raises SecondFactorOn, Invalid.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    if has_codes_of_app(user):
        raise SecondFactorOn
    step = _step_of(secret, code, after=0, now=now)
    if not step:
        raise Invalid.of("code", _("This is not the app's code of this moment. Is the phone's clock right?"))
    data = {"secret": encrypt(secret), "step": step}
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data=data, created_at=now)
    record("user.second_factor_on", user, acting_user=acting_user, now=now)
    end_sessions(user=user, kept_session=kept_session, acting_user=acting_user, now=now)
    return new_recovery_codes(user)


@transaction.atomic
def renew_recovery_codes(*, user: User, acting_user: User, now: datetime) -> list[str]:
    """Replaces the recovery codes. They can be shown only now. Raises SecondFactorOff."""
    user = User.objects.select_for_update().get(pk=user.pk)
    if not has_second_factor(user):
        raise SecondFactorOff
    record("user.recovery_codes_renewed", user, acting_user=acting_user, now=now)
    return new_recovery_codes(user)


@transaction.atomic
def turn_off_second_factor(*, user: User, kept_session: str = "", acting_user: User, now: datetime) -> None:
    """Takes the second factor off the account, recovery codes too, and ends the user's other sessions.

    Raises SecondFactorOff.
    """
    remove_second_factor(user)
    record("user.second_factor_off", user, acting_user=acting_user, now=now)
    end_sessions(user=user, kept_session=kept_session, acting_user=acting_user, now=now)


@transaction.atomic
def reset_second_factor(*, user: User, acting_user: User | None, now: datetime) -> None:
    """For somebody who has lost phone and recovery codes: by an admin or a command. Ends all their sessions.

    Raises NotAllowed, SecondFactorOff.
    """
    require_admin(acting_user)
    if acting_user is not None and acting_user.pk == user.pk:
        raise NotAllowed(_("Turn your own off on your account page, with your password or a code."))
    remove_second_factor(user)
    record("user.second_factor_reset", user, acting_user=acting_user, now=now, after={"person": user.pseudonym})
    end_sessions(user=user, acting_user=acting_user, now=now)


@transaction.atomic
def check_code(*, user: User, code: str, now: datetime) -> CodeCheck:
    """Takes a code of the app or a recovery code, each once. A wrong one is an event; after some there is a wait."""
    rows = Authenticator.objects.select_for_update().filter(user=user, type__in=CODES).order_by("pk")
    found = {row.type: row for row in rows}
    counter = found.get(Authenticator.Type.RECOVERY_CODES)
    if counter is None:
        return CodeCheck()
    wait = _wait(counter, now)
    if wait:
        return CodeCheck(wait=wait)
    code = "".join(code.split()).replace("-", "")
    used = Authenticator.Type.TOTP if _takes(found.get(Authenticator.Type.TOTP), code, now) else ""
    recovery = RecoveryCodes(counter)
    if not used and recovery.validate_code(code):
        used = Authenticator.Type.RECOVERY_CODES
    counter = recovery.instance
    failures = 0 if used else counter.data.get("failures", 0) + 1
    if used:
        _seal_anew(counter, "seed")
    if used == Authenticator.Type.RECOVERY_CODES and (app := found.get(Authenticator.Type.TOTP)) is not None:
        _seal_anew(app, "secret")
        app.save(update_fields=["data"])
    counter.data |= {"failures": failures, "failed_at": now.timestamp()}
    counter.save(update_fields=["data"])
    if not used:
        record("user.code_failed", user, acting_user=None, now=now)
    return CodeCheck(used=str(used))


def _takes(row: Authenticator | None, code: str, now: datetime) -> bool:
    """Whether it is a code of the app, newer than the last one that was taken."""
    if row is None:
        return False
    secret = decrypt(row.data["secret"])
    step = _step_of(secret, code, after=row.data.get("step", 0), now=now)
    if step:
        row.data["step"] = step
        _seal_anew(row, "secret")
        row.last_used_at = now
        row.save(update_fields=["data", "last_used_at"])
    return bool(step)


def _seal_anew(row: Authenticator, name: str) -> None:
    """With the key of today: a sign-in is when the earlier one is still known."""
    row.data[name] = sealed_anew(row.data[name])


def _step_of(secret: str, code: str, *, after: int, now: datetime) -> int:
    """The step of time whose code this is: the present one, or one beside it as clocks differ. 0: of none."""
    present, code = int(now.timestamp()) // STEP, "".join(code.split())
    for step in (present, present - 1, present + 1):
        if step > after and constant_time_compare(code, format_hotp_value(hotp_value(secret, step))):
            return step
    return 0


def _wait(row: Authenticator, now: datetime) -> int:
    failures = int(row.data.get("failures", 0))
    if failures < FREE_FAILURES:
        return 0
    wait: int = min(LONGEST_WAIT, 15 * 2 ** min(failures - FREE_FAILURES, 10))
    since = now - datetime.fromtimestamp(row.data["failed_at"], UTC)
    return max(0, round(wait - since.total_seconds()))


def new_recovery_codes(user: User) -> list[str]:
    """Replaces the recovery codes, as a part of another act."""
    Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).delete()
    codes: list[str] = RecoveryCodes.activate(user).generate_codes()
    return codes


def remove_second_factor(user: User) -> None:
    """Deletes all of it, as a part of another act. Raises SecondFactorOff."""
    if not Authenticator.objects.filter(user=user).delete()[0]:
        raise SecondFactorOff
