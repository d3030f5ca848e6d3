"""The page of an evaluation, its file, two of them side by side; cancelling and resuming it."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.numbers import whole_number
from labeling.access import led_campaigns
from labeling.models import User
from labeling.web.edge import act, form_of, page, person
from training.access import require_any_lead, visible_evaluations
from training.actions.jobs import cancel_job, resume_job
from training.models import EvaluationJob, JobStatus, report_file
from training.queries.waiting import Waiting
from training.web.evaluation_sections import Row, section_views

OFFERED = 20
STATES = {"better": "finished", "worse": "failed", "unknown": "conflict"}
"""The colour of each finding: that of a chip's state."""

Section = tuple[str, str, list[tuple[str, list[tuple[EvaluationJob, Row | None]]]]]
"""Of two reports: its name, its title, and its rows: the figure's name, and what each report has for it."""


@page
@require_safe
def evaluation(request: HttpRequest, pk: int) -> HttpResponse:
    """The report, or how far it is."""
    user = person(request)
    job = _found(request, pk)
    report = job.report
    samples = job.section("samples") or {}
    others = visible_evaluations(user).filter(status=JobStatus.FINISHED).exclude(pk=job.pk).select_related("version")
    context = {
        "job": job,
        "wait": Waiting(user, now=timezone.now()).of(job),
        "views": section_views(report, _led(user)) if report else [],
        "texts": samples.get("texts", []),
        "against": samples.get("against", ""),
        "state": STATES.get(job.finding, ""),
        "others": others.defer("report", "parts").order_by("-pk")[:OFFERED],
        "nav": "versions",
    }
    return render(request, "training/evaluation.html", context)


def _led(user: User) -> dict[int, str]:
    """The names of the campaigns that a person leads: of others, figures are shown without a name."""
    return dict(led_campaigns(user).order_by().values_list("pk", "name"))


def _found(request: HttpRequest, pk: int) -> EvaluationJob:
    related = ("version__parent", "compared", "campaign")
    return get_object_or_404(visible_evaluations(person(request)).select_related(*related).defer("parts"), pk=pk)


@page
@require_safe
def evaluation_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The report as a file: `manage.py evaluate --verify FILE` reads it."""
    job = _found(request, pk)
    if job.report is None:
        raise Http404
    response = HttpResponse(report_file(job), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="evaluation-{job.pk}-{job.version.name}.json"'
    return response


@page
@require_safe
def compare_evaluations(request: HttpRequest) -> HttpResponse:
    """Two reports side by side. `one` and `other` name them; the default are the newest two."""
    user = person(request)
    require_any_lead(user)
    finished = visible_evaluations(user).filter(status=JobStatus.FINISHED).select_related("version", "compared")
    offered = list(finished.defer("parts").order_by("-pk")[:OFFERED])
    named = [whole_number(request.GET.get(name, "")) for name in ("one", "other")]
    jobs = [get_object_or_404(finished, pk=number) for number in named if number is not None]
    jobs = jobs if len(jobs) == 2 else sorted(offered[:2], key=lambda job: job.pk)
    context = {
        "jobs": [(job, STATES.get(job.finding, "")) for job in jobs],
        "offered": list({job.pk: job for job in [*offered, *jobs]}.values()),
        "chosen": [job.pk for job in jobs],
        "sections": _side_by_side(jobs, _led(user)),
        "same_pairs": len({(job.report or {}).get("snapshot") for job in jobs}) < 2,
        "nav": "versions",
    }
    return render(request, "training/compare_evaluations.html", context)


def _side_by_side(jobs: list[EvaluationJob], led: Mapping[int, str]) -> list[Section]:
    """The sections that either report has."""
    views = [{view.name: view for view in section_views(job.report or {"sections": []}, led)} for job in jobs]
    titles = {name: view.title for each in views for name, view in each.items()}
    sections = []
    for name, title in titles.items():
        columns = [{row.key: row for row in each[name].rows} if name in each else {} for each in views]
        names = {key: row.name for column in reversed(columns) for key, row in column.items()}
        labels = {"accuracy": _("Held-out accuracy"), "parent_accuracy": _("Its parent's accuracy")}
        rows = []
        for key, label in names.items():
            figures = [(job, column.get(key)) for job, column in zip(jobs, columns, strict=True)]
            rows.append((labels.get(key, label), figures))
        sections.append((name, title, rows))
    return sections


@page
@form_of("evaluation", "pk")
def evaluation_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancels an evaluation."""

    def cancel(job: EvaluationJob) -> str:
        cancel_job(job=job, acting_user=person(request), now=timezone.now())
        return _("It stops after its current step. Finished parts stay.")

    return _on(request, pk, cancel)


@page
@form_of("evaluation", "pk")
def evaluation_resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Resumes an evaluation."""

    def resume(job: EvaluationJob) -> str:
        resume_job(job=job, acting_user=person(request), now=timezone.now())
        return _("It continues with the missing parts.")

    return _on(request, pk, resume)


def _on(request: HttpRequest, pk: int, change: Callable[[EvaluationJob], Any]) -> HttpResponse:
    job = _found(request, pk)
    return act(request, lambda: change(job), back=reverse("evaluation", args=[pk]))
