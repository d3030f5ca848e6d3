"""Which verdicts and disagreements a lead wants to see, and what is asked again."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.days import midnight
from labeling.models import Comparison, Verdict, Winner

ANY = ("", _("Any"))


class VerdictFilterForm(forms.Form):
    """Narrows the table of verdicts. Empty: all of them."""

    winner = forms.ChoiceField(label=_("Winner"), choices=[ANY, *Winner.choices], required=False)
    settled_by = forms.ChoiceField(label=_("Settled by"), choices=[ANY, *Verdict.SettledBy.choices], required=False)
    confidence_at_most = forms.FloatField(
        label=_("Confidence at most"),
        min_value=0,
        max_value=1,
        required=False,
        widget=forms.NumberInput({"step": "any"}),
    )
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
        """What `filtered_verdicts` takes; call after is_valid."""
        values = self.cleaned_data
        names = ("winner", "settled_by", "confidence_at_most", "model_version")
        asked = {name: values[name] for name in names if values[name] not in (None, "")}
        if values["since"]:
            asked["since"] = midnight(values["since"])
        if values["last_day"]:
            asked["until"] = midnight(values["last_day"] + timedelta(days=1))
        return asked


class DisagreementForm(forms.Form):
    """Which disagreements are shown."""

    STATUS = (
        ANY,
        (Comparison.Status.CONFLICT, _("Not settled: in conflict")),
        (Comparison.Status.SETTLED, _("Settled all the same")),
        (Comparison.Status.OPEN, _("Still being judged")),
    )

    status = forms.ChoiceField(label=_("Came to"), choices=STATUS, required=False)
    commented = forms.BooleanField(label=_("Only where somebody said why"), required=False)

    def asked(self) -> dict[str, Any]:
        """What `labeling.queries.records.disagreements` takes; call after is_valid."""
        return {"status": self.cleaned_data["status"] or None, "commented": self.cleaned_data["commented"]}


class RelabelForm(forms.Form):
    """Asks people again."""

    more = forms.IntegerField(
        label=_("More judgments"),
        min_value=1,
        max_value=50,
        initial=2,
        help_text=_("By people who have not judged it. The earlier judgments stay and count with the new ones."),
    )
    reason = forms.CharField(label=_("Why"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 2}))
