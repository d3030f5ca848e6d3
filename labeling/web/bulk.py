"""Acts on many prompts or comparisons: the question with its count, the act, and its progress."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from common.errors import DomainError, NotAllowed
from labeling.access import get_led_campaign
from labeling.actions.bulk import BulkOrder, NothingSelected, start_bulk_act
from labeling.actions.export_choices import write_options
from labeling.actions.exports import export_campaign
from labeling.models import BulkAct, Campaign
from labeling.queries.lists import Fingerprint, fingerprint
from labeling.web.edge import form_of, page, person, refuse
from labeling.web.export_form import BulkExportForm
from labeling.web.list_forms import BulkForm
from labeling.web.selections import (
    SHOWN,
    Chosen,
    change_since_shown,
    chosen,
    has_confirmed,
    list_address,
    sent_view,
)

Kind, Target = BulkAct.Kind, BulkAct.Target
EXPORT = "export"
Form = BulkForm | BulkExportForm

SENTENCES = {
    (Target.PROMPTS, Kind.RETIRE): _(
        "No model writes for them any longer. Their comparisons are retired too: judgments are kept, but nothing of "
        "them is assigned, counted, exported or trained on. Restoring brings everything back."
    ),
    (Target.PROMPTS, Kind.RESTORE): _("Models write for them again. The comparisons retired with them return."),
    (Target.COMPARISONS, Kind.RETIRE): _(
        "They are no longer assigned, counted, exported or trained on. Their judgments and verdicts are kept for when "
        "they are restored."
    ),
    (Target.COMPARISONS, Kind.RESTORE): _(
        "Their judgments decide their status. Comparisons that are not retired stay as they are."
    ),
    (Target.COMPARISONS, Kind.ASK_AGAIN): _(
        "Settled ones and conflicts open again, first in the queue. Their verdicts are deleted until the new judgments "
        "arrive; earlier judgments count with them. Open ones stay as they are."
    ),
    (Target.COMPARISONS, Kind.PRIORITISE): _("They are assigned before all others."),
    (Target.COMPARISONS, Kind.NORMAL): _("They are assigned among the others again."),
    (Target.COMPARISONS, EXPORT): _("In formats for training, ties, skips and conflicts yield no preference pair."),
}


def _list_address(request: HttpRequest, slug: str, target: str) -> str:
    return reverse(Target(target).value, args=[slug])


@page
@form_of(_list_address)
def bulk(request: HttpRequest, slug: str, target: str) -> HttpResponseBase:
    """Asks whether to do the chosen act, saying how many rows it is about; with `confirmed` it does it.

    If they are other rows by then, it asks again.
    """
    campaign = get_led_campaign(person(request), slug)
    target, kind = Target(target), request.POST.get("kind", "")
    if (target, kind) not in SENTENCES:
        messages.error(request, _("This cannot be done to these rows."))
        return redirect(list_address(campaign, target, sent_view(request)))
    try:
        rows = chosen(request, campaign, target)
    except NothingSelected as error:
        messages.error(request, error.message)
        return redirect(list_address(campaign, target, sent_view(request)))
    is_confirmed, about = has_confirmed(request), fingerprint(rows.selection.rows(campaign))
    sent = request.POST if is_confirmed else None
    form = BulkExportForm(sent) if kind == EXPORT else BulkForm(sent, kind=kind)
    if is_confirmed and (change := change_since_shown(request, about)):
        form.add_error(None, change)
    elif is_confirmed and form.is_valid():
        try:
            return _done(request, campaign, rows, kind, form)
        except NotAllowed:
            raise
        except DomainError as error:
            refuse(form, error)
    return render(request, "labeling/bulk.html", _question(request, campaign, rows, kind, form, about))


@page
@require_safe
def bulk_act(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """The progress and the result of an act."""
    campaign = get_led_campaign(person(request), slug)
    row = get_object_or_404(campaign.bulk_acts.select_related("requested_by"), pk=pk)
    inverse = {
        Kind.RETIRE: Kind.RESTORE,
        Kind.RESTORE: Kind.RETIRE,
        Kind.PRIORITISE: Kind.NORMAL,
        Kind.NORMAL: Kind.PRIORITISE,
    }.get(Kind(row.kind))
    context = {
        "campaign": campaign,
        "act": row,
        "unchanged": row.done - row.changed,
        "is_running": row.status in BulkAct.UNFINISHED,
        "inverse": inverse,
        "list_address": list_address(campaign, row.target, f"act={row.pk}"),
        "act_address": _act_address(campaign, row.target),
        "tab": row.target,
    }
    return render(request, "labeling/bulk_act.html", context)


def _done(request: HttpRequest, campaign: Campaign, rows: Chosen, kind: str, form: Form) -> HttpResponseBase:
    user, now = person(request), timezone.now()
    if isinstance(form, BulkExportForm):
        values = form.values()
        export = export_campaign(
            campaign=campaign,
            dialect=values["dialect"],
            options=write_options(values, acting_user=user),
            only=rows.selection.rows(campaign),
            acting_user=user,
            now=now,
        )
        headers = {"Content-Disposition": f'attachment; filename="{export.filename}"'}
        return StreamingHttpResponse(export.pieces, content_type=export.writer.media_type, headers=headers)
    order = BulkOrder(kind, form.cleaned_data.get("reason", ""), form.cleaned_data.get("more", 0))
    started = start_bulk_act(campaign=campaign, selection=rows.selection, order=order, acting_user=user, now=now)
    return redirect("bulk_act", campaign.slug, started.pk)


def _question(
    request: HttpRequest, campaign: Campaign, rows: Chosen, kind: str, form: Form, about: Fingerprint
) -> dict[str, Any]:
    target = rows.selection.target
    return {
        "campaign": campaign,
        "form": form,
        "kind": kind,
        "label": _("Export") if kind == EXPORT else Kind(kind).label,
        "sentence": SENTENCES[Target(target), kind],
        "is_danger": kind == Kind.RETIRE,
        "target": target,
        "hidden": [*rows.hidden, ("view", sent_view(request)), (SHOWN, about)],
        "total": about.count,
        "act_address": _act_address(campaign, target),
        "back": list_address(campaign, target, sent_view(request)),
        "tab": target,
    }


def _act_address(campaign: Campaign, target: str) -> str:
    return reverse(f"{target}_bulk", args=[campaign.slug])
