"""The form of the trial of what to label next: a share for each arm."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common.scaled_fields import PercentField
from labeling.stats.arm_worth import ENOUGH, FIRST_LOOK
from training.actions.selection import MOST_ENOUGH
from training.models import TrialArm

HELP: Mapping[str, str | Promise] = {
    "uncertainty": _("Pairs whose two completions get nearly the same implicit reward. Needs a trained version."),
    "gap": _("Pairs whose implicit rewards differ most. Needs a trained version."),
    "disagreement": _("Pairs of which the serving version and the one before it prefer different sides."),
    "novelty": _("Pairs whose words differ most from those of labeled pairs."),
}
"""A sentence about each arm."""


class SelectionForm(forms.Form):
    """The shares of the arms in percent; chance has the rest."""

    enough = forms.IntegerField(
        label=_("Labels before a decision"),
        initial=ENOUGH,
        min_value=FIRST_LOOK,
        max_value=MOST_ENOUGH,
        help_text=_("A way without a proven gain after so many labels of its own is switched off."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        enough = self.fields.pop("enough")
        for name, label in TrialArm.Name.choices:
            self.fields[name] = PercentField(
                label=label, required=False, min_value=0, max_value=80, help_text=HELP[name]
            )
        self.fields["enough"] = enough

    @property
    def shares(self) -> dict[str, float]:
        """The shares, 0 to 1; none for an empty field."""
        return {name: self.cleaned_data.get(name) or 0.0 for name in TrialArm.Name.values}
