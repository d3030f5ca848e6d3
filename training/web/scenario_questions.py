"""The page on which members answer the questions of suites: one text at a time, by the keys Y, N and C."""

from itertools import islice

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from common.errors import NotFound
from common.numbers import whole_number
from labeling.access import get_campaign, leads, require_member
from labeling.judging.conversations import shown_messages
from labeling.models import Campaign
from labeling.web.edge import act, form_of, page, person
from training.actions.scenario_answers import answer_question, undo_answer
from training.evaluation.suite_questions import OpenQuestion, latest_answer, open_questions
from training.models import ScenarioResult

MOST_COUNTED = 100


@page
@require_http_methods(["GET", "HEAD", "POST"])
def scenario_questions(request: HttpRequest, slug: str) -> HttpResponse:
    """The next open question, and the answer to the one before. The version that wrote the text is not told."""
    user = person(request)
    campaign = get_campaign(user, slug)
    require_member(user, campaign)
    if request.method == "POST":
        return act(request, lambda: _answer(request, campaign), back=reverse("scenario_questions", args=[slug]))
    waiting: list[OpenQuestion] = list(islice(open_questions(campaign, user), MOST_COUNTED))
    question = waiting[0] if waiting else None
    context = {
        "campaign": campaign,
        "question": question,
        "prompt": shown_messages(question.result.given["messages"]) if question else [],
        "waiting": len(waiting),
        "is_more": len(waiting) == MOST_COUNTED,
        "latest": latest_answer(campaign, user),
        "leads": leads(user, campaign),
    }
    return render(request, "training/scenario_questions.html", context)


def _answer(request: HttpRequest, campaign: Campaign) -> str:
    key, number = (whole_number(request.POST.get(name, "")) for name in ("result", "check"))
    results = ScenarioResult.objects.select_related("run__suite_version", "run__campaign")
    result = results.filter(pk=key, run__campaign=campaign).first() if key is not None else None
    if result is None or number is None:
        raise NotFound
    answer = request.POST.get("answer", "")
    answer_question(result=result, check_number=number, answer=answer, acting_user=person(request), now=timezone.now())
    return ""


@page
@form_of("scenario_questions", "slug")
def scenario_answer_undo(request: HttpRequest, slug: str) -> HttpResponse:
    """Takes the person's latest answer back: its question comes again."""
    user = person(request)
    campaign = get_campaign(user, slug)
    require_member(user, campaign)

    def errand() -> str:
        latest = latest_answer(campaign, user)
        if latest is None:
            return _("There is no answer to take back.")
        if str(latest.pk) != request.POST.get("answer"):  # a second click, or a page that was left open
            return _("That answer is not your latest, so nothing was taken back.")
        undo_answer(answer=latest, acting_user=user, now=timezone.now())
        return _("Your latest answer was taken back. Its question comes again.")

    return act(request, errand, back=reverse("scenario_questions", args=[slug]))
