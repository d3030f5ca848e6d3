"""Filters for verdicts and disagreements, and the form that asks for more judgments."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.days import midnight
from common.scaled_fields import PercentField
from common.text_area import TextArea
from labeling.models import Comparison, Verdict, Winner

ANY = ("", _("Any"))
WINNERS = ((Winner.A, "A"), (Winner.B, "B"), (Winner.TIE, _("Tie")), (Winner.BOTH_BAD, _("Both bad")))
"""As the tables name them."""


class VerdictFilterForm(forms.Form):
    """The filter of the verdicts table. Empty: all verdicts."""

    text = forms.CharField(
        label=_("Prompt contains"), max_length=200, required=False, widget=forms.TextInput({"type": "search"})
    )
    winner = forms.ChoiceField(label=_("Winner"), choices=[ANY, *WINNERS], required=False)
    settled_by = forms.ChoiceField(label=_("Settled by"), choices=[ANY, *Verdict.SettledBy.choices], required=False)
    confidence_at_most = PercentField(label=_("Maximum confidence (%)"), min_value=0, max_value=100, required=False)
    model_version = forms.ChoiceField(label=_("Written by"), required=False)
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    last_day = forms.DateField(
        label=_("To, inclusive"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )

    def __init__(self, sent: Mapping[str, str] | None, *, models: Sequence[str]) -> None:
        super().__init__(sent)
        field = self.fields["model_version"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [ANY, *((name, name) for name in models)]

    def asked(self) -> dict[str, Any]:
        """Arguments for `filtered_verdicts`. Call is_valid first."""
        values = self.cleaned_data
        names = ("text", "winner", "settled_by", "confidence_at_most", "model_version")
        asked = {name: values[name] for name in names if values[name] not in (None, "")}
        if values["since"]:
            asked["since"] = midnight(values["since"])
        if values["last_day"]:
            asked["until"] = midnight(values["last_day"] + timedelta(days=1))
        return asked


class DisagreementForm(forms.Form):
    """The filter of the disagreements page."""

    STATUS = (
        ANY,
        (Comparison.Status.CONFLICT, _("In conflict")),
        (Comparison.Status.SETTLED, _("Settled")),
        (Comparison.Status.OPEN, _("Open")),
    )

    status = forms.ChoiceField(label=_("Status"), choices=STATUS, required=False)
    commented = forms.BooleanField(label=_("Only with comments"), required=False)

    def asked(self) -> dict[str, Any]:
        """Arguments for `labeling.queries.records.disagreements`. Call is_valid first."""
        return {"status": self.cleaned_data["status"] or None, "commented": self.cleaned_data["commented"]}


class RetireForm(forms.Form):
    """The reason to retire a comparison."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=10_000,
        widget=TextArea(attrs={"rows": 2}),
        help_text=_("It is kept, but no longer assigned or trained on."),
    )

    def __init__(self, data: Mapping[str, str] | None = None) -> None:
        super().__init__(data, auto_id="retire_%s")


class RelabelForm(forms.Form):
    """Asks for more judgments of a comparison."""

    more = forms.IntegerField(
        label=_("More judgments"),
        min_value=1,
        max_value=50,
        initial=2,
        help_text=_("From people who have not judged it yet. Earlier judgments still count."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=10_000, widget=TextArea(attrs={"rows": 2}))
