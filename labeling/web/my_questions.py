"""An annotator's questions about pairs: asked, and their answers read."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.errors import DomainError, NotAllowed, NotFound
from common.numbers import whole_number
from labeling.access import AssignmentNotFound, get_assignment, get_campaign
from labeling.actions.questions import ask_question, mark_answers_read
from labeling.judging.presentation import present_pair
from labeling.models import Assignment, Campaign, User
from labeling.queries.questions import own_questions
from labeling.web.edge import page, person, refuse
from labeling.web.question_forms import QuestionForm

QUESTIONS_SHOWN = 30


@page
@require_safe
def my_questions(request: HttpRequest, slug: str) -> HttpResponse:
    """The user's questions, newest first; opening them marks answers as read.

    `before`: the last question of the previous page.
    """
    user = person(request)
    campaign = get_campaign(user, slug)
    rows = own_questions(campaign, user).order_by("-pk")
    before = whole_number(request.GET.get("before", ""))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: QUESTIONS_SHOWN + 1])
    shown = found[:QUESTIONS_SHOWN]
    if request.method == "GET":
        mark_answers_read(campaign=campaign, acting_user=user, now=timezone.now())
    context = {
        "campaign": campaign,
        "questions": shown,
        "older": urlencode({"before": shown[-1].pk}) if len(found) > QUESTIONS_SHOWN else "",
        "room": "my_questions",
    }
    return render(request, "labeling/my_questions.html", context)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, slug: str, assignment_id: int) -> HttpResponse:
    """Asks a lead about a pair that the user holds or held."""
    user = person(request)
    campaign = get_campaign(user, slug)
    assignment = _assignment(user, campaign, assignment_id)
    form = QuestionForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _ask(form, assignment, user):
        return _asked(request, assignment, slug)
    context = {
        "campaign": campaign,
        "assignment": assignment,
        "is_open": assignment.status == Assignment.Status.LEASED,
        "is_judged": assignment.status in (Assignment.Status.JUDGED, Assignment.Status.SKIPPED),
        "pair": present_pair(assignment.comparison, campaign, left=assignment.left),
        "earlier": own_questions(campaign, user).filter(assignment=assignment).order_by("-pk"),
        "form": form,
        "room": "my_questions",
    }
    return render(request, "labeling/ask.html", context)


def _assignment(user: User, campaign: Campaign, assignment_id: int) -> Assignment:
    assignment = get_assignment(user, assignment_id)
    if assignment.campaign_id != campaign.pk:
        raise AssignmentNotFound
    return assignment


def _ask(form: QuestionForm, assignment: Assignment, user: User) -> bool:
    """Asks the question; False: the form says why not, and keeps what was typed."""
    try:
        ask_question(assignment=assignment, text=form.cleaned_data["text"], acting_user=user, now=timezone.now())
    except (NotFound, NotAllowed):
        raise
    except DomainError as error:
        refuse(form, error)
        return False
    return True


def _asked(request: HttpRequest, assignment: Assignment, slug: str) -> HttpResponse:
    if assignment.status != Assignment.Status.LEASED:
        messages.success(request, _("Question sent. The answer appears here."))
        return redirect("my_questions", slug=slug)
    text = (
        _("Question sent. Judge the pair anyway, or skip it: it comes back once the question is answered.")
        if assignment.campaign.allow_skip
        else _("Question sent. You can judge the pair anyway.")
    )
    messages.success(request, text)
    return redirect("annotate", slug=slug)
