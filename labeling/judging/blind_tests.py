"""Votes of blind tests: whoever reads them is told of each, after its commit and outside of its transaction.

Labeling does not know its readers. They register a Celery task, which gets the campaign's id.
"""

from functools import partial

from django.db import transaction

from common.broker import send
from labeling.judging.refusals import NotBlind
from labeling.models import Campaign, Membership, User

_READERS: list[str] = []


def names_its_writers(test: Campaign) -> bool:
    """Whether the texts of a blind test are stored with the names of their writers, which its leads then see."""
    return test.comparisons.exclude(completion_a__model_version="").exists()


def require_blind(campaign: Campaign, user: User, membership: Membership) -> None:
    """Raises NotBlind if it is a blind test and this person sees who wrote its texts."""
    sees_names = user.is_admin or membership.leads
    if sees_names and campaign.is_blind_test and names_its_writers(campaign):
        raise NotBlind


def register_reader(task: str) -> None:
    """Has this task sent after each vote of a blind test. task: its name; it must do no harm twice or late."""
    if task not in _READERS:
        _READERS.append(task)


def tell_of_vote(campaign_id: int) -> None:
    """Sends the readers' tasks after the commit. A message that is lost is not sent again."""
    for task in _READERS:
        transaction.on_commit(partial(send, task, campaign_id))
