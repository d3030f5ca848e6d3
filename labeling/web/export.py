"""The page of an export: its choices, and what the file will hold, before it is downloaded."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from labeling.access import get_led_campaign
from labeling.actions.exports import drop_report
from labeling.exchange import LABEL_CONFIG, WRITERS, DropReport, WriteOptions
from labeling.models import Campaign, User
from labeling.queries.verdicts import winners
from labeling.web.edge import page, person
from labeling.web.imports import EXPORTS, INCLUDES

COUNTED_AT_ONCE = 20_000
"""Up to this many comparisons the page counts what the file holds: more take minutes, so somebody must ask for it."""

REASONS = {
    "unsettled": _("not judged enough for a verdict"),
    "conflict": _("in conflict"),
    "tie": _("ties"),
    "both_bad": _("both bad"),
    "empty": _("with an empty completion"),
    "identical": _("with two identical completions"),
    "duplicate": _("duplicates"),
    "not_expressible": _("not expressible in this format"),
}
JUDGMENTS = {
    "comparison": _("judgments of comparisons that are left out"),
    "tie": _("ties"),
    "both_bad": _("judgments “both bad”"),
    "skip": _("skips"),
}


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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        writer = WRITERS.get(str(self.data.get("dialect", "")))
        offered = {
            "include": writer is not None and writer.is_complete and not writer.is_whole,
            "extras": writer is not None and writer.has_extras,
            "spreadsheet": writer is not None and writer.name == "csv",
        }
        for name, is_offered in offered.items():
            if not is_offered:
                del self.fields[name]

    def options(self) -> WriteOptions:
        """The choices. Call is_valid first."""
        values = self.cleaned_data
        return WriteOptions(
            include=values.get("include") or None,
            extras=bool(values.get("extras")),
            spreadsheet=bool(values.get("spreadsheet")),
        )


@page
@require_safe
def export(request: HttpRequest, slug: str) -> HttpResponse:
    """The choices of an export with their effect. The file itself comes from the API."""
    user = person(request)
    campaign = get_led_campaign(user, slug)
    form = ExportForm({"dialect": "trl", "include": "judged"} | request.GET.dict())
    context: dict[str, Any] = {"campaign": campaign, "form": form, "tab": "data"}
    if form.is_valid():
        dialect, options = form.cleaned_data["dialect"], form.options()
        chosen = {"dialect": dialect, "include": options.include}
        chosen |= {name: "true" for name in ("extras", "spreadsheet") if getattr(options, name)}
        query = urlencode({name: value for name, value in chosen.items() if value})
        counts = winners(campaign)
        comparisons = sum(counts.values())
        context |= {
            "dialect": dialect,
            "names": {name: (label, content) for name, label, content in EXPORTS}[dialect],
            "query": query,
            "comparisons": comparisons,
            "label_config": LABEL_CONFIG if dialect == "labelstudio" else "",
        }
        if comparisons <= COUNTED_AT_ONCE or "count" in request.GET:
            context["report"] = _report(campaign, dialect, options, user)
    return render(request, "labeling/export.html", context)


def _report(campaign: Campaign, dialect: str, options: WriteOptions, user: User) -> dict[str, Any]:
    report: DropReport = drop_report(campaign=campaign, dialect=dialect, options=options, acting_user=user)
    return {
        "counts": report,
        "dropped": [(REASONS[reason], count) for reason, count in report.dropped.items() if count],
        "dropped_judgments": [(JUDGMENTS[name], count) for name, count in report.dropped_judgments.items() if count],
    }
