"""The lab: training on preferences by hand, in numbers, and on a real model."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.numbers import whole_number
from labeling.web.edge import act, attempt, form_of, page, person
from training.access import own_lab_sessions
from training.actions.lab import ask_for_steps, end_lab, lab_version, start_lab
from training.errors import NothingServes
from training.lens.figures import figures
from training.lens.lessons import LESSONS
from training.models import JobStatus, LabSession
from training.queries.waiting import Waiting
from training.web.lab_form import LabForm
from training.web.lab_texts import bar_end, side_mean, sides_at, text_rows
from training.web.walk_through import BETA, walk_through

SESSIONS_LISTED = 6


@page
@require_safe
def lab(request: HttpRequest) -> HttpResponse:
    """An experiment, the calculator and the six steps: the person's newest, or the one that `session` names."""
    return _page(request)


def _page(request: HttpRequest, refused: LabForm | None = None) -> HttpResponse:
    """The page; refused: the form as it was sent, in place of one with a lesson."""
    user = person(request)
    named = whole_number(request.GET.get("session", ""))
    sessions = own_lab_sessions(user).select_related("version")
    newest = sessions.order_by("-pk").first()
    session = newest if named is None else get_object_or_404(sessions, pk=named)
    lesson = next((one for one in LESSONS if one.key == request.GET.get("lesson")), LESSONS[0])
    context: dict[str, Any] = {
        "calculator": figures(0.4, -0.2, BETA),  # about those of the six steps
        "beta": BETA,
        "walk": walk_through(),
        "lessons": LESSONS,
        "lesson": lesson,
        "shows_settings": lesson.key == "displacement",
        "form": refused or LabForm.of(lesson),
        "model": _model(),
        "session": session,
        "earlier": sessions.exclude(pk=session.pk).order_by("-pk")[:SESSIONS_LISTED] if session else [],
        "nav": "lab",
    }
    if session is not None:
        context |= _experiment_context(session)
    return render(request, "training/lab.html", context)


@page
@form_of("lab")
def lab_start(request: HttpRequest) -> HttpResponse:
    """Starts an experiment."""
    form = LabForm(request.POST)
    session = attempt(
        form,
        lambda: start_lab(
            experiment=form.experiment(),
            steps=form.cleaned_data["steps"],
            acting_user=person(request),
            now=timezone.now(),
        ),
    )
    if session is None:
        return _page(request, form)
    return redirect(f"{reverse('lab')}?session={session.pk}#experiment")


@page
@form_of("lab")
def lab_steps(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks for more steps."""
    session = get_object_or_404(own_lab_sessions(person(request)), pk=pk)
    steps = whole_number(request.POST.get("steps", "1")) or 0

    def errand() -> str:
        ask_for_steps(session=session, steps=steps, acting_user=person(request), now=timezone.now())
        return ""

    return act(request, errand, back=f"{reverse('lab')}?session={pk}#experiment")


@page
@form_of("lab")
def lab_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Ends an experiment."""
    session = get_object_or_404(own_lab_sessions(person(request)), pk=pk)

    def errand() -> str:
        end_lab(session=session, acting_user=person(request), now=timezone.now())
        return _("The experiment has ended. Its figures stay.")

    return act(request, errand, back=f"{reverse('lab')}?session={pk}#experiment")


def _model() -> str:
    try:
        return lab_version().name
    except NothingServes:
        return ""


def _experiment_context(session: LabSession) -> dict[str, Any]:
    """The experiment's part of the page, without JavaScript; the script draws the same from the API."""
    texts, last = session.lesson, session.points[-1] if session.points else None
    wait = Waiting(session.created_by, now=timezone.now()).of(session)
    return {
        "wait": wait,
        "can_step": session.status in (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.FINISHED)
        and session.total < LabSession.MOST_STEPS,
        "rows": text_rows(texts, last),
        "bar_end": bar_end([side_mean(side) for point in session.points for side in sides_at(texts, point)]),
        "last": last,
        "last_wrote": session.wrote[-1] if session.wrote else None,
        "probability": figures(last["margin"], 0.0, 1.0).probability if last else None,
        "state": {
            "id": session.pk,
            "status": session.status,
            "done": session.done,
            "total": session.total,
            "points": session.points,
            "wrote": session.wrote,
            "lesson": texts,
            "config": session.config,
            "error": session.error,
            "waits_for": wait.as_dict() if wait else None,
        },
    }
