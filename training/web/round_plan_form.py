"""The form of a campaign's plan of rounds: limits of the schedule, rates, budget and target."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.scaled_fields import PercentField
from training.actions.round_plans import FIELDS
from training.models import RoundPlan

TIME = forms.TimeInput(format="%H:%M", attrs={"type": "time"})


def _amount(label: Any, digits: int = 10) -> forms.DecimalField:
    return forms.DecimalField(label=label, required=False, min_value=0, max_digits=digits, decimal_places=2)


class RoundPlanForm(forms.Form):
    """The plan of rounds. Empty fields set no limit."""

    wordings: ClassVar = dict.fromkeys(("quiet_from", "quiet_until"), lambda time: time[:5])

    generates = forms.BooleanField(label=_("Generate the pairs of the next round"), required=False)
    start_from = forms.ChoiceField(
        label=_("Start runs from"),
        choices=RoundPlan.StartFrom.choices,
        help_text=_("The newest version is one that was not held back, rolled back or found worse."),
    )
    only_new_labels = forms.BooleanField(
        label=_("Learn new labels only"),
        required=False,
        help_text=_(
            "Those that the version a run starts from has not learned. Otherwise each run learns all labels again: the "
            "better choice while there are few."
        ),
    )
    min_agreement = PercentField(
        label=_("Smallest agreement (%)"),
        required=False,
        min_value=0,
        max_value=100,
        help_text=_(
            "The share of pairs of votes since the last run that agree. Below it, and on fewer than 20 pairs, no run "
            "starts."
        ),
    )
    quiet_from = forms.TimeField(label=_("Quiet hours from"), required=False, widget=TIME)
    quiet_until = forms.TimeField(label=_("Quiet hours until"), required=False, widget=TIME)
    time_zone = forms.CharField(
        label=_("Time zone"), required=False, max_length=64, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    canary = PercentField(
        label=_("Written by a new version first (%)"),
        required=False,
        min_value=0,
        max_value=50,
        help_text=_("The share of generated pairs that a new version writes while it awaits its promotion."),
    )
    watch_pairs = forms.IntegerField(
        label=_("Watch a new version after so many judged pairs"),
        required=False,
        min_value=20,
        max_value=100_000,
        help_text=_(
            "It is rolled back if it is proven to lose against the version before, or if ties, flags or disagreement "
            "are proven to have risen. Empty: it is not watched."
        ),
    )
    human_hour = _amount(_("Cost of an hour of people"))
    machine_hour = _amount(_("Cost of an hour of machines"))
    currency = forms.CharField(label=_("Currency"), required=False, max_length=12)
    budget_money = _amount(_("Budget in money"), 12)
    budget_minutes = forms.IntegerField(
        label=_("Budget in machine minutes"), required=False, min_value=0, max_value=2_000_000_000
    )
    budget_period = forms.ChoiceField(label=_("Budget counts"), choices=RoundPlan.Period.choices)
    target = PercentField(
        label=_("Win rate over the base (%)"),
        required=False,
        min_value=50,
        max_value=99,
        help_text=_("Reached once the whole interval lies there. Then the schedule starts no further round."),
    )
    target_by = forms.ChoiceField(
        label=_("Measured by"),
        choices=RoundPlan.TargetBy.choices,
        help_text=_("Held-out pairs are looked at with each version: after many, one can reach the target by chance."),
    )

    def __init__(self, sent: QueryDict | None = None, *, plan: RoundPlan) -> None:
        super().__init__(sent, auto_id="plan_%s", initial={name: getattr(plan, name) for name in FIELDS})
        zone = gettext("Of quiet hours and months, as Europe/Berlin. Empty: %(zone)s.") % {"zone": settings.TIME_ZONE}
        self.fields["time_zone"].help_text = zone

    def values(self) -> dict[str, Any]:
        """Values for `save_round_plan`. Call is_valid first."""
        return {**{name: self.cleaned_data[name] for name in FIELDS}, "canary": self.cleaned_data["canary"] or 0.0}
