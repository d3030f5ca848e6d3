"""Outside annotators: the people and programs whom imported files name as the authors of judgments."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.hashers import make_password

from labeling.models import Campaign, User

Key = str | int
"""The name of an outside annotator in the campaign, or a number from 1 for one whom the file does not name."""


def ensure_outside_annotators(campaign: Campaign, keys: Iterable[Key], now: datetime) -> dict[Key, User]:
    """The outside annotators of a campaign by name or number; those who are missing are created.

    The campaign must be locked. Nobody can sign in as one of them: the account is inactive and has no password.
    """
    by_username = {_username(campaign, key): key for key in keys}
    users = {user.username: user for user in User.objects.filter(username__in=by_username)}
    new = [
        User(
            username=username,
            is_active=False,
            password=make_password(None),
            date_joined=now,
            outside_campaign=campaign,
            outside_name=key if isinstance(key, str) else "",
        )
        for username, key in by_username.items()
        if username not in users
    ]
    User.objects.bulk_create(new)
    users |= {user.username: user for user in new}
    return {key: users[username] for username, key in by_username.items()}


def _username(campaign: Campaign, key: Key) -> str:
    """A user name that no account of a person can have, because of the colons."""
    name = f"unnamed-{key}" if isinstance(key, int) else hashlib.sha256(key.encode()).hexdigest()[:32]
    return f"outside:{campaign.pk}:{name}"
