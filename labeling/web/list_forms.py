"""The filters of the lists of prompts and comparisons, the choice of rows, and the forms of bulk acts."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.days import midnight
from common.scaled_fields import PercentField
from common.text_area import TextArea
from labeling.models import BulkAct, Comparison, Membership
from labeling.queries.judged_by import PEOPLE, SIMULATED
from labeling.queries.list_pages import (
    LEAST_CERTAIN,
    LEAST_COMPARED,
    LEAST_JUDGED,
    MOST_CERTAIN,
    MOST_COMPARED,
    MOST_JUDGED,
    NEWEST,
    OLDEST,
    QUEUE,
)
from labeling.queries.lists import ComparisonFilter, PromptFilter
from labeling.queries.metadata_search import METADATA_CHARACTERS

ANY = ("", _("Any"))
STATES = [
    (value, _("Practice or qualification") if value == Comparison.Status.PRACTICE else label)
    for value, label in Comparison.Status.choices
]
DAY = {"type": "date"}
GROUPS = (
    (PEOPLE, _("people")),
    (SIMULATED, _("simulated annotators")),
    (Membership.Role.ANNOTATOR.value, _("annotators")),
    (Membership.Role.EXPERT.value, _("experts")),
    (Membership.Role.LEAD.value, _("leads")),
)


BY_AGE = ((NEWEST, _("Newest first")), (OLDEST, _("Oldest first")))


class ListForm(forms.Form):
    """The fields that both filters have. ORDERS: those besides the age."""

    ORDERS: tuple[tuple[str, Any], ...] = ()

    text = forms.CharField(
        label=_("Search"), max_length=200, required=False, widget=forms.TextInput(attrs={"type": "search"})
    )
    tag = forms.CharField(label=_("Tag"), max_length=80, required=False)
    model_version = forms.ChoiceField(label=_("Written by"), required=False)
    batch = forms.TypedChoiceField(label=_("Import"), required=False, coerce=int, empty_value=None)
    act = forms.IntegerField(label=_("Bulk action"), required=False, widget=forms.HiddenInput)
    metadata = forms.CharField(
        label=_("Field of the file"),
        max_length=METADATA_CHARACTERS,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "source=forum"}),
    )
    since = forms.DateField(label=_("Added from"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs=DAY))
    last_day = forms.DateField(
        label=_("To, inclusive"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs=DAY)
    )
    annotator = forms.ChoiceField(label=_("Judged by"), required=False)
    source = forms.CharField(label=_("Origin"), max_length=120, required=False)
    confidence_at_least = PercentField(label=_("Minimum confidence (%)"), min_value=0, max_value=100, required=False)
    confidence_at_most = PercentField(label=_("Maximum confidence (%)"), min_value=0, max_value=100, required=False)
    group = forms.ChoiceField(label=_("Judged by somebody of"), choices=(ANY, *GROUPS), required=False)
    flagged = forms.BooleanField(label=_("Only flagged ones"), required=False)
    order = forms.ChoiceField(label=_("Order"), required=False)

    def __init__(
        self,
        sent: Mapping[str, Any] | None,
        *,
        models: Sequence[str],
        batches: Sequence[tuple[int, str]],
        annotators: Sequence[tuple[str, str]],
        groups: Sequence[tuple[str, str]] = (),
    ) -> None:
        """annotators: pseudonyms, each with the name that leads see. groups: the declared ones."""
        super().__init__(sent)
        self._offer("group", [ANY, *GROUPS, *groups])
        self._offer("annotator", [ANY, *annotators])
        self._offer("model_version", [ANY, *((name, name) for name in models)])
        self._offer("batch", [ANY, *batches])
        self._offer("order", [*BY_AGE, *self.ORDERS])

    def clean(self) -> dict[str, Any]:
        """Says what is wrong with hidden fields too, which have no place of their own."""
        for field in self.hidden_fields():
            for text in field.errors:
                self.add_error(None, f"{field.label}: {text}")
        return self.cleaned_data

    def _offer(self, name: str, choices: Sequence[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def _values(self) -> dict[str, Any]:
        """The arguments of a filter. Call is_valid first."""
        values = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        values.pop("order", None)
        if since := values.pop("since", None):
            values["since"] = midnight(since)
        if last_day := values.pop("last_day", None):
            values["until"] = midnight(last_day + timedelta(days=1))
        if settled_since := values.pop("settled_since", None):
            values["settled_since"] = midnight(settled_since)
        if settled_last_day := values.pop("settled_last_day", None):
            values["settled_until"] = midnight(settled_last_day + timedelta(days=1))
        return values


class PromptListForm(ListForm):
    """The filter of the prompts."""

    STATE = (ANY, ("active", _("In use")), ("retired", _("Retired")))
    COMPARED = (ANY, ("yes", _("With comparisons")), ("no", _("Without comparisons")))
    ORDERS = ((MOST_COMPARED, _("Most comparisons first")), (LEAST_COMPARED, _("Fewest comparisons first")))

    state = forms.ChoiceField(label=_("State"), choices=STATE, required=False)
    compared = forms.ChoiceField(label=_("Comparisons"), choices=COMPARED, required=False)

    field_order = (
        "text",
        "state",
        "compared",
        "annotator",
        "group",
        "model_version",
        "tag",
        "source",
        "metadata",
        "batch",
        "confidence_at_least",
        "confidence_at_most",
        "since",
        "last_day",
        "order",
        "flagged",
    )

    def asked(self) -> PromptFilter:
        """The filter. Call is_valid first."""
        values = self._values()
        if compared := values.pop("compared", ""):
            values["compared"] = compared == "yes"
        return PromptFilter(**values)


class ComparisonListForm(ListForm):
    """The filter of the comparisons."""

    JUDGED = (ANY, ("yes", _("Judged")), ("no", _("Not judged")))
    ORDERS = (
        (QUEUE, _("As they are assigned")),
        (LEAST_CERTAIN, _("Lowest confidence first")),
        (MOST_CERTAIN, _("Highest confidence first")),
        (MOST_JUDGED, _("Most judgments first")),
        (LEAST_JUDGED, _("Fewest judgments first")),
    )

    status = forms.ChoiceField(label=_("State"), choices=[ANY, *STATES], required=False)
    judged = forms.ChoiceField(label=_("Judgments"), choices=JUDGED, required=False)
    criterion = forms.ChoiceField(label=_("Criterion"), required=False)
    guideline_version = forms.TypedChoiceField(label=_("Guidelines"), required=False, coerce=int, empty_value=None)
    agreement_at_least = PercentField(label=_("Minimum agreement (%)"), min_value=0, max_value=100, required=False)
    agreement_at_most = PercentField(label=_("Maximum agreement (%)"), min_value=0, max_value=100, required=False)
    settled_since = forms.DateField(
        label=_("Settled from"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs=DAY)
    )
    settled_last_day = forms.DateField(
        label=_("Settled to, inclusive"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs=DAY)
    )
    prompt = forms.IntegerField(label=_("Prompt"), required=False, widget=forms.HiddenInput)

    field_order = (
        "text",
        "status",
        "judged",
        "annotator",
        "group",
        "criterion",
        "guideline_version",
        "model_version",
        "tag",
        "source",
        "metadata",
        "batch",
        "confidence_at_least",
        "confidence_at_most",
        "agreement_at_least",
        "agreement_at_most",
        "since",
        "last_day",
        "settled_since",
        "settled_last_day",
        "order",
        "flagged",
    )

    def __init__(
        self,
        sent: Mapping[str, Any] | None,
        *,
        criteria: Sequence[str],
        guidelines: Sequence[int],
        **choices: Any,
    ) -> None:
        """guidelines: the numbers of their versions."""
        super().__init__(sent, **choices)
        self._offer("criterion", [ANY, *((name, name) for name in criteria)])
        versions = [(number, gettext("version %(number)s") % {"number": number}) for number in guidelines]
        self._offer("guideline_version", [ANY, *versions])

    def asked(self) -> ComparisonFilter:
        """The filter. Call is_valid first."""
        values = self._values()
        if judged := values.pop("judged", ""):
            values["judged"] = judged == "yes"
        return ComparisonFilter(**values)


FILTERED_SHARES = {
    "confidence_at_least": _("Minimum confidence"),
    "confidence_at_most": _("Maximum confidence"),
    "agreement_at_least": _("Minimum agreement"),
    "agreement_at_most": _("Maximum agreement"),
}
"""The values of a `ComparisonFilter` that are shares, in words."""

FILTER_LABELS = {name: field.label or name for name, field in ComparisonListForm.base_fields.items()} | {
    **FILTERED_SHARES,
    "external_id": _("Id in the file"),
    "until": _("Added before"),
    "settled_until": _("Settled before"),
}
"""The values of a `ComparisonFilter` in words."""


class BulkForm(forms.Form):
    """The fields of a bulk act besides its rows."""

    reason = forms.CharField(label=_("Reason"), max_length=10_000, widget=TextArea(attrs={"rows": 2}))
    more = forms.IntegerField(
        label=_("More judgments"),
        min_value=1,
        max_value=50,
        initial=1,
        help_text=_("Of each comparison, from people who have not judged it yet. Earlier judgments still count."),
    )

    def __init__(self, sent: Mapping[str, Any] | None, *, kind: str) -> None:
        super().__init__(sent)
        needed: dict[str, tuple[str, ...]] = {
            BulkAct.Kind.RETIRE: ("reason",),
            BulkAct.Kind.ASK_AGAIN: ("more", "reason"),
        }
        for name in set(self.fields) - set(needed.get(kind, ())):
            del self.fields[name]
