"""People and their tokens."""

import secrets
from collections.abc import Collection
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Conflict, Invalid, NotAllowed
from labeling.access import require_admin
from labeling.actions.validation import checked
from labeling.events.record import record
from labeling.models import ApiToken, Role, Scope, User

ALL_SCOPES = tuple(Scope.values)


class UsernameTaken(Conflict):
    type = "username-taken"
    sentence = gettext_lazy("There is already a user called %(username)s. Choose another name.")


def create_user(
    *,
    username: str,
    role: str,
    password: str | None = None,
    is_simulated: bool = False,
    secret: str | None = None,
    acting_user: User | None,
    now: datetime,
) -> tuple[User, str | None]:
    """Creates an account: of a person, or of a simulated annotator, who cannot sign in.

    secret: the basis of a generated password, for callers that must be able to generate the same one again.
    Returns the user and, where none was given, the generated password: it can be shown only now.
    Raises UsernameTaken, Invalid, NotAllowed.
    """
    require_admin(acting_user)
    if role not in Role.values:
        raise Invalid(
            _("There is no role %(role)s. Known are %(values)s.")
            % {"role": repr(role), "values": ", ".join(Role.values)},
            fields={"role": _("Unknown.")},
        )
    made_up = None if password or is_simulated else secret or secrets.token_urlsafe(12)
    is_admin = role == Role.ADMIN
    user = User(
        username=User.normalize_username(username),
        role=role,
        is_simulated=is_simulated,
        is_staff=is_admin,
        is_superuser=is_admin,
        date_joined=now,
    )
    if password:
        _check_password(password, user)
    user.set_password(None if is_simulated else password or made_up)
    if User.objects.filter(username=user.username).exists():
        raise UsernameTaken(username=user.username)
    checked(user)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            after = {"person": user.pseudonym, "role": role, "is_simulated": is_simulated}
            record("user.created", user, acting_user=acting_user, now=now, after=after)
    except IntegrityError as error:  # somebody else took the name in this very moment
        raise UsernameTaken(username=user.username) from error
    return user, made_up


@transaction.atomic
def create_token(
    *,
    user: User,
    name: str,
    scopes: Collection[str] = ALL_SCOPES,
    expires_at: datetime | None = None,
    granted_by: ApiToken | None = None,
    secret: str | None = None,
    acting_user: User | None,
    now: datetime,
) -> tuple[ApiToken, str]:
    """A key for the API, for oneself or, by an admin, for anybody. Returns it too: it can be shown this once.

    scopes: what it may be used for. expires_at: when it ends; None: never. granted_by: the token that asked for it,
    which can hand on no more than it has, and for no longer. secret: what the key is made of, where the caller has to
    be able to make the same one again. Raises NotAllowed, Invalid.
    """
    if acting_user is not None and acting_user.pk != user.pk and not acting_user.is_admin:
        raise NotAllowed(_("You can make tokens for yourself only."))
    if user.is_simulated:
        raise Invalid(_("A simulated annotator calls nothing and gets no token."))
    _check_scopes(scopes)
    if expires_at is not None and expires_at <= now:
        raise Invalid(_("A token cannot end before it begins."), fields={"expires_at": _("Must be in the future.")})
    if granted_by is not None:
        _check_grant(granted_by, scopes, expires_at)
    key = ApiToken.new_key(secret)
    ordered = [scope for scope in Scope.values if scope in scopes]
    token = ApiToken(
        user=user,
        name=name,
        key_hash=ApiToken.hash_key(key),
        scopes=ordered,
        expires_at=expires_at,
        created_at=now,
    )
    checked(token).save(force_insert=True)
    after = {"person": user.pseudonym, "name": name, "scopes": ordered}
    record("token.created", token, acting_user=acting_user, now=now, after=after)
    return token, key


@transaction.atomic
def revoke_token(*, token: ApiToken, acting_user: User | None, now: datetime) -> ApiToken:
    """From now on the key opens nothing. Revoking twice changes nothing. Raises NotAllowed."""
    if acting_user is not None and acting_user.pk != token.user_id and not acting_user.is_admin:
        raise NotAllowed(_("You can revoke your own tokens only."))
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        token.revoked_at = now
        record("token.revoked", token, acting_user=acting_user, now=now, after={"name": token.name})
    return token


def _check_scopes(scopes: Collection[str]) -> None:
    unknown = sorted(set(scopes) - set(ALL_SCOPES))
    if unknown or not scopes:
        text = (
            _("There is no scope %(unknown)s. Known are %(known)s.")
            if unknown
            else _("Say what it is for. Known are %(known)s.")
        )
        raise Invalid.of("scopes", text % {"unknown": ", ".join(unknown), "known": ", ".join(ALL_SCOPES)})


def _check_grant(giver: ApiToken, scopes: Collection[str], expires_at: datetime | None) -> None:
    beyond = sorted(set(scopes) - set(giver.scopes))
    if beyond:
        raise NotAllowed(
            _("This token cannot hand on what it does not have: %(beyond)s.") % {"beyond": ", ".join(beyond)}
        )
    if giver.expires_at is not None and (expires_at is None or expires_at > giver.expires_at):
        raise NotAllowed(_("This token cannot make one that outlives it. Send an earlier expires_at."))


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid.of("password", " ".join(error.messages)) from error
