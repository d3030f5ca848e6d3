"""The forms of a campaign's rules: its settings, and a new campaign."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.scaled_fields import MinutesField, PercentField
from common.text_area import TextArea
from labeling.actions.rules import RULES
from labeling.models import Campaign
from labeling.web.rules import HELP, LABELS

if TYPE_CHECKING:
    CampaignForm = forms.ModelForm[Campaign]
else:
    CampaignForm = forms.ModelForm  # takes no parameter at run time


OPTIONAL = tuple(
    field.name
    for field in (Campaign._meta.get_field(name) for name in RULES)
    if isinstance(field, models.IntegerField | models.FloatField | models.CharField)
    and field.has_default()
    and field.name != "overlap"
)
"""Numbers and choices that may be missing or empty: they keep their value."""


MOST_MINUTES = 1_000_000
"""About two years: more does not fit into the column."""


QUALIFICATION = ("qualification_pairs", "qualification_right", "qualification_attempts")


class RulesForm(CampaignForm):
    """The rules of a campaign, as in its model; lists are texts with one item per line."""

    criteria = forms.CharField(
        label=_("Criteria"),
        required=False,
        widget=TextArea(attrs={"rows": 3, "placeholder": "helpful*: Which one helps more?"}),
        help_text=_(
            "Asked besides the overall choice, one per line: a name, a colon and a question. A star after the name "
            "makes it required. Each has its own choice of left, right or tie."
        ),
    )
    skip_reasons = forms.CharField(
        label=_("Reasons to skip"),
        required=False,
        widget=TextArea(attrs={"rows": 4}),
        help_text=_("One per line, up to nine. Annotators who skip choose one; leave empty to ask for none."),
    )

    lease_seconds = MinutesField(
        label=LABELS["lease_seconds"], help_text=HELP["lease_seconds"], min_value=0.5, max_value=MOST_MINUTES
    )
    undo_seconds = MinutesField(
        label=LABELS["undo_seconds"], help_text=HELP["undo_seconds"], min_value=0, max_value=MOST_MINUTES
    )
    verdict_threshold = PercentField(
        label=_("Required confidence (%)"),
        help_text=HELP["verdict_threshold"],
        min_value=51,
        max_value=99.9,
        required=False,
    )
    overlap_share = PercentField(
        label=_("Share judged several times (%)"), help_text=HELP["overlap_share"], min_value=0, max_value=100
    )
    gold_rate = PercentField(
        label=_("Share of gold (%)"), help_text=HELP["gold_rate"], min_value=0, max_value=50, required=False
    )
    gold_threshold = PercentField(
        label=_("Lowest acceptable gold accuracy (%)"),
        help_text=HELP["gold_threshold"],
        min_value=0,
        max_value=100,
        required=False,
    )
    retest_rate = PercentField(
        label=_("Share of retests (%)"), help_text=HELP["retest_rate"], min_value=0, max_value=50, required=False
    )

    class Meta:
        model = Campaign
        fields = RULES
        labels = LABELS
        help_texts = HELP
        widgets = {"description": TextArea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["criteria"] = lines_of_criteria(self.instance.criteria)
        self.initial["skip_reasons"] = "\n".join(self.instance.skip_reasons)
        for name in OPTIONAL:
            self.fields[name].required = False

    def clean_criteria(self) -> list[dict[str, Any]]:
        return [_criterion(line) for line in _lines(self.cleaned_data["criteria"])]

    def clean_skip_reasons(self) -> list[str]:
        return _lines(self.cleaned_data["skip_reasons"])

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        for name in OPTIONAL:
            if name in self.fields and values.get(name, "") in (None, "") and name not in self.errors:
                values[name] = getattr(self.instance, name)
        return values


def lines_of_criteria(criteria: list[dict[str, Any]]) -> str:
    """Criteria as text for the form: `helpful*: Which one helps more?`"""
    return "\n".join(
        one["name"] + ("*" if one["required"] else "") + (f": {one['description']}" if one["description"] else "")
        for one in criteria
    )


def _criterion(line: str) -> dict[str, Any]:
    name, _, description = line.partition(":")
    name = name.strip()
    return {"name": name.removesuffix("*").strip(), "required": name.endswith("*"), "description": description.strip()}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


class NewCampaignForm(RulesForm):
    """A new campaign: its rules and the first version of its guidelines."""

    guidelines = forms.CharField(
        label=_("Guidelines"),
        required=False,
        widget=TextArea(attrs={"rows": 8}),
        help_text=_("What makes a completion better here? Markdown. Annotators open it with one key."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in QUALIFICATION:  # it needs pairs that are marked for it, and there are none yet
            del self.fields[name]
