"""What an annotator answered, checked against the rules of the campaign before anything is locked or written."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Invalid
from labeling.models import Campaign, Choice, Flag

SIDES = ("left", "right")
CHOICES = (*SIDES, Choice.TIE, Choice.BOTH_BAD, Choice.SKIP)

MAX_COMMENT = 10_000
MAX_SKIP_REASON = 80
MAX_EDIT = 50_000
MAX_KEY = 64
MAX_CRITERIA = 20
MAX_CRITERION_NAME = 80
MAX_SECONDS = 7 * 24 * 3600.0
"""Longer than anybody looks at one pair: a client that sends more counts something else."""


class InvalidJudgment(Invalid):
    """The errors name the fields."""

    type = "invalid-judgment"
    sentence = gettext_lazy("The judgment makes no sense, or this campaign does not allow it.")


@dataclass(frozen=True, slots=True)
class JudgmentDraft:
    """One answer in terms of the display side, as a client sends it.

    choice: left, right, tie, both_bad or skip. strength: 1 slightly, 2 clearly, 3 much better. criteria: left, right or
    tie by name. edit: the better one improved, with left or right. flag: harm or personal_data, with skip. seconds: the
    time in front of the annotator. key: names this answer, so that a retry is recognised.
    """

    choice: str
    key: str
    strength: int | None = None
    criteria: Mapping[str, str] | None = None
    comment: str = ""
    skip_reason: str = ""
    seconds: float | None = None
    flag: str = ""
    edit: str = ""

    def check(self) -> None:
        """Raises InvalidJudgment where the answer makes no sense in any campaign."""
        if self.choice not in CHOICES:
            _refuse(
                "choice",
                _("There is no choice %(choice)s. Choose one of %(names)s.")
                % {"choice": repr(self.choice), "names": ", ".join(CHOICES)},
            )
        if not 1 <= len(self.key) <= MAX_KEY:
            _refuse(
                "key", _("Send a key of 1 to %(most)s characters, another one for every judgment.") % {"most": MAX_KEY}
            )
        if self.strength is not None and (self.strength not in (1, 2, 3) or self.choice not in SIDES):
            _refuse("strength", _("The strength is 1, 2 or 3, and only with left or right."))
        if len(self.comment) > MAX_COMMENT:
            _refuse("comment", _("A comment has at most %(most)s characters.") % {"most": MAX_COMMENT})
        if self.skip_reason and (self.choice != Choice.SKIP or len(self.skip_reason) > MAX_SKIP_REASON):
            _refuse(
                "skip_reason",
                _("A skip reason has at most %(most)s characters and comes only with skip.")
                % {"most": MAX_SKIP_REASON},
            )
        if self.edit and (self.choice not in SIDES or not self.edit.strip() or len(self.edit) > MAX_EDIT):
            _refuse(
                "edit",
                _("An improved text has up to %(most)s characters and comes only with left or right.")
                % {"most": MAX_EDIT},
            )
        if self.flag and (self.choice != Choice.SKIP or self.flag not in Flag.values):
            _refuse("flag", _("A flag is %(names)s and comes only with skip.") % {"names": " or ".join(Flag.values)})
        for name, text in (
            ("key", self.key),
            ("comment", self.comment),
            ("skip_reason", self.skip_reason),
            ("edit", self.edit),
        ):
            _check_text(name, text)
        self._check_seconds()
        self._check_criteria()

    def check_against(self, campaign: Campaign) -> None:
        """Raises InvalidJudgment where the campaign's rules do not allow the answer."""
        if self.choice == Choice.TIE and not campaign.allow_tie:
            _refuse("choice", _("This campaign has no tie: choose the better one."))
        if self.choice == Choice.BOTH_BAD and not campaign.allow_both_bad:
            _refuse("choice", _("This campaign has no 'both bad': choose the better one."))
        if self.strength is not None and campaign.scale != Campaign.Scale.STRENGTH:
            _refuse("strength", _("This campaign does not ask for a strength."))
        if self.edit and not campaign.allow_edit:
            _refuse("edit", _("This campaign takes no improved texts. Leave it out."))
        if self.flag and not campaign.allow_flag:
            _refuse("flag", _("This campaign takes no flags. Skip it, or tell its lead."))
        if self.choice == Choice.SKIP:
            self._check_skip(campaign)
        else:
            self._check_asked(campaign)

    def _check_skip(self, campaign: Campaign) -> None:
        if not campaign.allow_skip and not self.flag:
            _refuse("choice", _("In this campaign nothing is skipped: choose the better one."))
        if self.skip_reason and self.skip_reason not in campaign.skip_reasons:
            offered = "; ".join(campaign.skip_reasons)
            told = _("Choose one of: %(offered)s.") if offered else _("This campaign asks for no reason: leave it out.")
            _refuse("skip_reason", told % {"offered": offered})

    def _check_asked(self, campaign: Campaign) -> None:
        said, asked = self.criteria or {}, {criterion["name"]: criterion for criterion in campaign.criteria}
        if unknown := sorted(set(said) - set(asked)):
            text = (
                _("This campaign has no criterion %(names)s. Known are %(known)s.")
                if asked
                else _("This campaign has no criterion %(names)s. It asks for none.")
            )
            _refuse("criteria", text % {"names": ", ".join(unknown), "known": ", ".join(asked)})
        missing = [name for name, criterion in asked.items() if criterion["required"] and name not in said]
        if missing:
            _refuse("criteria", _("Say left, right or tie for %(names)s too.") % {"names": ", ".join(missing)})

    def check_edit(self, texts: Collection[str]) -> None:
        """Raises InvalidJudgment where the improved text is one of the two that were shown."""
        if self.edit.strip() in {text.strip() for text in texts}:
            _refuse("edit", _("The improved text is one of the two as they are. Change it, or leave it out."))

    def canonical(self, left: str) -> str:
        """The choice in terms of a and b. left: which completion was on the left."""
        return _canonical(self.choice, left)

    def canonical_criteria(self, left: str) -> dict[str, str]:
        """The criteria in terms of a and b."""
        return {name: _canonical(side, left) for name, side in (self.criteria or {}).items()}

    def _check_seconds(self) -> None:
        if self.seconds is None:
            return
        if not math.isfinite(self.seconds) or not 0 <= self.seconds <= MAX_SECONDS:
            _refuse("seconds", _("The seconds are a number, not negative, and less than a week's."))

    def _check_criteria(self) -> None:
        criteria: Any = self.criteria or {}
        if not isinstance(criteria, Mapping) or len(criteria) > MAX_CRITERIA:
            _refuse(
                "criteria",
                _("The criteria are up to %(most)s names, each with left, right or tie.") % {"most": MAX_CRITERIA},
            )
        for name, side in criteria.items():
            if not 1 <= len(name) <= MAX_CRITERION_NAME or side not in (*SIDES, "tie"):
                _refuse("criteria", _("Each criterion has a short name and says left, right or tie."))
            _check_text("criteria", name)


def as_shown(choice: str, left: str) -> str:
    """A canonical choice as the annotator said it: left or right instead of a or b."""
    if choice not in (Choice.A, Choice.B):
        return str(choice)
    return "left" if choice == left else "right"


def _canonical(side: str, left: str) -> str:
    if side not in SIDES:
        return side
    right = "b" if left == "a" else "a"
    return left if side == "left" else right


def _check_text(name: str, text: str) -> None:
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        _refuse(name, _("The text holds a character that cannot be stored (NUL or half a surrogate pair)."))


def _refuse(name: str, reason: str) -> None:
    raise InvalidJudgment(reason, fields={name: reason})
