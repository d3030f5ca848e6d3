"""An annotator's own judgment as it was shown to them, and why it can no longer be changed.

Gold and retests look like all others, as everywhere that annotators look.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeling.judging.drafts import as_displayed
from labeling.judging.effects import FLAG_REVIEWED, OPEN_CAMPAIGN, undo_until
from labeling.judging.refusals import CampaignNotOpen
from labeling.models import Assignment, Campaign, Choice, Comparison, Completion, Judgment, Verdict
from labeling.queries.conflicts import STRENGTHS

Kind = Assignment.Kind
MINUTE = 60


@dataclass(frozen=True, slots=True)
class OwnJudgment:
    """A judgment in terms of the sides. why_final: why it can no longer be changed; empty: it can, until `until`."""

    judgment: Judgment
    choice: str
    criteria: list[tuple[str, str]]
    until: datetime | None
    why_final: str

    @property
    def strength(self) -> str:
        """Slightly, clearly or much; empty: not asked."""
        return str(STRENGTHS.get(self.judgment.strength or 0, ""))

    @property
    def criteria_by_name(self) -> dict[str, str]:
        return dict(self.criteria)

    @property
    def left(self) -> Completion:
        """The completion that was displayed on the left."""
        comparison = self.judgment.comparison
        return comparison.completion_a if self.judgment.left == "a" else comparison.completion_b

    @property
    def right(self) -> Completion:
        """The completion that was displayed on the right."""
        comparison = self.judgment.comparison
        return comparison.completion_b if self.judgment.left == "a" else comparison.completion_a

    @property
    def chosen_text(self) -> str:
        """The text that the annotator preferred, as they improved it; empty without a preference."""
        chosen = {"left": self.left, "right": self.right}.get(self.choice)
        return (self.judgment.edit or chosen.text) if chosen else ""


def own_judgment(judgment: Judgment, campaign: Campaign, now: datetime) -> OwnJudgment:
    """The judgment as its annotator sees it. Reads nothing if its rows were selected by `queries.own_judgments`."""
    why_final = _why_final(judgment, campaign, now)
    answers = judgment.criteria
    names = [one["name"] for one in campaign.criteria if one["name"] in answers]
    names += sorted(set(answers) - set(names))
    return OwnJudgment(
        judgment=judgment,
        choice=as_displayed(judgment.choice, judgment.left),
        criteria=[(name, as_displayed(answers[name], judgment.left)) for name in names],
        until=None if why_final else undo_until(judgment, campaign),
        why_final=why_final,
    )


def _why_final(judgment: Judgment, campaign: Campaign, now: datetime) -> str:
    """The refusal that `changeable` and `revert_judgment` would raise, before anybody calls them."""
    if campaign.status not in OPEN_CAMPAIGN:
        return CampaignNotOpen(campaign).message
    until = undo_until(judgment, campaign)
    if until is None:
        return _("This campaign does not allow changing or undoing a judgment.")
    if now > until:
        return _time_over(campaign.undo_seconds)
    if judgment.flag:
        return "" if judgment.comparison.status == Comparison.Status.FLAGGED else str(FLAG_REVIEWED)
    if _is_out(judgment):
        return _("This comparison was taken out of the campaign.")
    if judgment.kind != Kind.NORMAL:
        return ""
    return _why_skip_stays(judgment) if judgment.choice == Choice.SKIP else _why_vote_stays(judgment)


def _time_over(seconds: int) -> str:
    if seconds % MINUTE:
        text = ngettext(
            "A judgment can be changed for %(seconds)s second.",
            "A judgment can be changed for %(seconds)s seconds.",
            seconds,
        )
        return text % {"seconds": seconds}
    minutes = seconds // MINUTE
    text = ngettext(
        "A judgment can be changed for %(minutes)s minute.",
        "A judgment can be changed for %(minutes)s minutes.",
        minutes,
    )
    return text % {"minutes": minutes}


def _is_out(judgment: Judgment) -> bool:
    status = judgment.comparison.status
    if judgment.kind == Kind.GOLD:
        return status != Comparison.Status.GOLD
    return status in Comparison.OUT


def _why_vote_stays(judgment: Judgment) -> str:
    verdict = getattr(judgment.comparison, "verdict", None)
    if verdict is not None and verdict.settled_by not in Verdict.BY_RULE:
        return _("An expert has settled this comparison since. The judgment stays.")
    return ""


def _why_skip_stays(judgment: Judgment) -> str:
    comparison = judgment.comparison
    if comparison.status != Comparison.Status.OPEN or comparison.taken >= comparison.overlap:
        return _("Other people judge this comparison now.")
    return ""
