"""A campaign's page for its lead: the loop from candidates through labels and training to the serving version."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.stamps import stamp_of
from labeling.access import get_campaign, get_led_campaign, leads
from labeling.models import Campaign
from labeling.queries.agreement import agreement, has_simulated_annotators, imported_judgments
from labeling.queries.forecast import completion_forecast
from labeling.queries.progress import CampaignProgress, campaign_progress, prompts_apart
from labeling.web.agreement import agreement_rows
from labeling.web.edge import act, form_of, page, person, stamp_shown, submit
from labeling.web.figure_rows import FigureRows
from training.access import visible_people_gates, visible_versions
from training.actions.generation import start_generation
from training.actions.retraining import resume_retraining, rule_as_json, save_retraining_rule
from training.actions.runs import start_run
from training.models import ModelVersion, RetrainingRule, Run
from training.queries.gates import current_gate, demands_people
from training.queries.jobs import diversity, left_out
from training.queries.model_checks import prompt_faults
from training.queries.overview import TrainingOverview, campaign_training_overview
from training.queries.remaining import remaining_seconds
from training.queries.retraining import labels_since, next_check
from training.queries.serving import current_deployment
from training.queries.waiting import Waiting
from training.rehearsal.demo import can_simulate, is_being_written
from training.web.forms import GenerationForm
from training.web.getting_started import checklist
from training.web.retraining_form import RetrainingRuleForm
from training.web.run_form import RunForm
from training.web.training_advice import TrainingAdvice, bias_advice, prompt_advice, queued_sentence, training_advice
from training.web.versions import labels_form

RUNS_LISTED = 10


@page
@require_safe
def campaign(request: HttpRequest, slug: str) -> HttpResponse:
    """The page; annotators are redirected to annotating, and a blind test leads to its gate."""
    campaign = get_campaign(person(request), slug)
    if not leads(person(request), campaign):
        return redirect("annotate", slug=slug)
    if campaign.is_blind_test:
        gate = visible_people_gates(person(request)).filter(blind_test=campaign).first()
        return redirect("people_gate", pk=gate.pk) if gate else redirect("comparisons", slug=slug)
    return _page(request, campaign)


@page
@form_of("campaign", "slug")
def generation_start(request: HttpRequest, slug: str) -> HttpResponse:
    """Starts to generate candidate pairs."""
    campaign = get_led_campaign(person(request), slug)
    form = GenerationForm(request.POST, versions=visible_versions(person(request)))

    def errand() -> str:
        job = start_generation(campaign=campaign, acting_user=person(request), now=timezone.now(), spec=form.spec())
        return _("%(total)s completions are being written. You can leave this page.") % {"total": job.total}

    return _submit(request, campaign, form, errand, "generation_form")


@page
@form_of("campaign", "slug")
def run_start(request: HttpRequest, slug: str) -> HttpResponse:
    """Starts a run on the labels so far."""
    campaign = get_led_campaign(person(request), slug)
    form = RunForm(request.POST, versions=visible_versions(person(request)))

    def errand() -> str:
        run = start_run(campaign=campaign, acting_user=person(request), now=timezone.now(), spec=form.spec())
        return queued_sentence(run)

    return _submit(request, campaign, form, errand, "run_form")


@page
@form_of("campaign", "slug")
def retraining_save(request: HttpRequest, slug: str) -> HttpResponse:
    """Saves the rule of automatic retraining."""
    campaign = get_led_campaign(person(request), slug)
    form = RetrainingRuleForm(request.POST)

    def errand() -> str:
        rule = save_retraining_rule(
            campaign=campaign,
            acting_user=person(request),
            now=timezone.now(),
            expected=stamp_shown(request),
            **form.rule(),
        )
        return _("Automatic retraining is on.") if rule.enabled else _("Automatic retraining is off.")

    return _submit(request, campaign, form, errand, "rule_form")


@page
@form_of("campaign", "slug")
def retraining_resume(request: HttpRequest, slug: str) -> HttpResponse:
    """Ends the pause of automatic retraining."""
    campaign = get_led_campaign(person(request), slug)
    rule = get_object_or_404(RetrainingRule.objects.select_related("campaign"), campaign=campaign)

    def errand() -> str:
        resume_retraining(rule=rule, acting_user=person(request), now=timezone.now())
        return _("Automatic retraining is on again.")

    return act(request, errand, back=reverse("campaign", args=[slug]))


def _submit(request: HttpRequest, campaign: Campaign, form: Form, errand: Callable[[], str], name: str) -> HttpResponse:
    """Submits a form of the page. A refused one replaces the page's own, which the context has as `name`."""
    address = reverse("campaign", args=[campaign.slug])
    return submit(request, form, errand, done=address, again=lambda: _page(request, campaign, **{name: form}))


def _page(request: HttpRequest, campaign: Campaign, **forms: Form) -> HttpResponse:
    """The page; forms: those that were refused, in place of those with the current settings."""
    return render(request, "training/campaign.html", _context(request, campaign) | forms)


def _context(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    user = person(request)
    overview = campaign_training_overview(campaign)
    versions = visible_versions(user).order_by("-pk")
    runs = Run.objects.filter(campaign=campaign).select_related("parent", "snapshot", "version").order_by("-pk")
    now = timezone.now()
    progress, agreement_table = campaign_progress(campaign, now=now), FigureRows(agreement_rows(agreement(campaign)))
    is_known, has_simulated = _is_known(agreement_table), has_simulated_annotators(campaign)
    forecast = completion_forecast(campaign, progress, now=now)
    candidate = _candidate(overview)
    waiting = Waiting(user, now=now)
    advice = training_advice(campaign, overview.preference_pairs)
    return {
        "campaign": campaign,
        "tab": "campaign",
        "tasks": checklist(campaign, progress, overview, advice),
        "progress": progress,
        "prompts_apart": prompts_apart(campaign).count(),
        "forecast": forecast,
        "done_at": now + timedelta(days=forecast.days) if forecast.days is not None else None,
        "agreement": agreement_table,
        "agreement_known": is_known,
        "simulated_agreement": has_simulated and not is_known and _is_known(_agreement_with_simulated(campaign)),
        "can_simulate": can_simulate(campaign) and (progress.open > 0 or is_being_written(campaign)),
        "has_simulated": has_simulated,
        "imported_judgments": 0 if is_known else imported_judgments(campaign),
        "overview": overview,
        "serving": overview.serving,
        "labels_form": labels_form(user, current_deployment()),
        "candidate": candidate,
        "next_step": _next_step(campaign, progress, overview, candidate, advice),
        "job": overview.generation,
        "job_left_out": left_out(overview.generation) if overview.generation else [],
        "job_remaining": remaining_seconds(overview.generation) if overview.generation else None,
        "job_wait": waiting.of(overview.generation),
        "run": overview.run,
        "run_wait": waiting.of(overview.run),
        "runs": runs[:RUNS_LISTED],
        "job_diversity": diversity(overview.generation) if overview.generation else None,
        "generation_form": GenerationForm(versions=versions, serving=overview.serving, last=overview.generation),
        "prompt_advice": prompt_advice(prompt_faults(campaign)),
        "advice": advice,
        "bias_advice": bias_advice(campaign),
        "run_form": RunForm(versions=versions, serving=overview.serving),
        "rule_form": RetrainingRuleForm.of(overview.rule),
        "rule_stamp": stamp_of(rule_as_json(overview.rule)),
        "next_check": next_check(overview.rule, after=now),
        "labels_since": labels_since(overview.rule),
        "promotes_without_people": overview.rule is not None
        and overview.rule.auto_promote
        and not demands_people(current_gate(campaign)),
    }


def _agreement_with_simulated(campaign: Campaign) -> FigureRows:
    return FigureRows(agreement_rows(agreement(campaign, include_simulated=True)))


def _is_known(agreement_table: FigureRows) -> bool:
    return any(row.estimate.comparisons for row in agreement_table.rows)


def _candidate(overview: TrainingOverview) -> ModelVersion | None:
    """The newest version of the loop, if it has never served: a person still has to decide about it."""
    of_loop = (one for one in overview.versions if one.run is None or not one.run.snapshot.group_name)
    newest = next(of_loop, None)
    return None if newest is None or newest.deployments.exists() else newest


def _next_step(
    campaign: Campaign,
    progress: CampaignProgress,
    overview: TrainingOverview,
    candidate: ModelVersion | None,
    advice: TrainingAdvice,
) -> str:
    """The step that moves the loop on; its button is the coloured one. A run that can show nothing is no such step."""
    job, run = overview.generation, overview.run
    if candidate is not None and (candidate.held_out is None or candidate.held_out.is_better):
        return "promote"
    if run is not None and run.is_active:
        return ""
    if not progress.comparisons:
        writing = job is not None and job.is_active
        return "" if writing else "generate" if progress.prompts else "prompts"
    if campaign.status == Campaign.Status.DRAFT:
        return "start"
    if progress.open and campaign.status == Campaign.Status.ACTIVE:
        return "label"
    return "train" if overview.fresh_verdicts and advice.is_recommended else "generate"
