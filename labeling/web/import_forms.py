"""The forms of an import: its file, and how the file is read."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.errors import Invalid
from labeling.actions.import_reports import ImportSettings, mapping_of
from labeling.exchange import mapping_text
from labeling.models import ImportBatch
from labeling.web.file_form import FileForm
from labeling.web.imports import DIALECTS, FILE_FORMATS, KINDS, RANKINGS


class ReadingForm(forms.Form):
    """How a file is read."""

    kind = forms.ChoiceField(label=_("Content"), choices=KINDS)
    dialect = forms.ChoiceField(
        label=_("Format"), choices=DIALECTS, required=False, help_text=_("Of comparisons. Prompts need none.")
    )
    mapping = forms.CharField(
        label=_("Columns"),
        required=False,
        max_length=1000,
        help_text=_("Only for files in no known format, such as prompt=question a=good b=bad preference=winner."),
    )
    ranking = forms.ChoiceField(
        label=_("Rankings of several completions"),
        choices=RANKINGS,
        required=False,
        help_text=_("The comparisons that a ranking becomes."),
    )
    keep_preferences = forms.BooleanField(
        label=_("Keep the file's preferences"),
        required=False,
        help_text=_(
            "Opinions of annotators become imported judgments, and the overlap decides. Preferences of nobody become "
            "verdicts. Otherwise annotators judge the comparisons."
        ),
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
            ranking=values["ranking"] or "best-worst",
            mapping=values["mapping"],
        )

    def clean_mapping(self) -> dict[str, str]:
        """The mapping. Raises ValidationError, which says what is wrong with it."""
        try:
            return mapping_of(self.cleaned_data["mapping"])
        except Invalid as error:
            raise forms.ValidationError(
                _("Write each column as PART=COLUMN, such as prompt=question a=good b=bad. “%(text)s” cannot be read."),
                params={"text": self.cleaned_data["mapping"]},
            ) from error


class ImportForm(FileForm, ReadingForm):
    """A file of comparisons or prompts."""

    file = forms.FileField(label=_("File"), help_text=FILE_FORMATS)


def reading_of(batch: ImportBatch) -> dict[str, Any]:
    """The choices of a batch, for the form."""
    mapping = mapping_text(batch.settings.get("mapping") or {})
    return {**batch.settings, "kind": batch.kind, "mapping": mapping}
