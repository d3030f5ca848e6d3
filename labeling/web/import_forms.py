"""The forms of an import: its file, and how the file is read."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.errors import Invalid
from labeling.actions.import_records import remembered_mapping
from labeling.actions.import_reports import ImportSettings, mapping_of
from labeling.exchange import ALWAYS_FIRST, columns_in, likely_mapping, mapping_text
from labeling.models import ImportBatch
from labeling.web.file_form import FileForm
from labeling.web.imports import DIALECTS, FILE_FORMATS, KINDS, RANKINGS

COLUMN = "column_"
PART_LABELS = {
    "prompt": _("Prompt"),
    "a": _("First completion"),
    "b": _("Second completion"),
    "preference": _("Preference"),
    "annotator": _("Annotator"),
    "system": _("System message"),
    "id": _("Id"),
}
"""The parts that a column can be. A column of no part is metadata."""


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

    def __init__(self, *args: Any, columns: Sequence[Mapping[str, str]] = (), **kwargs: Any) -> None:
        """columns: of the file, each with its name and an example; they are chosen from. Empty: a text names them."""
        super().__init__(*args, **kwargs)
        if not columns:
            return
        del self.fields["mapping"]
        choices = [
            (one["name"], f"{one['name']}: {one['example']}" if one["example"] else one["name"]) for one in columns
        ]
        always = (ALWAYS_FIRST, _("The first completion is always preferred"))
        for part, label in PART_LABELS.items():
            others = [("", _("None")), *([always] if part == "preference" else [])]
            self.fields[COLUMN + part] = forms.ChoiceField(label=label, choices=[*others, *choices], required=False)

    @property
    def column_fields(self) -> list[forms.BoundField]:
        """The fields in which columns are chosen."""
        return [self[name] for name in self.fields if name.startswith(COLUMN)]

    def clean(self) -> dict[str, Any]:
        """Puts the chosen columns together. A mapping needs the prompt, and both completions of comparisons."""
        values = super().clean() or {}
        if "mapping" in self.fields:
            return values
        is_pairs = values.get("kind") == ImportBatch.Kind.COMPARISONS
        parts = PART_LABELS if is_pairs else ("prompt", "system", "id")
        chosen = {part: values[COLUMN + part] for part in parts if values.get(COLUMN + part)}
        values["mapping"] = chosen
        if chosen:
            for part in ("prompt", "a", "b") if is_pairs else ("prompt",):
                if part not in chosen:
                    self.add_error(COLUMN + part, _("Choose the column, or none at all."))
            if "a" in chosen and chosen["a"] == chosen.get("b"):
                self.add_error(COLUMN + "b", _("Both completions have the same column."))
        return values

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
    """The choices of a batch, for the form.

    Of a file in no known format also the columns that the campaign used last, if it has them, or the likely ones.
    """
    mapping = batch.settings.get("mapping") or {}
    names = [one["name"] for one in batch.notes.get("columns", [])]
    remembered = remembered_mapping(batch.campaign, batch.kind)
    fits = bool(remembered) and set(columns_in(remembered)) <= set(names)
    proposed = mapping or (remembered if fits else likely_mapping(names))
    columns = {COLUMN + part: column for part, column in proposed.items()}
    return {**batch.settings, "kind": batch.kind, "mapping": mapping_text(mapping), **columns}
