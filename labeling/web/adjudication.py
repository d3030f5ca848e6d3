"""The pages on which experts adjudicate conflicts and leads review flags, one comparison at a time."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from common.errors import Conflict
from common.numbers import whole_number
from labeling.access import get_adjudicated_campaign, get_conflict, get_led_campaign, leads
from labeling.actions.curation import review_flag
from labeling.actions.verdicts import OwnConflict, adjudicate
from labeling.judging.conversations import completion_html, shown_messages
from labeling.models import Campaign, Comparison
from labeling.queries.conflicts import has_judged, next_waiting, statements_on, waiting_comparison
from labeling.web.edge import page, person, submit
from labeling.web.forms import AdjudicationForm, FlagReviewForm

Status = Comparison.Status


@page
@require_http_methods(["GET", "HEAD", "POST"])
def adjudication(request: HttpRequest, slug: str) -> HttpResponse:
    """Shows the next conflict with all its judgments; a POST decides it and shows the one after."""
    campaign = get_adjudicated_campaign(person(request), slug)
    form = AdjudicationForm(request.POST or None)

    def errand() -> str:
        values = dict(form.cleaned_data)
        comparison = get_conflict(person(request), values.pop("comparison"))
        adjudicate(comparison=comparison, **values, acting_user=person(request), now=timezone.now())
        return _("Decision saved. Here is the next conflict.")

    def again() -> HttpResponse:
        context = _context(request, campaign, form, Status.CONFLICT)
        return render(request, "labeling/adjudication.html", context | {"is_lead": leads(person(request), campaign)})

    if request.method != "POST":
        return again()
    return _decide(request, form, errand, again)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def flags(request: HttpRequest, slug: str) -> HttpResponse:
    """Shows the next flagged comparison; a POST keeps or retires it and shows the one after."""
    campaign = get_led_campaign(person(request), slug)
    form = FlagReviewForm(request.POST or None)

    def errand() -> str:
        keep, values = request.POST.get("decision") == "keep", dict(form.cleaned_data)
        comparison = get_conflict(person(request), values.pop("comparison"))
        review_flag(comparison=comparison, keep=keep, **values, acting_user=person(request), now=timezone.now())
        return _("The comparison is back with annotators.") if keep else _("The comparison is retired.")

    def again() -> HttpResponse:
        context = _context(request, campaign, form, Status.FLAGGED)
        return render(request, "labeling/flags.html", context | {"is_lead": True})

    if request.method != "POST":
        return again()
    return _decide(request, form, errand, again)


def _decide(
    request: HttpRequest, form: Form, errand: Callable[[], str], again: Callable[[], HttpResponse]
) -> HttpResponse:
    """Submits a decision. If somebody else was faster, the next comparison follows, and the message has the reason."""

    def decision() -> str:
        try:
            return errand()
        except OwnConflict:
            raise
        except Conflict as error:
            kept = _("Your reason was: %(reason)s") % {"reason": form.cleaned_data["reason"]}
            messages.error(request, f"{error.message} {kept}")
            return ""

    return submit(request, form, decision, done=_next_page(request), again=again)


def _next_page(request: HttpRequest) -> str:
    """The page after a decision: behind the comparison that was decided, so that skipped ones come last."""
    decided = whole_number(request.POST.get("comparison", ""))
    return f"{request.path}?{urlencode({'after': decided})}" if decided else request.path


def _context(request: HttpRequest, campaign: Campaign, form: Any, status: Status) -> dict[str, Any]:
    """The next comparison with that status, or the one that a refused form was about or that the address names.

    Experts are as blind as annotators.
    """
    named = whole_number(request.POST.get("comparison", "") or request.GET.get("comparison", ""))
    after = whole_number(request.GET.get("after", "")) or 0
    comparison = (waiting_comparison(campaign, status, named) if named else None) or next_waiting(
        campaign, status, person=person(request), after=after
    )
    context: dict[str, Any] = {
        "campaign": campaign,
        "comparison": comparison,
        "form": form,
        "tab": "flags" if status == Status.FLAGGED else "adjudication",
    }
    if comparison is None:
        return context
    texts = {"A": comparison.completion_a, "B": comparison.completion_b}
    return context | {
        "prompt": shown_messages(comparison.prompt.messages),
        "completions": [
            {
                "name": name,
                "model": "" if campaign.blind else text.model_version,
                "html": completion_html(text),
                "is_cut": text.is_cut,
            }
            for name, text in texts.items()
        ],
        "statements": statements_on(comparison),
        "is_own": status == Status.CONFLICT and has_judged(person(request), comparison),
    }
