"""A judgment as a client sends it, checked before anything is locked or written."""

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
"""Longer than anybody looks at one comparison: a client that sends more measures something else."""


class InvalidJudgment(Invalid):
    """The raiser names the wrong field and the reason."""

    type = "invalid-judgment"
    sentence = gettext_lazy("The judgment is not valid, or this campaign does not allow it.")


@dataclass(frozen=True, slots=True)
class JudgmentDraft:
    """A judgment in terms of the display side.

    choice: left, right, tie, both_bad or skip. key: chosen by the client; the same key again is the same judgment.
    strength: 1 slightly, 2 clearly, 3 much better. criteria: left, right or tie for each criterion. seconds: how long
    the comparison was on display. flag: harm or personal_data, with skip; nobody else is given the comparison until a
    lead has looked at it. edit: the better completion improved, with left or right.
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
        """Raises InvalidJudgment if the judgment is valid in no campaign."""
        if self.choice not in CHOICES:
            text = _("There is no choice %(choice)s. Choose one of %(names)s.")
            raise InvalidJudgment.of("choice", text % {"choice": repr(self.choice), "names": ", ".join(CHOICES)})
        if not 1 <= len(self.key) <= MAX_KEY:
            text = _("Send a key of 1 to %(most)s characters, a new one for each judgment.")
            raise InvalidJudgment.of("key", text % {"most": MAX_KEY})
        if self.strength is not None and (self.strength not in (1, 2, 3) or self.choice not in SIDES):
            raise InvalidJudgment.of("strength", _("A strength is 1, 2 or 3, and only with left or right."))
        if len(self.comment) > MAX_COMMENT:
            raise InvalidJudgment.of("comment", _("A comment has at most %(most)s characters.") % {"most": MAX_COMMENT})
        if self.skip_reason and self.choice != Choice.SKIP:
            text = _("A reason to skip goes with Skip only. Skip the pair, or leave the reason out.")
            raise InvalidJudgment.of("skip_reason", text)
        if len(self.skip_reason) > MAX_SKIP_REASON:
            text = _("A skip reason has at most %(most)s characters.")
            raise InvalidJudgment.of("skip_reason", text % {"most": MAX_SKIP_REASON})
        if self.edit and (self.choice not in SIDES or not self.edit.strip() or len(self.edit) > MAX_EDIT):
            text = _("An improved text has at most %(most)s characters, and only with left or right.")
            raise InvalidJudgment.of("edit", text % {"most": MAX_EDIT})
        if self.flag and (self.choice != Choice.SKIP or self.flag not in Flag.values):
            if self.flag in Flag.values:
                raise InvalidJudgment.of("flag", _("A flag goes with Skip only. Skip the pair, or leave the flag out."))
            text = _("There is no flag %(flag)s. Choose one of %(names)s.")
            raise InvalidJudgment.of("flag", text % {"flag": repr(self.flag), "names": ", ".join(Flag.values)})
        for name in ("key", "comment", "skip_reason", "edit"):
            _check_text(name, getattr(self, name))
        self._check_seconds()
        self._check_criteria()

    def check_against(self, campaign: Campaign) -> None:
        """Raises InvalidJudgment if the campaign's rules do not allow the judgment."""
        if self.choice == Choice.TIE and not campaign.allow_tie:
            raise InvalidJudgment.of("choice", _("This campaign allows no ties. Choose the better one."))
        if self.choice == Choice.BOTH_BAD and not campaign.allow_both_bad:
            raise InvalidJudgment.of("choice", _("This campaign does not allow “both bad”. Choose the better one."))
        if self.strength is not None and campaign.scale != Campaign.Scale.STRENGTH:
            raise InvalidJudgment.of("strength", _("This campaign does not ask for a strength. Leave it out."))
        if self.edit and not campaign.allow_edit:
            raise InvalidJudgment.of("edit", _("This campaign does not accept improved texts. Leave it out."))
        if self.flag and not campaign.allow_flag:
            raise InvalidJudgment.of("flag", _("This campaign does not accept flags. Skip, or write to its lead."))
        if self.choice == Choice.SKIP:
            self._check_skip(campaign)
        else:
            self._check_criteria_of(campaign)

    def check_edit(self, texts: Collection[str]) -> None:
        """Raises InvalidJudgment if the improved text is one of the two texts of the comparison."""
        if self.edit.strip() in {text.strip() for text in texts}:
            raise InvalidJudgment.of("edit", _("The improved text is unchanged. Change it, or leave it out."))

    def canonical(self, left: str) -> str:
        """The choice in terms of a and b. left: the completion on the left, a or b."""
        return _canonical(self.choice, left)

    def canonical_criteria(self, left: str) -> dict[str, str]:
        """The criteria in terms of a and b. left: the completion on the left, a or b."""
        return {name: _canonical(side, left) for name, side in (self.criteria or {}).items()}

    def _check_seconds(self) -> None:
        if self.seconds is None:
            return
        if not math.isfinite(self.seconds) or not 0 <= self.seconds <= MAX_SECONDS:
            raise InvalidJudgment.of("seconds", _("Seconds must be between 0 and 604,800 (one week)."))

    def _check_criteria(self) -> None:
        criteria: Any = self.criteria or {}
        if not isinstance(criteria, Mapping) or len(criteria) > MAX_CRITERIA:
            text = _("Criteria are at most %(most)s names, each with left, right or tie.")
            raise InvalidJudgment.of("criteria", text % {"most": MAX_CRITERIA})
        for name, side in criteria.items():
            if not 1 <= len(name) <= MAX_CRITERION_NAME or side not in (*SIDES, "tie"):
                raise InvalidJudgment.of("criteria", _("Each criterion has a short name, and left, right or tie."))
            _check_text("criteria", name)

    def _check_skip(self, campaign: Campaign) -> None:
        if not campaign.allow_skip and not self.flag:
            raise InvalidJudgment.of("choice", _("This campaign allows no skips. Choose the better one."))
        if self.skip_reason and self.skip_reason not in campaign.skip_reasons:
            offered = "; ".join(campaign.skip_reasons)
            text = _("Choose one of: %(offered)s.") if offered else _("This campaign asks for no reason. Leave it out.")
            raise InvalidJudgment.of("skip_reason", text % {"offered": offered})

    def _check_criteria_of(self, campaign: Campaign) -> None:
        answered, asked = self.criteria or {}, {criterion["name"]: criterion for criterion in campaign.criteria}
        if unknown := sorted(set(answered) - set(asked)):
            text = (
                _("This campaign has no criterion %(names)s. Its criteria: %(known)s.")
                if asked
                else _("This campaign has no criterion %(names)s. It has none.")
            )
            raise InvalidJudgment.of("criteria", text % {"names": ", ".join(unknown), "known": ", ".join(asked)})
        missing = [name for name, criterion in asked.items() if criterion["required"] and name not in answered]
        if missing:
            text = _("Choose left, right or tie for %(names)s as well.")
            raise InvalidJudgment.of("criteria", text % {"names": ", ".join(missing)})


def as_displayed(choice: str, left: str) -> str:
    """A canonical choice in terms of the display side. left: the completion on the left, a or b."""
    if choice not in (Choice.A, Choice.B):
        return str(choice)
    return "left" if choice == left else "right"


def criteria_as_displayed(criteria: Mapping[str, str], left: str) -> dict[str, str]:
    """Canonical answers to criteria in terms of the display side. left: the completion on the left, a or b."""
    return {name: as_displayed(answer, left) for name, answer in criteria.items()}


def _canonical(side: str, left: str) -> str:
    if side not in SIDES:
        return side
    right = "b" if left == "a" else "a"
    return left if side == "left" else right


def _check_text(name: str, text: str) -> None:
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        reason = _("The text holds a character that cannot be stored (NUL or half a surrogate pair).")
        raise InvalidJudgment.of(name, reason)
