"""A campaign's gate with its history, the page of a decision, and its certificate."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.sentences import Sentence
from labeling.access import get_led_campaign, led_campaigns
from labeling.models import User
from labeling.web.edge import number_shown, page, person, submit
from training.access import visible_decisions
from training.actions.gate import save_gate
from training.models import FIGURES, Gate, GateDecision, certificate_file
from training.queries.gates import campaigns_written_for, current_gate
from training.queries.rehearsals import channel_of
from training.queries.serving import current_deployment
from training.web.gate_form import GateForm

DECISIONS_LISTED = 20


@page
@require_http_methods(["GET", "HEAD", "POST"])
def gate(request: HttpRequest, slug: str) -> HttpResponse:
    """The rules in words, the form that changes them, earlier gates and the latest decisions."""
    campaign = get_led_campaign(person(request), slug)
    current = current_gate(campaign)
    form = GateForm(request.POST if request.method == "POST" else None, gate=current)

    def again() -> HttpResponse:
        decisions = GateDecision.objects.filter(gate__campaign=campaign).select_related("version", "by", "gate")
        context = {
            "campaign": campaign,
            "tab": "campaign",
            "gate": current,
            "form": form,
            "earlier": Gate.objects.filter(campaign=campaign, number__lt=current.number)
            .select_related("by")
            .order_by("-number"),
            "decisions": decisions[:DECISIONS_LISTED],
            "is_written_for": campaign in campaigns_written_for(channel_of(campaign)),
        }
        return render(request, "training/gate.html", context)

    def errand() -> str:
        saved = save_gate(
            campaign=campaign,
            rules=form.rules(),
            acting_user=person(request),
            now=timezone.now(),
            expected=number_shown(request),
        )
        return _("Gate %(number)s applies from now on.") % {"number": saved.number}

    if request.method == "POST":
        return submit(request, form, errand, done=reverse("gate", args=[slug]), again=again)
    return again()


@page
@require_safe
def gate_decision(request: HttpRequest, pk: int) -> HttpResponse:
    """The decision about a version: its rules and figures, and what a lead can do now."""
    decisions = visible_decisions(person(request))
    decision = get_object_or_404(decisions.select_related("gate__campaign", "run", "version", "by"), pk=pk)
    deployment = current_deployment(channel_of(decision.campaign))
    context = {
        "decision": decision,
        "campaign": decision.campaign,
        "results": in_words(decision.results),
        "others": _others(decision, person(request)),
        "figures": decision.figures,
        "serves": deployment is not None and deployment.version_id == decision.version_id,
        "tab": "campaign",
    }
    return render(request, "training/gate_decision.html", context)


def in_words(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Stored results with their sentences in the active language, and the label of their figure."""
    return [
        {
            "label": FIGURES[result["figure"]].label,
            "outcome": result["outcome"],
            "sentence": Sentence.from_json(result["sentence"]),
        }
        for result in results
    ]


def _others(decision: GateDecision, user: User) -> list[tuple[str, list[dict[str, Any]], Sentence]]:
    """Of each other campaign: its name where the person leads it, its gate's results, why it had no say (or empty)."""
    led = dict(led_campaigns(user).order_by().values_list("pk", "name"))
    return [
        (
            led.get(other["campaign"], ""),
            in_words(other["results"]),
            Sentence.from_json(other["trouble"]) if other["trouble"] else Sentence(),
        )
        for other in decision.others
    ]


@page
@require_safe
def gate_certificate(request: HttpRequest, pk: int) -> HttpResponse:
    """The certificate as a file: `manage.py certificate verify FILE` checks it."""
    decisions = visible_decisions(person(request)).exclude(certificate_hash="")
    decision = get_object_or_404(decisions.select_related("gate__campaign", "run__snapshot", "version", "by"), pk=pk)
    response = HttpResponse(certificate_file(decision), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="gate-decision-{decision.pk}.json"'
    return response
