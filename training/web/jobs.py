"""Cancelling and resuming jobs."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from labeling.web.edge import act, form_of, page, person
from training.access import visible_generation_jobs, visible_runs
from training.actions.generation import cancel_generation, resume_generation
from training.actions.runs import cancel_run, resume_run
from training.models import GenerationJob, JobStatus, Run

STOPPING = gettext_lazy("It stops after its current step. Finished work stays.")
STOPPED = gettext_lazy("It has been cancelled.")


def _page_of_generation(request: HttpRequest, pk: int) -> str:
    job = get_object_or_404(visible_generation_jobs(person(request)).select_related("campaign"), pk=pk)
    return reverse("campaign", args=[job.campaign.slug])


@page
@form_of(_page_of_generation)
def generation_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancels a generation job."""
    return _on_generation(
        request,
        pk,
        lambda job: _stopping_message(cancel_generation(job=job, acting_user=person(request), now=timezone.now())),
    )


@page
@form_of(_page_of_generation)
def generation_resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Resumes a generation job."""

    def resume(job: GenerationJob) -> str:
        resume_generation(job=job, acting_user=person(request), now=timezone.now())
        return gettext("It continues with the missing pairs.")

    return _on_generation(request, pk, resume)


@page
@form_of("run", "pk")
def run_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancels a run."""

    def cancel(run: Run) -> str:
        return _stopping_message(cancel_run(run=run, acting_user=person(request), now=timezone.now()))

    return _on_run(request, pk, cancel)


@page
@form_of("run", "pk")
def run_resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Resumes a run."""

    def resume(run: Run) -> str:
        resume_run(run=run, acting_user=person(request), now=timezone.now())
        return gettext("It continues from its last checkpoint.")

    return _on_run(request, pk, resume)


def _on_generation(request: HttpRequest, pk: int, change: Callable[[GenerationJob], str]) -> HttpResponse:
    job = get_object_or_404(visible_generation_jobs(person(request)).select_related("campaign"), pk=pk)
    return act(request, lambda: change(job), back=reverse("campaign", args=[job.campaign.slug]))


def _on_run(request: HttpRequest, pk: int, change: Callable[[Run], str]) -> HttpResponse:
    run = get_object_or_404(visible_runs(person(request)).select_related("campaign"), pk=pk)
    return act(request, lambda: change(run), back=reverse("run", args=[pk]))


def _stopping_message(job: GenerationJob | Run) -> str:
    return str(STOPPED if job.status == JobStatus.CANCELLED else STOPPING)
