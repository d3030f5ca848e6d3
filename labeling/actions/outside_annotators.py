"""Outside annotators: the people and programs whom imported files name as the authors of judgments.

An erased one stays recognised by a keyed hash, so that the same file again does not bring the person back.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils.crypto import salted_hmac

from labeling.models import Campaign, Erasure, User

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


def erased_annotators(campaign: Campaign, names: Iterable[str]) -> dict[Key, User]:
    """The erased outside annotators of a campaign: those with these names in files, and all without a name."""
    rows = Erasure.objects.filter(person__outside_campaign=campaign).exclude(outside_key="").select_related("person")
    erased = {row.outside_key: row.person for row in rows}
    if not erased:
        return {}
    numbers = range(1, User.objects.filter(outside_campaign=campaign).count() + 1)
    return {
        key: erased[code]
        for key in (*names, *numbers)
        for code in _codes("labeling.outside_annotators", _username(campaign, key))
        if code in erased
    }


def outside_key(username: str) -> str:
    """The code by which an erased outside annotator is recognised. It needs the installation's secret."""
    return _codes("labeling.outside_annotators", username)[0]


def opinion_author(name: str) -> str:
    """A code instead of the name of an annotator, equal for equal names, for opinions that are kept as metadata."""
    return opinion_authors(name)[0] if name else ""


def opinion_authors(name: str) -> list[str]:
    """Every code that may stand for this name: the one of now first, then those of earlier secrets."""
    return [code[:16] for code in _codes("labeling.opinions", name)]


def _codes(purpose: str, text: str) -> list[str]:
    """A text's codes by the installation's secret, and by those before it: a code outlives the secret that made it."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [salted_hmac(purpose, text, secret=secret, algorithm="sha256").hexdigest() for secret in secrets]


def _username(campaign: Campaign, key: Key) -> str:
    """A user name that no account of a person can have, because of the colons."""
    name = f"unnamed-{key}" if isinstance(key, int) else hashlib.sha256(key.encode()).hexdigest()[:32]
    return f"outside:{campaign.pk}:{name}"
