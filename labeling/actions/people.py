"""User accounts and their API tokens."""

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
from labeling.actions.usernames import check_name, looks_taken
from labeling.actions.validation import checked
from labeling.events.record import record
from labeling.models import ApiToken, Role, Scope, User

ALL_SCOPES = tuple(Scope.values)


class UsernameTaken(Conflict):
    type = "username-taken"
    sentence = gettext_lazy(
        "There is already a user called %(username)s, or one whose name looks the same. Choose another name."
    )


def create_user(
    *,
    username: str,
    role: str,
    password: str | None = None,
    email: str = "",
    is_simulated: bool = False,
    secret: str | None = None,
    acting_user: User | None,
    now: datetime,
) -> tuple[User, str | None]:
    """Creates an account: of a person, or of a simulated annotator, who cannot sign in.

    email: of the person, unconfirmed. secret: the basis of a generated password, for callers that must be able to
    generate the same one again.
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
    check_name(username)
    generated = None if password or is_simulated else secret or secrets.token_urlsafe(12)
    is_admin = role == Role.ADMIN
    user = User(
        username=User.normalize_username(username),
        role=role,
        email=User.objects.normalize_email(email),
        is_simulated=is_simulated,
        is_staff=is_admin,
        is_superuser=is_admin,
        date_joined=now,
    )
    if password:
        check_password(password, user)
    user.set_password(None if is_simulated else password or generated)
    try:
        with transaction.atomic():
            if looks_taken(user.username):
                raise UsernameTaken(username=user.username)
            checked(user)
            user.save(force_insert=True)
            after = {"person": user.pseudonym, "role": role, "is_simulated": is_simulated}
            record("user.created", user, acting_user=acting_user, now=now, after=after)
    except IntegrityError as error:  # the name was taken at the same moment
        raise UsernameTaken(username=user.username) from error
    return user, generated


@transaction.atomic
def create_account(
    *,
    username: str,
    role: str,
    password: str | None = None,
    email: str = "",
    secret: str | None = None,
    must_change_password: bool = True,
    acting_user: User | None,
    now: datetime,
) -> tuple[User, str | None]:
    """Creates an account for somebody else; see `create_user`.

    must_change_password: the password is for the first sign-in only. Raises UsernameTaken, Invalid, NotAllowed.
    """
    user, generated = create_user(
        username=username,
        role=role,
        password=password,
        email=email,
        secret=secret,
        acting_user=acting_user,
        now=now,
    )
    if must_change_password:
        demand_new_password(user=user, acting_user=acting_user, now=now)
    return user, generated


@transaction.atomic
def demand_new_password(*, user: User, acting_user: User | None, now: datetime) -> None:
    """From now on the user has to choose a password before any other page opens. Twice changes nothing.

    API tokens work as before. Raises NotAllowed.
    """
    require_admin(acting_user)
    if User.objects.filter(pk=user.pk, must_change_password=False).update(must_change_password=True):
        user.must_change_password = True
        record("user.password_demanded", user, acting_user=acting_user, now=now)


def lift_password_demand(*, user: User, acting_user: User | None, now: datetime) -> None:
    """The user may keep the password. Twice changes nothing. Raises NotAllowed."""
    require_admin(acting_user)
    if User.objects.filter(pk=user.pk, must_change_password=True).update(must_change_password=False):
        user.must_change_password = False
        record("user.password_demand_lifted", user, acting_user=acting_user, now=now)


def check_erasure_by_token(person: User, token: ApiToken | None) -> None:
    """Raises NotAllowed where a token would erase somebody else's account. token: that authenticated the call.

    Programs that create accounts have tokens for people; none of them needs to delete the team for good.
    """
    if token is not None and person != token.user:
        raise NotAllowed(_("A token can erase only your own account. Sign in to erase others."))


def check_role_for_token(role: str, token: ApiToken | None) -> None:
    """Raises NotAllowed where a token would create more than an annotator.

    With the new password somebody could sign in, and do what the token may not. token: that authenticated the call.
    """
    if token is not None and role != Role.ANNOTATOR:
        raise NotAllowed(_("A token can only create annotators. Sign in to create leads and admins."))


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
    """Creates an API token for oneself or, by an admin, for anybody. Returns its key too: it can be shown only now.

    scopes: what it may be used for. expires_at: None: never. granted_by: the token that authenticated this call; the
    new one gets no more scopes than it and expires no later. secret: the basis of the key, for callers that must be
    able to generate the same one again. Raises NotAllowed, Invalid.
    """
    if acting_user is not None and acting_user.pk != user.pk and not acting_user.is_admin:
        raise NotAllowed(_("You can create tokens only for yourself."))
    if user.is_simulated:
        raise Invalid(_("Simulated annotators cannot have tokens."))
    _check_scopes(scopes)
    if expires_at is not None and expires_at <= now:
        raise Invalid(_("A token must expire in the future."), fields={"expires_at": _("Must be in the future.")})
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
    after = {"person": user.pseudonym, "scopes": ordered}  # not the name: people name theirs after themselves
    record("token.created", token, acting_user=acting_user, now=now, after=after)
    return token, key


@transaction.atomic
def revoke_token(*, token: ApiToken, acting_user: User | None, now: datetime) -> ApiToken:
    """Revokes a token: its key no longer works. Twice changes nothing. Raises NotAllowed."""
    if acting_user is not None and acting_user.pk != token.user_id and not acting_user.is_admin:
        raise NotAllowed(_("You can revoke only your own tokens."))
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        token.revoked_at = now
        record("token.revoked", token, acting_user=acting_user, now=now)
    return token


def note_account_read(*, person: User, acting_user: User, now: datetime) -> None:
    """Records that an admin looks at somebody else's account, with its name and its e-mail address."""
    if acting_user.pk != person.pk:
        record("person.account_read", person, acting_user=acting_user, now=now, after={"person": person.pseudonym})


def note_people_listed(*, acting_user: User, now: datetime) -> None:
    """Records that an admin looks at the list of all accounts, which can be searched by e-mail address."""
    record("person.list_read", acting_user, acting_user=acting_user, now=now)


def note_data_read(*, person: User, acting_user: User | None, now: datetime) -> None:
    """Records that somebody else downloads all data about a person. acting_user: None for a command."""
    if acting_user is None or acting_user.pk != person.pk:
        record("person.data_read", person, acting_user=acting_user, now=now, after={"person": person.pseudonym})


def _check_scopes(scopes: Collection[str]) -> None:
    unknown = sorted(set(scopes) - set(ALL_SCOPES))
    if unknown or not scopes:
        text = (
            _("There is no scope %(unknown)s. Known are %(known)s.")
            if unknown
            else _("Choose at least one scope. Known are %(known)s.")
        )
        raise Invalid.of("scopes", text % {"unknown": ", ".join(unknown), "known": ", ".join(ALL_SCOPES)})


def _check_grant(giver: ApiToken, scopes: Collection[str], expires_at: datetime | None) -> None:
    missing = sorted(set(scopes) - set(giver.scopes))
    if missing:
        raise NotAllowed(
            _("This token cannot grant scopes that it lacks: %(missing)s.") % {"missing": ", ".join(missing)}
        )
    if giver.expires_at is not None and (expires_at is None or expires_at > giver.expires_at):
        raise NotAllowed(_("A token cannot create one that expires later. Send an earlier expires_at."))


def check_password(password: str, user: User) -> None:
    """Raises Invalid, with all reasons, if the password is too weak for this user."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid.of("password", " ".join(error.messages)) from error
