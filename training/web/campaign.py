"""The lead's page of a campaign: the loop, from candidates through labels and training to what serves."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from labeling.access import get_campaign, get_led_campaign, leads
from labeling.models import Campaign
from labeling.queries.agreement import agreement, has_simulated_annotators
from labeling.queries.forecast import completion_forecast
from labeling.queries.progress import CampaignProgress, campaign_progress
from labeling.web.agreement import agreement_rows
from labeling.web.edge import act, page, person
from training.access import visible_versions
from training.actions.generation import start_generation
from training.actions.retraining import save_retraining_rule
from training.actions.runs import start_run
from training.models import ModelVersion, Run
from training.queries.jobs import diversity, left_out, remaining_seconds
from training.queries.overview import TrainingOverview, campaign_training_overview
from training.web.forms import GenerationForm, RetrainingRuleForm, RunForm

RUNS_SHOWN = 10


@page
@require_safe
def campaign(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything a lead wants to see at a glance; annotators are shown what they come for."""
    found = get_campaign(person(request), slug)
    if not leads(person(request), found):
        return redirect("annotate", slug=slug)
    return render(request, "training/campaign.html", _context(request, found))


@page
@require_POST
def generation_start(request: HttpRequest, slug: str) -> HttpResponse:
    """Lets a version write candidate pairs."""
    found = get_led_campaign(person(request), slug)
    form = GenerationForm(request.POST, versions=visible_versions(person(request)))

    def errand() -> str:
        job = start_generation(campaign=found, acting_user=person(request), now=timezone.now(), spec=form.spec())
        return _("%(total)s completions are being written. You can leave this page.") % {"total": job.total}

    return _act_on(request, found, form, errand)


@page
@require_POST
def run_start(request: HttpRequest, slug: str) -> HttpResponse:
    """Trains on what the annotators have said so far."""
    found = get_led_campaign(person(request), slug)
    form = RunForm(request.POST, versions=visible_versions(person(request)))

    def errand() -> str:
        run = start_run(campaign=found, acting_user=person(request), now=timezone.now(), spec=form.spec())
        return _("Run %(number)s is on its way: %(pairs)s pairs to train on. You can leave this page.") % {
            "number": run.pk,
            "pairs": run.snapshot.train_pairs,
        }

    return _act_on(request, found, form, errand)


@page
@require_POST
def retraining_save(request: HttpRequest, slug: str) -> HttpResponse:
    """Keeps when the campaign retrains by itself."""
    found = get_led_campaign(person(request), slug)
    form = RetrainingRuleForm(request.POST)

    def errand() -> str:
        rule = save_retraining_rule(
            campaign=found, acting_user=person(request), now=timezone.now(), **form.cleaned_data
        )
        return (
            _("It retrains by itself from now on.") if rule.enabled else _("It retrains only when somebody starts it.")
        )

    return _act_on(request, found, form, errand)


def _act_on(request: HttpRequest, found: Campaign, form: Any, errand: Any) -> HttpResponse:
    """Runs the action of a form that makes sense, else says what is wrong with it."""
    back = reverse("campaign", args=[found.slug])
    if form.is_valid():
        return act(request, errand, back=back)
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        messages.error(request, f"{label}: {' '.join(errors)}" if label else " ".join(errors))
    return redirect(back)


def _context(request: HttpRequest, found: Campaign) -> dict[str, Any]:
    user = person(request)
    overview = campaign_training_overview(found)
    versions = visible_versions(user).order_by("-pk")
    runs = Run.objects.filter(campaign=found).select_related("parent", "snapshot", "version").order_by("-pk")
    now = timezone.now()
    progress, agreed = campaign_progress(found, now=now), agreement_rows(agreement(found))
    foreseen = completion_forecast(found, progress, now=now)
    candidate = _candidate(overview)
    return {
        "campaign": found,
        "tab": "campaign",
        "is_member": found.memberships.filter(user=user).exists(),
        "progress": progress,
        "forecast": foreseen,
        "done_at": now + timedelta(days=foreseen.days) if foreseen.days is not None else None,
        "agreement": agreed,
        "agreement_known": any(row.estimate.comparisons for row in agreed),
        "has_simulated": has_simulated_annotators(found),
        "overview": overview,
        "serving": overview.serving,
        "candidate": candidate,
        "next_step": _next_step(found, progress, overview, candidate),
        "job": overview.generation,
        "job_left_out": left_out(overview.generation) if overview.generation else [],
        "job_remaining": remaining_seconds(overview.generation) if overview.generation else None,
        "run": overview.run,
        "runs": runs[:RUNS_SHOWN],
        "job_diversity": diversity(overview.generation) if overview.generation else None,
        "generation_form": GenerationForm(versions=versions, serving=overview.serving, last=overview.generation),
        "run_form": RunForm(versions=versions, serving=overview.serving),
        "rule_form": RetrainingRuleForm.of(overview.rule),
    }


def _candidate(overview: TrainingOverview) -> ModelVersion | None:
    """The newest version of the campaign, unless it serves or has served: then somebody has decided about it."""
    newest = overview.versions[0] if overview.versions else None
    return None if newest is None or newest.deployments.exists() else newest


def _next_step(
    found: Campaign, progress: CampaignProgress, overview: TrainingOverview, candidate: ModelVersion | None
) -> str:
    """The one thing that moves the loop on: it gets the only coloured button."""
    job, run = overview.generation, overview.run
    if candidate is not None:
        return "promote"
    if run is not None and run.is_active:
        return ""
    if not progress.comparisons:
        writing = job is not None and job.is_active
        return "" if writing else "generate" if progress.prompts else "prompts"
    if found.status == Campaign.Status.DRAFT:
        return "start"
    if progress.open and found.status == Campaign.Status.ACTIVE:
        return "label"
    return "train" if overview.fresh_verdicts else "generate"
