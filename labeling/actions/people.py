"""People and their tokens."""

import secrets
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from labeling.access import require_admin
from labeling.actions.events import record
from labeling.actions.validation import checked
from labeling.errors import Conflict, Invalid, NotAllowed
from labeling.models import ApiToken, Role, User


class UsernameTaken(Conflict):
    type = "username-taken"


def create_user(
    *,
    username: str,
    role: str,
    password: str | None = None,
    is_simulated: bool = False,
    acting_user: User | None,
    now: datetime,
) -> tuple[User, str | None]:
    """A new person, or a simulated annotator, who cannot sign in.

    Returns the person and, when no password was given, the one that was made up: it can be shown this once.
    Raises UsernameTaken, Invalid, NotAllowed.
    """
    require_admin(acting_user)
    if role not in Role.values:
        raise Invalid(f"There is no role {role!r}. Known are {', '.join(Role.values)}.", fields={"role": "Unknown."})
    made_up = None if password or is_simulated else secrets.token_urlsafe(12)
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
        raise UsernameTaken(f"There is somebody called {user.username} already.")
    checked(user)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            after = {"username": user.username, "role": role, "is_simulated": is_simulated}
            record("user.created", user, acting_user=acting_user, now=now, after=after)
    except IntegrityError as error:  # somebody else took the name in this very moment
        raise UsernameTaken(f"There is somebody called {user.username} already.") from error
    return user, made_up


@transaction.atomic
def create_token(*, user: User, name: str, acting_user: User | None, now: datetime) -> tuple[ApiToken, str]:
    """A key for the API, for oneself or, by an admin, for anybody. Returns it too: it can be shown this once.

    Raises NotAllowed, Invalid.
    """
    if acting_user is not None and acting_user.pk != user.pk and not acting_user.is_admin:
        raise NotAllowed("You can make tokens for yourself only.")
    if user.is_simulated:
        raise Invalid("A simulated annotator calls nothing and gets no token.")
    key = ApiToken.new_key()
    token = checked(
        ApiToken(user=user, name=name, key_hash=ApiToken.hash_key(key), created_at=now), exclude=("scopes",)
    )
    token.save(force_insert=True)
    record("token.created", token, acting_user=acting_user, now=now, after={"user": user.username, "name": name})
    return token, key


@transaction.atomic
def revoke_token(*, token: ApiToken, acting_user: User | None, now: datetime) -> ApiToken:
    """From now on the key opens nothing. Revoking twice changes nothing. Raises NotAllowed."""
    if acting_user is not None and acting_user.pk != token.user_id and not acting_user.is_admin:
        raise NotAllowed("You can revoke your own tokens only.")
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        token.revoked_at = now
        record("token.revoked", token, acting_user=acting_user, now=now, after={"name": token.name})
    return token


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), fields={"password": " ".join(error.messages)}) from error
