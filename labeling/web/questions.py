"""The questions of a campaign's annotators, for its leads: read, answered, published and closed."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from common.errors import DomainError, NotAllowed, NotFound
from common.numbers import whole_number
from labeling.access import QuestionNotFound, get_faq_entry, get_led_campaign, get_question
from labeling.actions.faq import withdraw_entry
from labeling.actions.questions import answer_question, close_question
from labeling.judging.presentation import present_pair
from labeling.models import Campaign, Comparison, Question, User
from labeling.queries.names import name_for_leads
from labeling.queries.questions import earlier_answers, filtered_questions
from labeling.web.edge import act, form_of, page, person, refuse
from labeling.web.question_forms import AnswerForm

QUESTIONS_SHOWN = 10
Status = Question.Status


@dataclass(frozen=True, slots=True)
class QuestionEntry:
    """A question as its page shows it: with the pair as the asker saw it, earlier answers, and the answer's form."""

    question: Question
    comparison: Comparison
    asker: str
    pair: dict[str, Any]
    earlier: list[Question]
    form: AnswerForm

    @property
    def is_gold(self) -> bool:
        return self.comparison.status == Comparison.Status.GOLD


@page
@require_http_methods(["GET", "HEAD", "POST"])
def questions(request: HttpRequest, slug: str) -> HttpResponse:
    """Lists the questions of one status; a POST answers or closes one. `from`: the first question of this page."""
    user = person(request)
    campaign = get_led_campaign(user, slug)
    refused: AnswerForm | None = None
    if request.method == "POST":
        question = _question(user, campaign, request)
        refused = AnswerForm(request.POST, question=question)
        if _decide(request, question, refused):
            return redirect("questions", slug=slug)
    status = request.GET.get("status", "")
    status = status if status in Status.values else Status.OPEN
    rows = filtered_questions(campaign, status=None if refused else status)
    found, older = _one_page(request, rows, status)
    if refused:
        found, older = list(rows.filter(pk=refused.question.pk)), ""
    context = {
        "campaign": campaign,
        "entries": _entries(found, campaign, refused),
        "status": status,
        "statuses": Status.choices,
        "older": older,
        "is_lead": True,
        "tab": "questions",
    }
    return render(request, "labeling/questions.html", context)


@page
@form_of("questions", "slug")
def faq_withdraw(request: HttpRequest, slug: str, entry_id: int) -> HttpResponse:
    """Withdraws a published answer."""
    campaign = get_led_campaign(person(request), slug)

    def errand() -> str:
        entry = get_faq_entry(person(request), entry_id)
        withdraw_entry(entry=entry, acting_user=person(request), now=timezone.now())
        return _("The answer is no longer published. Its question keeps it.")

    return act(request, errand, back=reverse("guidelines", args=[campaign.slug]))


def _question(user: User, campaign: Campaign, request: HttpRequest) -> Question:
    question = get_question(user, whole_number(request.POST.get("question", "")) or 0)
    if question.campaign_id != campaign.pk:
        raise QuestionNotFound
    return question


def _decide(request: HttpRequest, question: Question, form: AnswerForm) -> bool:
    """Answers or closes a question, depending on the button; False: the form says why not."""
    user, now = person(request), timezone.now()
    is_closing = request.POST.get("do") == "close"
    if not is_closing and not form.is_valid():
        return False
    try:
        if is_closing:
            close_question(question=question, acting_user=user, now=now)
        else:
            answer_question(question=question, **form.asked(), acting_user=user, now=now)
    except (NotFound, NotAllowed):
        raise
    except DomainError as error:
        form.is_valid()
        refuse(form, error)
        return False
    messages.success(
        request, _("Question closed.") if is_closing else _("Answer sent. The annotator sees it on their pages.")
    )
    return True


def _entries(found: list[Question], campaign: Campaign, refused: AnswerForm | None) -> list[QuestionEntry]:
    earlier = earlier_answers(found)
    return [_entry(one, campaign, refused, earlier[one.pk]) for one in found]


def _entry(
    question: Question, campaign: Campaign, refused: AnswerForm | None, earlier: list[Question]
) -> QuestionEntry:
    comparison = question.assignment.comparison
    is_refused = refused is not None and refused.question.pk == question.pk
    return QuestionEntry(
        question=question,
        comparison=comparison,
        asker=name_for_leads(question.asker, campaign),
        pair=present_pair(comparison, campaign, left=question.assignment.left),
        earlier=earlier,
        form=refused if is_refused and refused else AnswerForm(None, question=question),
    )


def _one_page(request: HttpRequest, rows: QuerySet[Question], status: str) -> tuple[list[Question], str]:
    """The questions of this page, and the query string of the next one (empty on the last).

    Open ones come oldest first, since they wait; the others newest first.
    """
    first = whole_number(request.GET.get("from", ""))
    is_open = status == Status.OPEN
    if first is not None:
        rows = rows.filter(pk__gte=first) if is_open else rows.filter(pk__lte=first)
    found = list(rows.order_by("pk" if is_open else "-pk")[: QUESTIONS_SHOWN + 1])
    if len(found) <= QUESTIONS_SHOWN:
        return found, ""
    return found[:QUESTIONS_SHOWN], f"status={status}&from={found[QUESTIONS_SHOWN].pk}"
