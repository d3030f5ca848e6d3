"""Promoting a version: the gate's results first, then the button; and measuring it for the gate."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from common.sentences import Sentence
from labeling.access import led_campaigns
from labeling.models import User
from labeling.web.edge import act, form_of, page, page_of_ours, person, submit
from training.access import require_any_lead, visible_people_gates, visible_versions
from training.actions.evaluation import start_evaluation
from training.actions.gate import LONGEST_REASON, promote_through_gate
from training.models import ACTIVE_STATUSES, EvaluationJob, ModelVersion, PeopleGate
from training.queries.gates import Standing, standing
from training.queries.people_gates import reason_of
from training.queries.rehearsals import channel_of_version
from training.queries.serving import current_deployment
from training.web.gates import in_words


class PromoteForm(forms.Form):
    """The reason to promote past a gate that is not met. It is asked for only then."""

    reason = forms.CharField(
        label=gettext_lazy("Why promote it anyway?"),
        help_text=gettext_lazy("Your reason and your name are kept with the decision."),
        max_length=LONGEST_REASON,
        widget=forms.Textarea({"rows": 3}),
    )

    def __init__(self, sent: Any = None, *, stands: Standing | None) -> None:
        super().__init__(sent, auto_id="promote_%s")
        if stands is None or stands.is_met:
            del self.fields["reason"]


@page
@require_http_methods(["GET", "HEAD", "POST"])
def version_promote(request: HttpRequest, name: str) -> HttpResponse:
    """How the version stands before the gates, and the button that promotes it."""
    user = person(request)
    require_any_lead(user)
    version = get_object_or_404(visible_versions(user).select_related("parent", "run__campaign"), name=name)
    stands = standing(version)
    form = PromoteForm(request.POST if request.method == "POST" else None, stands=stands)

    def again() -> HttpResponse:
        back = page_of_ours(request, request.POST.get("back", request.GET.get("back", "")))
        return render(request, "training/promote.html", _context(version, stands, user) | {"form": form, "back": back})

    def errand() -> str:
        reason = form.cleaned_data.get("reason", "")
        shown = request.POST.get("serving", "")
        promote_through_gate(version=version, acting_user=user, now=timezone.now(), reason=reason, expected=shown)
        return _("%(name)s serves now: it writes the next candidates.") % {"name": version.name}

    if request.method == "POST":
        return submit(request, form, errand, done=reverse("version", args=[name]), again=again)
    return again()


def _context(version: ModelVersion, stands: Standing | None, user: User) -> dict[str, Any]:
    deployment = current_deployment(channel_of_version(version))
    return {
        "version": version,
        "serving": deployment.version if deployment else None,
        "stands": stands,
        "results": in_words(stands.own.as_json()["results"]) if stands else [],
        "others": _others(stands, user) if stands else [],
        "people_gate": _people_gate(version, user),
        "measuring": _measuring(version),
        "nav": "versions",
    }


def _measuring(version: ModelVersion) -> EvaluationJob | None:
    """The evaluation under way whose figures the gate will read."""
    jobs = EvaluationJob.objects.filter(version=version, status__in=ACTIVE_STATUSES).defer("report", "parts")
    return next((job for job in jobs.order_by("pk") if job.for_gates), None)


def _people_gate(version: ModelVersion, user: User) -> tuple[PeopleGate, Sentence] | None:
    """The newest gate by people about the version that the person may see, and how it stands."""
    gates = visible_people_gates(user).filter(candidate=version).exclude(status=PeopleGate.Status.CANCELLED)
    gate = gates.select_related("serving", "candidate").order_by("-pk").first()
    return (gate, reason_of(gate)) if gate else None


def _others(stands: Standing, user: User) -> list[tuple[str, list[dict[str, Any]], Sentence]]:
    """Of each other campaign: its name where the person leads it, its gate's results, why it has no say (or empty)."""
    led = set(led_campaigns(user).order_by().values_list("pk", flat=True))
    return [
        (other.campaign.name if other.campaign.pk in led else "", in_words(other.as_json()["results"]), other.trouble)
        for other in stands.others
    ]


@page
@form_of("version_promote", "name")
def version_measure(request: HttpRequest, name: str) -> HttpResponse:
    """Has a worker evaluate the version: its figures are those that gates read."""
    user = person(request)
    require_any_lead(user)
    version = get_object_or_404(visible_versions(user).select_related("run__campaign"), name=name)

    def errand() -> str:
        start_evaluation(version=version, acting_user=user, now=timezone.now())
        return _("%(name)s is being evaluated. Its version page links to the report.") % {"name": name}

    return act(request, errand, back=reverse("version_promote", args=[name]))
