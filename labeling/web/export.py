"""The page of an export: its choices, what the file will hold, before it is downloaded, and a data set of it."""

from typing import IO, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from common.errors import DomainError
from labeling.access import get_led_campaign
from labeling.actions.datasets import DatasetOrder, dataset_zip
from labeling.actions.export_choices import EVALUATION, keep_evaluation, write_options
from labeling.actions.exports import drop_report
from labeling.exchange import DATASET_DIALECTS, LABEL_CONFIG, DropReport
from labeling.models import BulkAct, Campaign, KeptUpload, User
from labeling.queries.lists import ComparisonFilter, filtered_comparisons, limited_count
from labeling.queries.verdicts import winners
from labeling.web.edge import attempt, form_of, page, person, refuse, takes_files
from labeling.web.export_form import DatasetForm, EvaluationForm, ExportForm
from labeling.web.imports import EXPORTS
from labeling.web.list_forms import ComparisonListForm
from labeling.web.selections import list_form

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
    "near_duplicate": _("with a prompt much like an earlier one"),
    "contaminated": _("that contain a prompt of the evaluation"),
}
JUDGMENTS = {
    "comparison": _("judgments of comparisons that are left out"),
    "tie": _("ties"),
    "both_bad": _("judgments “both bad”"),
    "skip": _("skips"),
}
REDACTED = {
    "email": _("e-mail addresses"),
    "phone": _("phone numbers"),
    "iban": _("bank accounts (IBAN)"),
    "custom": _("places of own patterns"),
}


@page
@require_safe
def export(request: HttpRequest, slug: str) -> HttpResponse:
    """The choices of an export with their effect. The file itself comes from the API."""
    return _page(request, get_led_campaign(person(request), slug), request.GET)


@takes_files
@page
@form_of("export", "slug")
def export_evaluation(request: HttpRequest, slug: str) -> HttpResponse:
    """Keeps the prompts of an evaluation, and returns to the same choices with them."""
    campaign = get_led_campaign(person(request), slug)
    form, sent = EvaluationForm(request.POST, request.FILES), QueryDict(request.POST.get("view", ""), mutable=True)

    def errand() -> KeptUpload:
        file = form.cleaned_data["file"]
        now, user = timezone.now(), person(request)
        upload, evaluation = keep_evaluation(
            campaign=campaign, stream=file, name=file.name or "", acting_user=user, now=now
        )
        text = ngettext("%(count)s prompt was read.", "%(count)s prompts were read.", evaluation.count)
        messages.success(request, text % {"count": evaluation.count})
        return upload

    upload = attempt(form, errand)
    if upload is None:
        return _page(request, campaign, sent, evaluation_form=form)
    sent["evaluation"], sent["contaminated"] = str(upload.pk), "report"
    return redirect(f"{reverse('export', args=[slug])}?{sent.urlencode()}")


@page
@form_of("export", "slug")
def export_dataset(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A data set in a ZIP file, with the choices of the export that is on display."""
    campaign, user = get_led_campaign(person(request), slug), person(request)
    form, sent = DatasetForm(request.POST), QueryDict(request.POST.get("view", ""))
    export_form, filter_form = _forms(campaign, sent)

    def errand() -> tuple[str, IO[bytes]]:
        values = export_form.values()
        order = DatasetOrder(
            licence=form.cleaned_data["license"],
            consent=form.cleaned_data["consent"],
            title=form.cleaned_data["title"],
            language=form.cleaned_data["language"],
            dialect=values["dialect"],
            options=write_options(values, acting_user=user),
            where=_where(filter_form),
        )
        return dataset_zip(campaign=campaign, order=order, acting_user=user, now=timezone.now())

    made = attempt(form, errand) if _are_valid(export_form, filter_form) else None
    if made is None:
        return _page(request, campaign, sent, dataset_form=form)
    name, file = made
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


def _forms(campaign: Campaign, sent: QueryDict) -> tuple[ExportForm, ComparisonListForm]:
    filter_form = list_form(campaign, BulkAct.Target.COMPARISONS, sent)
    assert isinstance(filter_form, ComparisonListForm)
    return ExportForm({"dialect": "trl", "include": "judged"} | sent.dict()), filter_form


def _are_valid(form: ExportForm, filter_form: ComparisonListForm) -> bool:
    return form.is_valid() and (not filter_form.is_bound or filter_form.is_valid())


def _where(filter_form: ComparisonListForm) -> ComparisonFilter | None:
    """The filter; None: it limits nothing. Call is_valid first."""
    where = filter_form.asked() if filter_form.is_bound else ComparisonFilter()
    return where if where.as_json() else None


def _page(
    request: HttpRequest,
    campaign: Campaign,
    sent: QueryDict,
    *,
    evaluation_form: EvaluationForm | None = None,
    dataset_form: DatasetForm | None = None,
) -> HttpResponse:
    user = person(request)
    form, filter_form = _forms(campaign, sent)
    context: dict[str, Any] = {
        "campaign": campaign,
        "form": form,
        "filter_form": filter_form,
        "evaluation_form": evaluation_form or EvaluationForm(),
        "dataset_form": dataset_form or DatasetForm(initial={"title": campaign.name, "language": "en"}),
        "evaluation": _evaluation(sent, user),
        "view": sent.urlencode(),
        "tab": "data",
    }
    if _are_valid(form, filter_form):
        where = _where(filter_form)
        context |= {"is_filtered": where is not None}
        try:
            context |= _contents(campaign, form.values(), where, user, is_wanted="count" in sent)
        except DomainError as error:
            refuse(form, error)
    return render(request, "labeling/export.html", context)


def _contents(
    campaign: Campaign, values: dict[str, Any], where: ComparisonFilter | None, user: User, *, is_wanted: bool
) -> dict[str, Any]:
    """The contents of the file to come. Raises Invalid, UploadGone."""
    dialect, limits = values["dialect"], where.as_json() if where else {}
    options = write_options(values, acting_user=user)
    comparisons = limited_count(filtered_comparisons(campaign, where)) if where else sum(winners(campaign).values())
    context: dict[str, Any] = {
        "dialect": dialect,
        "names": {name: (label, content) for name, label, content in EXPORTS}[dialect],
        "query": urlencode(values | limits, doseq=True),
        "comparisons": comparisons,
        "is_dataset": dialect in DATASET_DIALECTS and not options.side,
        "label_config": LABEL_CONFIG if dialect == "labelstudio" else "",
    }
    if comparisons <= COUNTED_AT_ONCE or is_wanted:
        report = drop_report(campaign=campaign, dialect=dialect, options=options, where=where, acting_user=user)
        context["report"] = _as_shown(report)
    return context


def _as_shown(report: DropReport) -> dict[str, Any]:
    return {
        "counts": report,
        "dropped": [(REASONS[reason], count) for reason, count in report.dropped.items() if count],
        "dropped_judgments": [(JUDGMENTS[name], count) for name, count in report.dropped_judgments.items() if count],
        "found": [
            (REASONS[reason], report.found[reason], examples) for reason, examples in sorted(report.examples.items())
        ],
        "redacted": [(REDACTED[kind], count) for kind, count in sorted(report.redacted.items())],
    }


def _evaluation(sent: QueryDict, user: User) -> str:
    """The name of the kept file with the prompts of an evaluation; empty: there is none."""
    number = sent.get("evaluation", "")
    upload = KeptUpload.objects.filter(pk=number, owner=user).first() if number.isdecimal() else None
    return (upload.name.removeprefix(EVALUATION) or gettext("a file")) if upload else ""
