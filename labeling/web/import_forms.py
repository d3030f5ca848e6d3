"""The forms of an import: its file, and how the file is read."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from labeling.actions.import_reports import ImportSettings
from labeling.models import ImportBatch
from labeling.web.imports import DIALECTS, KINDS


class ReadingForm(forms.Form):
    """How a file is read."""

    kind = forms.ChoiceField(label=_("Content"), choices=KINDS)
    dialect = forms.ChoiceField(
        label=_("Format"), choices=DIALECTS, required=False, help_text=_("Of comparisons. Prompts need none.")
    )
    keep_preferences = forms.BooleanField(
        label=_("Keep the file's preferences as verdicts"),
        required=False,
        help_text=_("Otherwise annotators judge the comparisons."),
    )
    as_gold = forms.BooleanField(
        label=_("Import as gold"),
        required=False,
        help_text=_(
            "The file's preferences are the correct verdicts that annotators are measured by. Gold looks like any "
            "other comparison and is assigned at the rate in the settings."
        ),
    )
    refuse_all = forms.BooleanField(
        label=_("Import all records or none"),
        required=False,
        help_text=_("Otherwise valid records are imported and the others reported."),
    )

    def settings(self) -> ImportSettings:
        """The choices. Call is_valid first."""
        values = self.cleaned_data
        return ImportSettings(
            dialect=values["dialect"] or "auto",
            refuse_all=values["refuse_all"],
            keep_preferences=values["keep_preferences"],
            as_gold=values["as_gold"],
        )


class ImportForm(ReadingForm):
    """A file of comparisons or prompts."""

    file = forms.FileField(label=_("File"), help_text=_("JSONL or JSON, plain or gzipped."))


def reading_of(batch: ImportBatch) -> dict[str, Any]:
    """The choices of a batch, for the form."""
    return {**batch.settings, "kind": batch.kind}
