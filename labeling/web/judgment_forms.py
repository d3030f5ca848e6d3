"""The filter of an annotator's own judgments, and the form that changes one."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.days import midnight
from common.numbers import whole_number
from common.text_area import TextArea
from labeling.judging.drafts import MAX_COMMENT, MAX_EDIT, SIDES, JudgmentDraft
from labeling.judging.own_judgments import OwnJudgment
from labeling.models import Campaign, Choice, Flag, skip_reason_label
from labeling.queries.conflicts import STRENGTHS
from labeling.queries.own_judgments import FLAG, LEFT, RIGHT
from labeling.web.verdict_forms import ANY

CRITERION = "criterion-"
"""Prefix of a criterion's name in forms."""

ANSWERS = ("left", "tie", "right")
WITH_SKIP = _("This goes with “%(choice)s” only. Choose that, or set this to “None”.")
WITH_A_SIDE = _("This goes with left or right only. Choose one of them, or leave this empty.")


def criteria_in(sent: Mapping[str, str]) -> dict[str, str]:
    """The answers to criteria in a sent form, by the criterion's name."""
    return {name.removeprefix(CRITERION): str(sent[name]) for name in sent if name.startswith(CRITERION)}


class OwnJudgmentFilterForm(forms.Form):
    """The filter of an annotator's own judgments. Empty: all of them."""

    CHOICES = (
        ANY,
        (LEFT, _("Left is better")),
        (RIGHT, _("Right is better")),
        (Choice.TIE, _("Equally good")),
        (Choice.BOTH_BAD, _("Both bad")),
        (Choice.SKIP, _("Skipped")),
        (FLAG, _("Flagged")),
    )

    text = forms.CharField(
        label=_("Text"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
    )
    choice = forms.ChoiceField(label=_("Choice"), choices=CHOICES, required=False)
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    last_day = forms.DateField(
        label=_("To, inclusive"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    commented = forms.BooleanField(label=_("Only with comments"), required=False)

    def clean_text(self) -> str:
        return str(self.cleaned_data["text"]).replace("\x00", "")

    def asked(self) -> dict[str, Any]:
        """Arguments for `own_judgments`. Call is_valid first."""
        values = self.cleaned_data
        asked: dict[str, Any] = {name: values[name] for name in ("text", "choice", "commented") if values[name]}
        if values["since"]:
            asked["since"] = midnight(values["since"])
        if values["last_day"]:
            asked["until"] = midnight(values["last_day"] + timedelta(days=1))
        return asked


class JudgmentForm(forms.Form):
    """A changed judgment, with the choices that the campaign offers. Its rules are checked by the action."""

    choice = forms.ChoiceField(label=_("Choice"), widget=forms.RadioSelect)
    strength = forms.ChoiceField(label=_("How much better?"), required=False)
    comment = forms.CharField(
        label=_("Comment"),
        max_length=MAX_COMMENT,
        required=False,
        widget=TextArea(attrs={"rows": 3, "dir": "auto"}),
    )
    edit = forms.CharField(
        label=_("Improved text"),
        max_length=MAX_EDIT,
        required=False,
        strip=False,
        widget=TextArea(attrs={"rows": 8, "dir": "auto"}),
        help_text=_("The better completion, as you would write it. It goes with left or right only."),
    )
    skip_reason = forms.ChoiceField(label=_("Reason to skip"), required=False)
    flag = forms.ChoiceField(label=_("Flag for a lead"), required=False)
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, sent: Mapping[str, str] | None, *, campaign: Campaign, initial: Mapping[str, Any]) -> None:
        super().__init__(sent, initial=dict(initial))
        self.skip_label = _skip_label(campaign)
        self.criteria = [CRITERION + one["name"] for one in campaign.criteria]
        self.optional = set[str]()
        for name, criterion in zip(self.criteria, campaign.criteria, strict=True):
            self.fields[name] = forms.ChoiceField(
                label=criterion["name"],
                help_text=criterion["description"],
                choices=[*([] if criterion.get("required") else [("", "")]), *((answer, answer) for answer in ANSWERS)],
                widget=forms.RadioSelect,
                required=False,
            )
            if not criterion.get("required"):
                self.optional.add(name)
        self._offer("choice", [(choice, choice) for choice in _choices(campaign)])
        self._offer("strength", [("", _("Not stated")), *STRENGTHS.items()])
        self._offer(
            "skip_reason", [("", _("None")), *((reason, skip_reason_label(reason)) for reason in campaign.skip_reasons)]
        )
        self._offer("flag", [("", _("None")), *Flag.choices])
        for name, is_offered in (
            ("strength", campaign.scale == Campaign.Scale.STRENGTH),
            ("edit", campaign.allow_edit),
            ("skip_reason", campaign.allow_skip and bool(campaign.skip_reasons)),
            ("flag", campaign.allow_flag),
        ):
            if not is_offered:
                del self.fields[name]

    def criterion_fields(self) -> list[tuple[forms.BoundField, bool]]:
        """The fields of the criteria, in the campaign's order, and whether each may be left open."""
        return [(self[name], name in self.optional) for name in self.criteria]

    def clean(self) -> dict[str, Any]:
        """Refuses what does not go with the choice, at its field. Nothing that was just entered is dropped.

        The strength and the reason of the earlier judgment are no entries: they give way to the new choice.
        """
        values = self.cleaned_data
        choice = values.get("choice")
        if choice and choice != Choice.SKIP:
            for name in {"skip_reason", "flag"}.intersection(self.changed_data):
                if values.get(name):
                    self.add_error(name, WITH_SKIP % {"choice": self.skip_label})
        if choice and choice not in SIDES:
            if "strength" in self.changed_data and values.get("strength"):
                self.add_error("strength", WITH_A_SIDE)
            if values.get("edit", "").strip():
                self.add_error("edit", WITH_A_SIDE)
        return values

    def leaves_out(self) -> str:
        """A sentence about answers that a skip cannot keep; empty if there are none. Call is_valid first.

        A required answer cannot be cleared in a browser, so it is no reason to refuse a skip.
        """
        if self.cleaned_data["choice"] != Choice.SKIP or not any(self.cleaned_data[name] for name in self.criteria):
            return ""
        return gettext("A skip keeps no answers to the criteria.")

    def draft(self, seconds: float | None) -> JudgmentDraft:
        """The judgment. seconds: how long the pair was on display when it was judged first. Call is_valid first."""
        values = self.cleaned_data
        choice = values["choice"]
        is_skip = choice == Choice.SKIP
        answers = {name.removeprefix(CRITERION): values[name] for name in self.criteria if values[name]}
        return JudgmentDraft(
            choice,
            values["key"],
            strength=whole_number(values.get("strength", "")) if choice in SIDES else None,
            criteria=None if is_skip else answers,
            comment=values["comment"],
            edit=values.get("edit", "") if values.get("edit", "").strip() else "",
            skip_reason=values.get("skip_reason", "") if is_skip else "",
            flag=values.get("flag", "") if is_skip else "",
            seconds=seconds,
        )

    def _offer(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices


def initial_of(own: OwnJudgment) -> dict[str, Any]:
    """The form's values for a judgment."""
    judgment = own.judgment
    answers = {CRITERION + name: side for name, side in own.criteria}
    return answers | {
        "choice": own.choice,
        "strength": str(judgment.strength or ""),
        "comment": judgment.comment,
        "edit": judgment.edit,
        "skip_reason": judgment.skip_reason,
        "flag": judgment.flag,
    }


def _skip_label(campaign: Campaign) -> str:
    """The name of the choice without an answer, with which a flag goes where the campaign takes flags."""
    if not campaign.allow_flag:
        return gettext("Skip")
    return gettext("Skip or flag") if campaign.allow_skip else gettext("Flag")


def _choices(campaign: Campaign) -> list[str]:
    offered = {
        Choice.TIE: campaign.allow_tie,
        Choice.BOTH_BAD: campaign.allow_both_bad,
        Choice.SKIP: campaign.allow_skip or campaign.allow_flag,
    }
    return [*SIDES, *(str(choice) for choice, is_offered in offered.items() if is_offered)]
