"""What the commands share: finding a campaign, saying who acts, and telling an error in a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError, CommandParser

from common.errors import DomainError
from labeling.access import PersonNotFound
from labeling.models import Campaign, User


def add_acting_user(parser: CommandParser) -> None:
    """`--as NAME`: whom the event log names. Left out: the system."""
    parser.add_argument("--as", dest="acting_user", metavar="NAME", help="who acts, for the event log and the rights")


def acting_user(name: str | None) -> User | None:
    """The person of `--as`; None: the system. Raises CommandError."""
    if name is None:
        return None
    user = User.objects.filter(username=name).first()
    if user is None:
        raise CommandError(PersonNotFound(name).message)
    return user


def campaign_named(slug: str) -> Campaign:
    """The campaign of that slug. Raises CommandError, naming those there are."""
    campaign = Campaign.objects.filter(slug=slug).first()
    if campaign is None:
        known = ", ".join(Campaign.objects.order_by("slug").values_list("slug", flat=True)[:20]) or "none yet"
        raise CommandError(f"There is no campaign {slug}. There are: {known}.")
    return campaign


@contextmanager
def told() -> Iterator[None]:
    """A domain error becomes its sentence on stderr and exit code 1."""
    try:
        yield
    except DomainError as error:
        raise CommandError(error.message) from error
