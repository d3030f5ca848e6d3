"""Why a judgment, its change or its undo is refused in the present state."""

from django.utils.translation import gettext_lazy as _

from common.errors import Conflict
from common.wording import in_sentence
from labeling.models import Campaign


class CampaignNotOpen(Conflict):
    type = "campaign-not-open"
    sentence = _("This campaign is %(status)s: it takes no judgments, and none can be undone.")

    def __init__(self, campaign: Campaign) -> None:
        super().__init__(status=in_sentence(campaign.get_status_display()))


class GuidelinesUnread(Conflict):
    type = "guidelines-unread"
    sentence = _(
        "Read the guidelines first, on the campaign's page. A program says that you have read them: "
        "POST campaigns/{slug}/guidelines/read/."
    )


class PracticeNeeded(Conflict):
    type = "practice-needed"
    sentence = _(
        "Finish the practice round first, on the campaign's page. A program asks for its pairs: "
        "POST campaigns/{slug}/practice/next/."
    )


class NotQualified(Conflict):
    type = "not-qualified"
    sentence = _(
        "Qualify first, on the campaign's page. A program asks for the pairs: POST campaigns/{slug}/practice/next/."
    )


class NotBlind(Conflict):
    type = "not-blind"
    sentence = _("Leads see which model wrote a text of this blind test, so they do not vote in it.")


class AlreadyJudged(Conflict):
    type = "already-judged"
    sentence = _("You have judged this comparison already. Undo that judgment to change it.")


class LeaseLost(Conflict):
    type = "lease-lost"
    sentence = _(
        "Your time for this comparison ran out and somebody else took it, so this judgment does not count. "
        "Your earlier judgments are kept. Ask for the next comparison."
    )


class Withdrawn(Conflict):
    type = "withdrawn"
    sentence = _(
        "This comparison was taken out of the campaign while you held it, so this judgment does not count. "
        "Your earlier judgments are kept. Ask for the next comparison."
    )


class QuotaReached(Conflict):
    type = "quota-reached"
    sentence = _(
        "Your time for this comparison ran out, and you have reached your quota, so this judgment does not count. "
        "Your earlier judgments are kept."
    )


class KeyUsed(Conflict):
    type = "key-used"
    sentence = _("This key belongs to another judgment of yours. Send each judgment with its own key.")


class NothingToUndo(Conflict):
    type = "nothing-to-undo"
    sentence = _("You have no judgment of this comparison that could be changed or undone.")


class TooLateToUndo(Conflict):
    """The raiser says which limit was passed."""

    type = "too-late-to-undo"
    sentence = _("This judgment can no longer be changed or undone.")
