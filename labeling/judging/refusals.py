"""Why a judgment, or its undoing, cannot be taken as things stand."""

from django.utils.translation import gettext as _

from common.errors import Conflict
from common.wording import in_sentence
from labeling.models import Campaign


class CampaignNotOpen(Conflict):
    """The campaign takes no judgments at the moment, and lets none be taken back."""

    type = "campaign-not-open"

    def __init__(self, campaign: Campaign) -> None:
        text = _("This campaign is %(status)s: judgments are neither taken nor taken back.")
        super().__init__(text % {"status": in_sentence(campaign.get_status_display())})


class AlreadyJudged(Conflict):
    """You have judged this comparison. Undo that judgment to change it."""

    type = "already-judged"

    def __init__(self) -> None:
        super().__init__(_("You have judged this comparison already. Undo that judgment to change it."))


class LeaseLost(Conflict):
    """The lease ran out and somebody else took the comparison. Ask for the next one."""

    type = "lease-lost"

    def __init__(self) -> None:
        super().__init__(
            _(
                "The time for this comparison ran out and somebody else took it, so this answer does not count. "
                "Everything you judged before is kept. Ask for the next comparison."
            )
        )


class Withdrawn(Conflict):
    """The comparison was taken out of the campaign while it was before you. Ask for the next one."""

    type = "withdrawn"

    def __init__(self) -> None:
        super().__init__(
            _(
                "This comparison was taken out of the campaign while it was before you, so this answer does not count. "
                "Everything you judged before is kept. Ask for the next comparison."
            )
        )


class QuotaReached(Conflict):
    """You have judged as many as one person may, and the lease of this one had run out."""

    type = "quota-reached"

    def __init__(self) -> None:
        super().__init__(
            _(
                "The time for this comparison ran out, and you have judged as many as one person may, so this answer "
                "does not count. Everything you judged before is kept."
            )
        )


class KeyUsed(Conflict):
    """The key belongs to another judgment of yours. Send each judgment with a key of its own."""

    type = "key-used"

    def __init__(self) -> None:
        super().__init__(_("This key belongs to another judgment of yours. Send every judgment with a key of its own."))


class NothingToUndo(Conflict):
    """There is no judgment of yours that could be taken back."""

    type = "nothing-to-undo"

    def __init__(self) -> None:
        super().__init__(_("There is no judgment of this comparison that could be taken back."))


class TooLateToUndo(Conflict):
    """The campaign allows no undo, or its time is over, or an expert has decided since."""

    type = "too-late-to-undo"
