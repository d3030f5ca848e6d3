"""The acts of people that a blind test refuses, because each could bend the result.

A person who chooses, after having looked, which pairs are judged, by how many, or in which order, chooses the result.
All other acts of people are allowed and recorded as events: whoever opened the test counts them in its result.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from common.errors import Conflict
from labeling.models import BulkAct, Campaign

Kind = BulkAct.Kind

ADD = "add"
FLAG = "flag"
GOLD = "gold"
PRACTICE = "practice"
TAKE_BACK = "take_back"

REFUSED: dict[str, Any] = {
    Kind.RETIRE: _("Retiring rows"),
    Kind.RESTORE: _("Restoring rows"),
    Kind.ASK_AGAIN: _("Requesting more judgments"),
    Kind.PRIORITISE: _("Changing the queue"),
    Kind.NORMAL: _("Changing the queue"),
    ADD: _("Adding pairs or prompts"),
    FLAG: _("Reviewing flags"),
    GOLD: _("Changing gold"),
    PRACTICE: _("Changing practice pairs"),
    TAKE_BACK: _("Taking back an import"),
}
"""The refused acts, by their name: each as the beginning of a sentence."""


class BendsBlindTest(Conflict):
    type = "bends-blind-test"
    sentence = _("%(act)s could bend the result of a blind test. Let its gate end, or cancel the gate.")


def is_refused(campaign: Campaign, act: str) -> bool:
    """Whether an act on this campaign is refused because it is a blind test. Pages do not offer it then.

    Flags wait until the test is over: by then they change nothing, and a lead should read them.
    """
    if act == FLAG:
        return campaign.is_blind_now
    return campaign.is_blind_test and act in REFUSED


def refuse_in_blind_test(campaign: Campaign, act: str) -> None:
    """Raises BendsBlindTest for one of the refused acts in a blind test, whoever asks for it."""
    if is_refused(campaign, act):
        raise BendsBlindTest(act=str(REFUSED[act]))
