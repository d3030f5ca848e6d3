"""The page for imports of comparisons and prompts and for exports of verdicts."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from common.hashed_file import Readable
from common.numbers import whole_number
from labeling.access import get_led_campaign
from labeling.actions.previews import prepare_import
from labeling.models import Campaign, ImportBatch
from labeling.queries.batches import imports_of
from labeling.queries.progress import campaign_progress, prompts_apart
from labeling.web.edge import page, person, takes_files
from labeling.web.file_form import attempt_with_file
from labeling.web.import_forms import ImportForm
from labeling.web.imports import EXPORTS

IMPORTS_SHOWN = 10


@takes_files
@page
@require_http_methods(["GET", "HEAD", "POST"])
def data(request: HttpRequest, slug: str) -> HttpResponse:
    """Shows the forms and the imports so far. A POST reads a file and leads to its preview: it imports nothing yet."""
    campaign = get_led_campaign(person(request), slug)
    form = ImportForm(request.POST or None, request.FILES or None, acting_user=person(request))
    if request.method == "POST":
        batch = attempt_with_file(form, lambda stream: _preview(request, campaign, form, stream))
        if batch is not None:
            return redirect("batch", slug, batch.pk)
    imports = imports_of(campaign).order_by("-pk")
    before = whole_number(request.GET.get("before", ""))
    rows = list((imports if before is None else imports.filter(pk__lt=before))[: IMPORTS_SHOWN + 1])
    context = {
        "campaign": campaign,
        "form": form,
        "imports": rows[:IMPORTS_SHOWN],
        "older": urlencode({"before": rows[IMPORTS_SHOWN - 1].pk}) if len(rows) > IMPORTS_SHOWN else "",
        "progress": campaign_progress(campaign),
        "prompts_apart": prompts_apart(campaign).count(),
        "exports": EXPORTS,
        "tab": "data",
    }
    return render(request, "labeling/data.html", context)


def _preview(request: HttpRequest, campaign: Campaign, form: ImportForm, stream: Readable) -> ImportBatch:
    return prepare_import(
        campaign=campaign,
        kind=form.cleaned_data["kind"],
        stream=stream,
        name=form.file_name,
        settings=form.settings(),
        acting_user=person(request),
        now=timezone.now(),
    )
