"""Shared parts of the commands: the campaign, the acting user, and errors as sentences."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from common.days import midnight
from common.errors import DomainError
from labeling.access import PersonNotFound
from labeling.models import Campaign, User


def add_acting_user(parser: CommandParser) -> None:
    """Adds `--as NAME`: the person who acts. Without it the system acts."""
    parser.add_argument(
        "--as",
        dest="acting_user",
        metavar="NAME",
        help="the person who acts; default: the system",
    )


def acting_user(name: str | None) -> User | None:
    """The user named by `--as`; None: the system. Raises CommandError."""
    if name is None:
        return None
    user = User.objects.filter(username=name).first()
    if user is None:
        raise CommandError(PersonNotFound(name).message)
    return user


def campaign_named(slug: str) -> Campaign:
    """The campaign with a slug. Raises CommandError, which lists the existing ones."""
    campaign = Campaign.objects.filter(slug=slug).first()
    if campaign is None:
        known = ", ".join(Campaign.objects.order_by("slug").values_list("slug", flat=True)[:20]) or "none yet"
        raise CommandError(f"There is no campaign {slug}. There are: {known}.")
    return campaign


@contextmanager
def domain_errors() -> Iterator[None]:
    """Turns a domain error into a CommandError: its sentence on stderr, and exit code 1."""
    try:
        yield
    except DomainError as error:
        raise CommandError(error.message) from error


def time_argument(text: str) -> datetime:
    """A day or a time of the command line; one without a zone has that of the settings."""
    try:
        if (day := parse_date(text)) is not None:
            return midnight(day)
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time, such as 2026-03-01 or 2026-03-01T12:00:00Z")
    return at if timezone.is_aware(at) else timezone.make_aware(at)
