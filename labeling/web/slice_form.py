"""The filter of the statistics page."""

from collections.abc import Mapping
from datetime import timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from common.days import midnight
from labeling.queries.names import by_name
from labeling.queries.slices import Slice, SliceChoices


class SliceForm(forms.Form):
    """The judgments to count. Empty: all of them."""

    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    last_day = forms.DateField(
        label=_("To, inclusive"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    guideline_version = forms.TypedChoiceField(label=_("Guidelines"), required=False, coerce=int, empty_value=None)
    model_version = forms.ChoiceField(label=_("Model version"), required=False)
    annotator = forms.ChoiceField(label=_("Annotator"), required=False)
    criterion = forms.ChoiceField(label=_("Criterion"), required=False)
    include_simulated = forms.BooleanField(label=_("Include simulated annotators"), required=False)
    include_imported = forms.BooleanField(
        label=_("Include imported judgments"),
        required=False,
        help_text=_("Those of outside annotators, whom imported files name. They always count in verdicts."),
    )
    length_controlled = forms.BooleanField(label=_("Rank at equal length"), required=False)

    def __init__(self, data: Mapping[str, str] | None, *, choices: SliceChoices, names: Mapping[str, str]) -> None:
        """names: of the annotators, by pseudonym."""
        super().__init__(data)
        anything = [("", str(_("All")))]
        for name, values in (
            (
                "guideline_version",
                [(number, str(_("Version %(number)s") % {"number": number})) for number in choices.guideline_versions],
            ),
            ("model_version", [(name, name) for name in choices.model_versions]),
            ("annotator", by_name({pseudonym: names[pseudonym] for pseudonym in choices.annotators})),
            ("criterion", [(name, name) for name in choices.criteria]),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [*anything, *values]

    def part(self) -> Slice:
        """The slice. Call is_valid first."""
        values = self.cleaned_data
        return Slice(
            since=values["since"] and midnight(values["since"]),
            until=values["last_day"] and midnight(values["last_day"] + timedelta(days=1)),
            guideline_version=values["guideline_version"],
            model_version=values["model_version"] or None,
            annotator=values["annotator"] or None,
            criterion=values["criterion"] or None,
            include_simulated=values["include_simulated"],
            include_imported=values["include_imported"],
        )
