"""The page for imports of comparisons and prompts and for exports of verdicts."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from common.errors import DomainError, NotAllowed
from labeling.access import get_led_campaign
from labeling.actions.imports import ImportReport, ImportSettings, import_comparisons, import_prompts
from labeling.models import Campaign
from labeling.queries.progress import campaign_progress
from labeling.web.edge import page, person, refuse
from labeling.web.forms import ImportForm
from labeling.web.imports import COMPARISONS, EXPORTS

MOST_LINES_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import, as the page shows it."""

    file: str
    kind: str
    report: ImportReport

    @property
    def shown(self) -> list[object]:
        return list(self.report.rejected[:MOST_LINES_SHOWN])

    @property
    def hidden(self) -> int:
        return self.report.rejected_count - len(self.shown)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def data(request: HttpRequest, slug: str) -> HttpResponse:
    """Shows the forms; a POST imports a file and shows the report. Importing a file again adds nothing."""
    campaign = get_led_campaign(person(request), slug)
    form = ImportForm(request.POST or None, request.FILES or None)
    imported = _import(request, campaign, form) if request.method == "POST" and form.is_valid() else None
    context = {
        "campaign": campaign,
        "form": ImportForm(initial={"kind": imported.kind}) if imported else form,
        "imported": imported,
        "progress": campaign_progress(campaign),
        "exports": EXPORTS,
        "tab": "data",
    }
    return render(request, "labeling/data.html", context)


def _import(request: HttpRequest, campaign: Campaign, form: ImportForm) -> Imported | None:
    upload, kind = form.cleaned_data["file"], form.cleaned_data["kind"]
    user, now, refuse_all = person(request), timezone.now(), form.cleaned_data["refuse_all"]
    try:
        if kind == COMPARISONS:
            report = import_comparisons(
                campaign=campaign,
                stream=upload,
                settings=ImportSettings(
                    dialect=form.cleaned_data["dialect"] or "auto",
                    refuse_all=refuse_all,
                    as_gold=form.cleaned_data["as_gold"],
                ),
                acting_user=user,
                now=now,
            )
        else:
            report = import_prompts(campaign=campaign, stream=upload, acting_user=user, now=now, refuse_all=refuse_all)
    except NotAllowed:
        raise
    except DomainError as error:
        refuse(form, error)
        return None
    return Imported(file=upload.name, kind=kind, report=report)
