"""Sign-ins: the failures that lead to a wait, the places where somebody is known, and their events.

Everything is in the database, so that all processes of the web server count together. Buckets are those of
`common.buckets`: they start full and refill within a minute.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.crypto import salted_hmac

from labeling.events.record import record
from labeling.models import KnownPlace, SignInBucket, User

KNOWN_FOR = timedelta(days=90)


@transaction.atomic
def take_failure(name: tuple[str, ...], per_minute: int, *, now: datetime) -> float:
    """Takes a failure and returns 0, or returns the seconds until there is one left."""
    full = SignInBucket(name_hash=_hash(name), left=float(per_minute), at=now)
    SignInBucket.objects.bulk_create([full], ignore_conflicts=True)
    row = SignInBucket.objects.select_for_update().get(pk=full.pk)
    left = _left(row, per_minute, now)
    wait = 0.0 if left >= 1 else (1 - left) * 60 / per_minute
    row.left, row.at = (left if wait else left - 1), now
    row.save(update_fields=["left", "at"])
    return wait


@transaction.atomic
def give_back_failure(name: tuple[str, ...], per_minute: int, *, now: datetime) -> None:
    """Gives back what was taken: it was no failure."""
    row = SignInBucket.objects.select_for_update().filter(name_hash=_hash(name)).first()
    if row is not None:
        row.left, row.at = min(float(per_minute), _left(row, per_minute, now) + 1), now
        row.save(update_fields=["left", "at"])


def is_known(*, username: str, network: str) -> bool:
    """Whether the user of this name has signed in from this network within `KNOWN_FOR`."""
    user = User.objects.filter(username=username).only("pk").first()
    return user is not None and KnownPlace.objects.filter(user=user, network_hash=_place(user, network)).exists()


@transaction.atomic
def note_sign_in(*, user: User, network: str, means: Mapping[str, str] | None = None, now: datetime) -> None:
    """Remembers the place of a successful sign-in, and records the event. means: beside or in place of a password."""
    _, is_new = KnownPlace.objects.update_or_create(
        user=user, network_hash=_place(user, network), defaults={"seen_at": now}
    )
    record(
        "user.signed_in",
        user,
        acting_user=user,
        now=now,
        after={"new_place": is_new, **(means or {})},
    )


def forget_places(*, user: User) -> None:
    """Makes the user unknown everywhere: whoever knew the old password is measured by all limits."""
    KnownPlace.objects.filter(user=user).delete()


def note_failure(*, username: str, now: datetime) -> None:
    """Records a wrong password for an account that exists. The limits bound the number of these events."""
    user = User.objects.filter(username=username, is_active=True).first()
    if user is not None:
        record("user.sign_in_failed", user, acting_user=None, now=now)


def forget_sign_ins(*, now: datetime) -> int:
    """Deletes full buckets, and places where nobody has been for `KNOWN_FOR`. Returns how many."""
    buckets, _ = SignInBucket.objects.filter(at__lt=now - timedelta(minutes=5)).delete()
    places, _ = KnownPlace.objects.filter(seen_at__lt=now - KNOWN_FOR).delete()
    return buckets + places


def _left(row: SignInBucket, per_minute: int, now: datetime) -> float:
    return min(float(per_minute), row.left + max((now - row.at).total_seconds(), 0.0) * per_minute / 60)


def _hash(name: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join(name).encode()).hexdigest()


def _place(user: User, network: str) -> str:
    return salted_hmac("labeling.actions.sign_ins", f"{user.pk} {network}", algorithm="sha256").hexdigest()
