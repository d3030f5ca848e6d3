"""Signing in with a provider: the account of somebody whom the provider knows, found or made."""

import re
from collections.abc import Iterator
from datetime import datetime

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import Invalid, NotAllowed
from labeling.actions.people import UsernameTaken, create_user
from labeling.events.record import record
from labeling.models import Role, User

NOT_IN_NAMES = re.compile(r"[^\w.+-]", re.ASCII)
MOST_TRIES = 50


@transaction.atomic
def user_of_provider(
    *, provider: str, uid: str, address: str, is_confirmed: bool, is_invited: bool, now: datetime
) -> User:
    """The account of a provider's user: the one that signed in so before, the one with the address, or a new one.

    uid: the provider's own name for the person, which never changes. is_confirmed: whether the provider has confirmed
    the address; no other is believed, or anybody could enter the address of an admin there. is_invited: whether they
    come by an open invitation to annotate. Raises NotAllowed.
    """
    known = SocialAccount.objects.select_related("user").filter(provider=provider, uid=uid).first()
    if known is not None:
        return _usable(known.user)
    if not address or not is_confirmed:
        raise NotAllowed(_("The provider has not confirmed your e-mail address. Confirm it there, and sign in again."))
    people = User.objects.select_for_update().filter(is_simulated=False, outside_campaign=None)
    found = list(people.filter(email__iexact=address)[:2])
    if len(found) > 1:
        raise NotAllowed(
            _("Several accounts here have your e-mail address. Ask an admin to leave it with one of them.")
        )
    user = _usable(found[0]) if found else _new_user(address, is_invited, now)
    if found and SocialAccount.objects.filter(provider=provider, user=user).exists():
        # The address was somebody else's at the provider: its new owner gets no rights by it.
        raise NotAllowed(
            _("The account here with your e-mail address belongs to another person at the provider. Ask an admin.")
        )
    _account, is_new = SocialAccount.objects.get_or_create(provider=provider, uid=uid, defaults={"user": user})
    if is_new:
        record("user.provider_linked", user, acting_user=user, now=now, after={"provider": provider})
    return user


def _usable(user: User) -> User:
    if not user.is_active:
        raise NotAllowed(_("This account is switched off. Ask an admin."))
    return user


def _new_user(address: str, is_invited: bool, now: datetime) -> User:
    """An annotator with a name made from the address, and without a password."""
    domains = {domain.strip().lower().lstrip("@") for domain in settings.SIGN_IN_DOMAINS}
    local, _at, domain = address.rpartition("@")
    if not is_invited and domain.lower() not in domains:
        raise NotAllowed(
            _("Nobody here has your e-mail address. Open the link of your invitation first, or ask an admin.")
        )
    for name in _names(NOT_IN_NAMES.sub("", local)[:100]):
        try:
            user, _password = create_user(username=name, role=Role.ANNOTATOR, email=address, acting_user=None, now=now)
        except (UsernameTaken, Invalid):  # somebody has it, or it is reserved
            continue
        user.set_unusable_password()
        user.save(update_fields=["password"])
        return user
    raise NotAllowed(_("No free name was found for your account. Ask an admin to make one with your address."))


def _names(local: str) -> Iterator[str]:
    """Names to try: of the address, the same with a number, and for reserved ones with a word before it."""
    for base in (local or "person", f"person-{local}"):
        yield base
        yield from (f"{base}-{number}" for number in range(2, MOST_TRIES))
