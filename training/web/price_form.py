"""The forms of the price page: a lead's questions, and the effort of a measurement."""

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common.scaled_fields import PercentField
from labeling.stats.learning_curve import FEWEST_DRAWS
from training.actions.price import DRAWS, MINUTES, MOST_DRAWS, MOST_MINUTES

AXES: dict[str, str | Promise] = {
    "labels": _("Pairs to learn from"),
    "minutes": _("Minutes of people"),
    "money": _("Money"),
}


class AskForm(forms.Form):
    """A lead's questions."""

    votes = forms.IntegerField(
        label=_("More votes"), required=False, min_value=1, max_value=10_000_000, help_text=_("What would they bring?")
    )
    target = PercentField(
        label=_("Target accuracy (%)"),
        required=False,
        min_value=51,
        max_value=100,
        help_text=_("When will it be reached?"),
    )
    along = forms.ChoiceField(
        label=_("Chart against"), required=False, choices=list(AXES.items()), help_text=_("The horizontal axis.")
    )

    @property
    def along_or_labels(self) -> str:
        """The axis of the chart."""
        chosen = self.data.get("along", "") if self.data else ""
        return chosen if chosen in AXES else "labels"


class MeasureForm(forms.Form):
    """The effort of a measurement."""

    draws = forms.IntegerField(
        label=_("Repetitions of each size"),
        initial=DRAWS,
        min_value=FEWEST_DRAWS,
        max_value=MOST_DRAWS,
        help_text=_("Fewer than four hide how much runs differ."),
    )
    minutes = forms.IntegerField(
        label=_("At most, minutes"),
        initial=MINUTES,
        min_value=1,
        max_value=MOST_MINUTES,
        help_text=_("When the time is used up, the short runs so far are used."),
    )
