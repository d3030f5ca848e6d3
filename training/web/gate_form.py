"""The form of a campaign's gate: one row for each figure that a rule can limit."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.scaled_fields import PercentField
from training.models import DEFAULT_RULES, FIGURES, Figure, Gate, GateRule

ON_MISSING = (("hold", _("Hold back")), ("ignore", _("Ignore this rule")))
ALWAYS = "pairs"
"""The rule that no gate can drop."""

DEFAULTS = {rule.figure: rule for rule in DEFAULT_RULES}
# A rule that is switched on for the first time starts with these limits.
STARTS = {
    "accuracy": 0.6,
    "difference_to_parent": 0.0,
    "difference_to_serving_high": 0.0,
    "people_like_length_high": 0.5,
    "worst_group_low": 0.4,
    "kl_to_base_per_token": 0.5,
    "largest_shift": 0.8,
}


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One figure in the form. use: None for the rule that is always on. default: the shipped rule in words, or none."""

    name: str
    about: Figure
    use: BoundField | None
    limit: BoundField
    on_missing: BoundField
    words: str
    default: str


class GateForm(forms.Form):
    """The rules of a gate. Limits of rules that are off are kept on the page and not stored."""

    def __init__(self, sent: QueryDict | None = None, *, gate: Gate) -> None:
        super().__init__(sent, auto_id="gate_%s")
        self.current = {rule.figure: rule for rule in gate.parsed}
        for name, about in FIGURES.items():
            rule = self.current.get(name) or DEFAULTS.get(name) or GateRule(name, STARTS.get(name, about.least))
            if name != ALWAYS:
                self.fields[f"{name}_use"] = forms.BooleanField(
                    label=_("Use this rule"), required=False, initial=name in self.current
                )
            self.fields[f"{name}_limit"] = _limit_field(about, rule.limit)
            self.fields[f"{name}_on_missing"] = forms.ChoiceField(
                label=_("If not measured"), choices=ON_MISSING, initial=rule.on_missing, required=False
            )

    def rows(self) -> list[RuleRow]:
        """The figures in order."""
        return [self._row(name, about) for name, about in FIGURES.items()]

    def _row(self, name: str, about: Figure) -> RuleRow:
        rule = self.current.get(name)
        default = DEFAULTS.get(name)
        return RuleRow(
            name,
            about,
            None if name == ALWAYS else self[f"{name}_use"],
            self[f"{name}_limit"],
            self[f"{name}_on_missing"],
            str(rule.sentence) if rule else "",
            str(default.sentence) if default else "",
        )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for name in FIGURES:
            if name == ALWAYS or values.get(f"{name}_use"):
                if values.get(f"{name}_limit") is None and f"{name}_limit" not in self.errors:
                    self.add_error(f"{name}_limit", gettext("Give a limit, or switch the rule off."))
            else:
                self.errors.pop(f"{name}_limit", None)
        return values

    def rules(self) -> list[dict[str, Any]]:
        """The rules for `save_gate`. Call is_valid first."""
        values = self.cleaned_data
        return [
            GateRule(name, values[f"{name}_limit"], values[f"{name}_on_missing"] or "hold").as_json()
            for name in FIGURES
            if name == ALWAYS or values.get(f"{name}_use")
        ]


def _limit_field(about: Figure, limit: float) -> forms.Field:
    label = gettext("Above") if about.above else gettext("At least")
    label = gettext("At most") if about.bound == "ceiling" else label
    if about.unit == "share":
        least, most = 100 * about.least, 100 * about.most
        return PercentField(label=_percent(about), min_value=least, max_value=most, initial=limit, required=False)
    if about.unit == "passed":
        return forms.IntegerField(initial=1, required=False, widget=forms.HiddenInput)
    if about.unit == "count":
        least, most = int(about.least), int(about.most)
        return forms.IntegerField(label=label, min_value=least, max_value=most, initial=int(limit), required=False)
    return forms.FloatField(
        label=gettext("At most (%(measure)s)") % {"measure": about.measure},
        min_value=about.least,
        max_value=about.most,
        initial=limit,
        required=False,
        widget=forms.NumberInput({"step": "any"}),
    )


def _percent(about: Figure) -> str:
    if about.least < 0:
        return gettext("At least (percentage points; −2 allows a fall of 2)")
    return gettext("Above (%)") if about.above else gettext("At least (%)")
