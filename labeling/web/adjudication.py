"""Where experts settle conflicts and leads look at flags: one comparison after the other."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from common.errors import Conflict, DomainError, NotAllowed, NotFound
from common.numbers import whole_number
from common.text.rendering import render_markdown
from labeling.access import get_adjudicated_campaign, get_conflict, get_led_campaign, leads
from labeling.actions.curation import review_flag
from labeling.actions.verdicts import adjudicate
from labeling.models import Campaign, Comparison
from labeling.queries.conflicts import next_waiting, statements_on
from labeling.queries.progress import campaign_progress
from labeling.web.edge import page, person, refuse
from labeling.web.forms import AdjudicationForm, FlagReviewForm

Status = Comparison.Status


@page
@require_http_methods(["GET", "HEAD", "POST"])
def adjudication(request: HttpRequest, slug: str) -> HttpResponse:
    """The next conflict with what everybody said; a POST decides it, and the next one follows."""
    campaign = get_adjudicated_campaign(person(request), slug)
    form = AdjudicationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            comparison = get_conflict(person(request), values.pop("comparison"))
            adjudicate(comparison=comparison, **values, acting_user=person(request), now=timezone.now())
        except (NotFound, NotAllowed):
            raise
        except Conflict as error:  # somebody else was faster: the next one is shown, and this said
            messages.error(request, error.message)
            return redirect("adjudication", slug=slug)
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, _("Decided. Here is the next one."))
            return redirect("adjudication", slug=slug)
    shown = _shown(request, campaign, form, Status.CONFLICT)
    return render(request, "labeling/adjudication.html", shown | {"is_lead": leads(person(request), campaign)})


@page
@require_http_methods(["GET", "HEAD", "POST"])
def flags(request: HttpRequest, slug: str) -> HttpResponse:
    """The next flagged comparison; a POST lets it go on or retires it, and the next one follows."""
    campaign = get_led_campaign(person(request), slug)
    form = FlagReviewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        keep, values = request.POST.get("decision") == "keep", form.cleaned_data
        try:
            comparison = get_conflict(person(request), values.pop("comparison"))
            review_flag(comparison=comparison, keep=keep, **values, acting_user=person(request), now=timezone.now())
        except (NotFound, NotAllowed):
            raise
        except Conflict as error:
            messages.error(request, error.message)
            return redirect("flags", slug=slug)
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, _("It goes on being judged.") if keep else _("It is retired."))
            return redirect("flags", slug=slug)
    return render(request, "labeling/flags.html", _shown(request, campaign, form, Status.FLAGGED) | {"is_lead": True})


def _shown(request: HttpRequest, campaign: Campaign, form: Any, status: Status) -> dict[str, Any]:
    """The next one of a status, or the one that a refused form was about.

    Who decides is as blind as who judges.
    """
    after = request.GET.get("after", "")
    refused = request.POST.get("comparison", "")
    behind = (whole_number(refused) or 0) - 1 if refused else whole_number(after) or 0
    comparison = next_waiting(campaign, status, after=behind)
    context: dict[str, Any] = {
        "campaign": campaign,
        "comparison": comparison,
        "form": form,
        "progress": campaign_progress(campaign),
        "tab": "adjudication",
    }
    if comparison is None:
        return context
    texts = {"A": comparison.completion_a, "B": comparison.completion_b}
    return context | {
        "prompt": [
            {"role": message["role"], "html": render_markdown(message["content"])}
            for message in comparison.prompt.messages
        ],
        "completions": [
            {"name": name, "model": "" if campaign.blind else text.model_version, "html": render_markdown(text.text)}
            for name, text in texts.items()
        ],
        "statements": statements_on(comparison),
    }
