"""A campaign's rounds with the plan of the schedule, and the page of one round: its timeline, cost and target."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from common.numbers import whole_number
from common.stamps import stamp_of
from labeling.access import get_led_campaign
from labeling.models import Campaign
from labeling.web.edge import form_of, page, person, stamp_shown, submit
from training.access import visible_rounds
from training.actions.round_plans import plan_as_json, save_round_plan
from training.models import (
    Deployment,
    EvaluationJob,
    GateDecision,
    GenerationJob,
    PeopleGate,
    RetrainingRule,
    Round,
    RoundPlan,
    Run,
    SuiteRun,
)
from training.queries.rehearsals import channel_of
from training.queries.retraining import next_check
from training.queries.round_costs import Cost, cost_of_round, plan_of
from training.queries.round_targets import TargetFigure, target_figure
from training.queries.rounds import Phase, RoundView, rounds_of, view_of, views_of
from training.queries.schedule import budget_used
from training.queries.serving import current_deployment
from training.queries.watching import Watch, watch_of
from training.web.event_labels import WATCHED
from training.web.round_plan_form import RoundPlanForm

LISTED = 20

PHASES: dict[str, str | Promise] = {
    "generate": _("Generate pairs"),
    "label": _("Label"),
    "train": _("Train"),
    "evaluate": _("Evaluate"),
    "gate": _("Gate"),
    "promote": _("Promote"),
    "next": _("Next round"),
}
STATES: dict[str, tuple[str | Promise, str]] = {
    "waiting": (_("Waiting"), "queued"),
    "running": (_("Under way"), "running"),
    "done": (_("Done"), "finished"),
    "failed": (_("Stopped"), "failed"),
    "skipped": (_("Left out"), ""),
}
"""The label of a phase's state, and the state of other things that it is shown like."""
LATER: tuple[str | Promise, str] = (_("Later"), "")
OUTCOMES = {"promoted": "finished", "held_back": "failed", "not_promoted": "conflict", "no_version": "failed"}
RESUMES = {Run: "run_resume", GenerationJob: "generation_resume", EvaluationJob: "evaluation_resume"}


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """A phase on the page. links: its rows, as (text, address). retry: the address of the form that resumes its job."""

    phase: Phase
    label: str
    state: str
    tone: str
    links: list[tuple[str, str]]
    retry: str


@dataclass(frozen=True, slots=True)
class RoundRow:
    """A round in the list. phase: where it is, by its label."""

    round: Round
    tone: str
    label: str
    phase: Phase
    view: RoundView
    cost: Cost


@page
@require_safe
def rounds(request: HttpRequest, slug: str) -> HttpResponse:
    """The rounds of a campaign, newest first, and the plan."""
    return _list(request, get_led_campaign(person(request), slug))


@page
@form_of("rounds", "slug")
def round_plan_save(request: HttpRequest, slug: str) -> HttpResponse:
    """Saves the plan of the rounds."""
    campaign = get_led_campaign(person(request), slug)
    form = RoundPlanForm(request.POST, plan=plan_of(campaign))

    def errand() -> str:
        save_round_plan(
            campaign=campaign,
            values=form.values(),
            acting_user=person(request),
            now=timezone.now(),
            expected=stamp_shown(request),
        )
        return gettext("The plan of the rounds was saved.")

    done = reverse("rounds", args=[slug])
    return submit(request, form, errand, done=done, again=lambda: _list(request, campaign, form))


def _list(request: HttpRequest, campaign: Campaign, form: RoundPlanForm | None = None) -> HttpResponse:
    plan, now = plan_of(campaign), timezone.now()
    before = whole_number(request.GET.get("before", ""))
    listed = rounds_of(campaign) if before is None else rounds_of(campaign).filter(number__lt=before)
    shown = list(listed[: LISTED + 1])
    rule = RetrainingRule.objects.filter(campaign=campaign).select_related("periodic_task__crontab").first()
    context = {
        "campaign": campaign,
        "tab": "rounds",
        "rounds": [_row(view, plan, now) for view in views_of(shown[:LISTED])],
        "older": urlencode({"before": shown[LISTED - 1].number}) if len(shown) > LISTED else "",
        "rule": rule,
        "next_check": next_check(rule, after=now),
        "plan": plan,
        "used": budget_used(plan, now=now),
        "stamp": stamp_of(plan_as_json(plan)),
        "form": form or RoundPlanForm(plan=plan),
    }
    return render(request, "training/rounds.html", context)


def _row(view: RoundView, plan: RoundPlan, now: datetime) -> RoundRow:
    cost = cost_of_round(view.round, view.rows, plan, now=now)
    tone = OUTCOMES.get(view.round.outcome, "running")
    return RoundRow(view.round, tone, str(PHASES[view.current.name]), view.current, view, cost)


@page
@require_safe
def round_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The timeline of a round."""
    one = get_object_or_404(visible_rounds(person(request)).select_related("campaign", "opened_by"), pk=pk)
    view, plan, now = view_of(one), plan_of(one.campaign), timezone.now()
    watch = _watch(view, plan)
    context = {
        "round": one,
        "campaign": one.campaign,
        "tab": "rounds",
        "tone": OUTCOMES.get(one.outcome, "running"),
        "view": view,
        "phases": [_phase_row(phase) for phase in view.phases],
        "cost": cost_of_round(one, view.rows, plan, now=now),
        "plan": plan,
        "target": _target(view, plan),
        "watch": watch,
        "watched": [(WATCHED[figure.name], figure) for figure in watch.figures] if watch else [],
        "neighbours": _neighbours(one),
    }
    return render(request, "training/round.html", context)


def _neighbours(one: Round) -> QuerySet[Round]:
    beside = Round.objects.filter(campaign=one.campaign, number__in=(one.number - 1, one.number + 1))
    return beside.order_by("number")


def _target(view: RoundView, plan: RoundPlan) -> TargetFigure | None:
    return (
        target_figure(view.version, plan.target_by, plan.campaign) if plan.target is not None and view.version else None
    )


def _watch(view: RoundView, plan: RoundPlan) -> Watch | None:
    """The watch over the round's version, while it serves."""
    deployment = current_deployment(channel_of(view.round.campaign))
    if deployment is None or view.version is None or deployment.version_id != view.version.pk:
        return None
    return watch_of(deployment, plan)


def _phase_row(phase: Phase) -> PhaseRow:
    begun = phase.state != "waiting" or phase.reason or phase.things
    state, tone = STATES[phase.state] if begun else LATER
    retry = reverse(RESUMES[type(phase.retry)], args=[phase.retry.pk]) if phase.retry else ""
    links = [_link(thing) for thing in phase.things]
    return PhaseRow(phase, str(PHASES[phase.name]), str(state), tone, links, retry)


def _link(thing: Any) -> tuple[str, str]:
    """A row of a phase by name, and the address of its page."""
    text, address = LINKS[type(thing)]
    return text(thing), address(thing)


Text = Callable[[Any], str]
LINKS: dict[type[Any], tuple[Text, Text]] = {
    GenerationJob: (
        lambda job: gettext("Generation %(number)s") % {"number": job.pk},
        lambda job: reverse("campaign", args=[job.round.campaign.slug]),
    ),
    Run: (lambda run: gettext("Run %(number)s") % {"number": run.pk}, lambda run: reverse("run", args=[run.pk])),
    EvaluationJob: (
        lambda job: gettext("Evaluation %(number)s") % {"number": job.pk},
        lambda job: reverse("evaluation", args=[job.pk]),
    ),
    SuiteRun: (
        lambda run: gettext("Suite run %(number)s") % {"number": run.pk},
        lambda run: reverse("suite_run", args=[run.pk]),
    ),
    GateDecision: (
        lambda decision: gettext("Gate decision %(number)s") % {"number": decision.pk},
        lambda decision: reverse("gate_decision", args=[decision.pk]),
    ),
    PeopleGate: (
        lambda gate: gettext("Gate by people %(number)s") % {"number": gate.pk},
        lambda gate: reverse("people_gate", args=[gate.pk]),
    ),
    Deployment: (
        lambda deployment: deployment.version.name,
        lambda deployment: reverse("version", args=[deployment.version.name]),
    ),
    Round: (
        lambda one: gettext("Round %(number)s") % {"number": one.number},
        lambda one: reverse("round", args=[one.pk]),
    ),
}
