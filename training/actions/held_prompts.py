"""Holding prompts of a campaign for its gates by people."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from labeling.access import require_may_change
from labeling.events.record import record
from labeling.models import Campaign, User
from training.access import require_no_blind_test
from training.errors import WrongPeopleGate
from training.models import HeldPrompts


def hold_prompts(*, campaign: Campaign, share: float, acting_user: User | None, now: datetime) -> HeldPrompts:
    """Holds a share of the prompts: no snapshot takes a pair on them, and no ordinary generation writes for them.

    Prompts that a version learned from before are held too, but no gate of that version uses them. A smaller share
    gives prompts back. Raises WrongPeopleGate, ForItsGateOnly, NotAllowed, NotFound.
    """
    require_may_change(acting_user, campaign)
    require_no_blind_test(campaign)
    if not 0 <= share <= HeldPrompts.MOST:
        text = gettext("Between 0 and %(most)s %% of the prompts can be held.") % {
            "most": round(100 * HeldPrompts.MOST)
        }
        raise WrongPeopleGate.of("share", text)
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        row = HeldPrompts.objects.filter(campaign=campaign).first() or HeldPrompts(campaign=campaign, share=0.0)
        before = row.share
        if row.pk and before == share:
            return row
        row.share, row.by, row.at = share, acting_user, now
        row.save()
        record(
            "prompts.held",
            row,
            acting_user=acting_user,
            now=now,
            campaign=campaign,
            before={"share": before},
            after={"share": share},
        )
    return row
