"""The choices of an export on its page. Those that a dialect does not have are not offered."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.text_area import TextArea
from labeling.actions.datasets import CONSENT_CHARACTERS, LICENCES
from labeling.exchange import KINDS, LEAST_SIMILARITY, SIMILARITY, WRITERS
from labeling.web.imports import EXPORTS, INCLUDES

FOUND = (("", _("Do not look for them")), ("report", _("Count them")), ("drop", _("Leave them out")))
SIDES = (("", _("All prompts")), ("train", _("Prompts to train on")), ("test", _("Held-out prompts")))
CLEANING = (
    *("near_duplicates", "similarity", "contaminated"),
    *("redact_email", "redact_phone", "region", "redact_iban", "patterns"),
)


class ExportForm(forms.Form):
    """The choices of an export. Those that a dialect does not have are not offered."""

    dialect = forms.ChoiceField(label=_("Format"), choices=[(name, label) for name, label, _content in EXPORTS])
    include = forms.ChoiceField(label=_("Comparisons"), choices=INCLUDES, required=False)
    extras = forms.BooleanField(
        label=_("Add columns beside the pair"),
        required=False,
        help_text=_(
            "Ids, tags, origin, confidence, weight and models. Training tools ignore columns they do not know."
        ),
    )
    spreadsheet = forms.BooleanField(
        label=_("Escape for spreadsheets"),
        required=False,
        help_text=_(
            "An apostrophe precedes texts that a spreadsheet could take for formulas. "
            "Importing the file here removes it."
        ),
    )

    side = forms.ChoiceField(label=_("Side of the split"), choices=SIDES, required=False)
    near_duplicates = forms.ChoiceField(label=_("Prompts much like an earlier one"), choices=FOUND, required=False)
    similarity = forms.FloatField(
        label=_("From which similarity on"),
        min_value=LEAST_SIMILARITY,
        max_value=1,
        required=False,
        widget=forms.NumberInput(attrs={"step": "any", "placeholder": SIMILARITY}),
        help_text=_("0.5 to 1: the share of equal parts of their texts."),
    )
    evaluation = forms.IntegerField(required=False, widget=forms.HiddenInput)
    contaminated = forms.ChoiceField(
        label=_("Comparisons that contain a prompt of the evaluation"), choices=FOUND, required=False
    )
    redact_email = forms.BooleanField(label=_("Redact e-mail addresses"), required=False)
    redact_phone = forms.BooleanField(label=_("Redact phone numbers"), required=False)
    redact_iban = forms.BooleanField(label=_("Redact bank accounts (IBAN)"), required=False)
    region = forms.CharField(
        label=_("Country of phone numbers"),
        max_length=2,
        required=False,
        help_text=_("As in DE: its numbers are found without a country code too."),
    )
    patterns = forms.CharField(
        label=_("Redact own patterns"),
        max_length=10_000,
        required=False,
        widget=TextArea(attrs={"rows": 3}),
        help_text=_("Regular expressions, one a line."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in [name for name, is_offered in self.offered().items() if not is_offered]:
            self.fields.pop(name, None)

    def offered(self) -> dict[str, bool]:
        """Whether the chosen dialect has a choice. Choices that are left out are always offered."""
        writer = WRITERS.get(str(self.data.get("dialect", "")))
        return {
            "include": writer is not None and writer.is_complete and not writer.is_whole,
            "extras": writer is not None and writer.has_extras,
            "spreadsheet": writer is not None and writer.name == "csv",
            **dict.fromkeys(CLEANING, writer is not None and not writer.is_whole),
            "contaminated": bool(self.data.get("evaluation")) and writer is not None and not writer.is_whole,
        }

    def clean_region(self) -> str:
        return str(self.cleaned_data["region"]).upper()

    def values(self) -> dict[str, Any]:
        """The choices as the parameters of the API. Call is_valid first."""
        sent = self.cleaned_data
        names = ("dialect", "include", "side", "near_duplicates", "similarity", "contaminated", "evaluation", "region")
        values = {name: sent.get(name) for name in names}
        values |= {name: "true" for name in ("extras", "spreadsheet") if sent.get(name)}
        values["redact"] = [kind for kind in KINDS if sent.get(f"redact_{kind}")]
        values["patterns"] = [line.strip() for line in sent.get("patterns", "").splitlines() if line.strip()]
        return {name: value for name, value in values.items() if value not in (None, "", [])}

    def fields_of(self, *names: str) -> list[forms.BoundField]:
        return [self[name] for name in names if name in self.fields]

    def file_fields(self) -> list[forms.BoundField]:
        """The fields about the form of the file."""
        return self.fields_of("dialect", "include", "side", "extras", "spreadsheet")

    def cleaning_fields(self) -> list[forms.BoundField]:
        """The fields about its cleaning."""
        return self.fields_of(*CLEANING)


class BulkExportForm(ExportForm):
    """The choices of an export of selected comparisons, asked at once: a dialect that cannot be cleaned refuses it."""

    def offered(self) -> dict[str, bool]:
        return dict.fromkeys(("include", "extras", "spreadsheet", "evaluation", "contaminated"), False)


class EvaluationForm(forms.Form):
    """The file with the prompts of an evaluation."""

    file = forms.FileField(
        label=_("Prompts of an evaluation"),
        help_text=_("Comparisons that contain one are found. As for importing prompts; kept for a day, for you alone."),
    )


class DatasetForm(forms.Form):
    """The statements of a data set about itself."""

    title = forms.CharField(label=_("Title"), max_length=200, required=False)
    license = forms.ChoiceField(label=_("Licence"), choices=[("", "–"), *((name, name) for name in LICENCES)])
    language = forms.CharField(label=_("Language of the texts"), max_length=3, initial="en")
    consent = forms.CharField(
        label=_("Consent"),
        max_length=CONSENT_CHARACTERS,
        widget=TextArea(attrs={"rows": 3}),
        help_text=_("How the annotators, and the people in the texts, agreed to this. It stands in the card."),
    )
