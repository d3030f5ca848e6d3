"""Simulated annotators for the demo, so that its training shows something before people have judged enough."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from common.errors import Conflict
from labeling.access import require_may_change
from labeling.actions.members import add_member
from labeling.models import Campaign, Membership, User
from training.actions.demo import OVERLAP, SLUG
from training.models import ACTIVE_STATUSES
from training.rehearsal.annotators import Annotator, simulated_people
from training.rehearsal.rules import PREFERENCE_RULES

# The demo's completions are short and mostly cut, so a rule about their length would judge the cut
# (docs/experiments.md).
RULE = PREFERENCE_RULES["plain_sentences"]
ERROR_RATE = 0.05


class NotADemo(Conflict):
    type = "not-a-demo"
    sentence = _("Only the demo campaign can be judged by simulated annotators, while it is active.")


def can_simulate(campaign: Campaign) -> bool:
    """Whether simulated annotators may judge in a campaign: in the demo, while it is active."""
    return campaign.slug == SLUG and campaign.status == Campaign.Status.ACTIVE


def is_being_written(campaign: Campaign) -> bool:
    """Whether a generation job still adds pairs."""
    return campaign.generation_jobs.filter(status__in=ACTIVE_STATUSES).exists()


def simulate_judgments(*, campaign: Campaign, acting_user: User | None, now: datetime) -> int:
    """Lets simulated annotators judge every open comparison; returns how many judgments. Again: what came since.

    Raises NotADemo, NotAllowed, NotFound.
    """
    check_simulation(campaign, acting_user)
    people = simulated_people(OVERLAP, now=now)[1]
    role = Membership.Role.ANNOTATOR
    for annotator in people:
        if not campaign.memberships.filter(user=annotator).exists():
            add_member(campaign=campaign, user=annotator, role=role, acting_user=acting_user, now=now)
    return sum(Annotator(person, RULE, ERROR_RATE, seed=0).judge_all(campaign, now=now) for person in people)


def check_simulation(campaign: Campaign, acting_user: User | None) -> None:
    """Raises NotADemo, NotAllowed, NotFound unless this person may let simulated annotators judge."""
    require_may_change(acting_user, campaign)
    if not can_simulate(campaign):
        raise NotADemo
