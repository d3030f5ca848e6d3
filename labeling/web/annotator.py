"""One annotator's work in a campaign, for its leads."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from common.errors import Invalid
from labeling.access import get_led_campaign
from labeling.actions.counting import counted_or_coming
from labeling.models import Campaign, User
from labeling.queries.annotator import (
    CHOICES,
    against_verdicts,
    annotator_of,
    commented,
    counts,
    flagged,
    judgments_by_day,
)
from labeling.queries.names import name_for_leads
from labeling.queries.questions import own_questions
from labeling.web.annotator_figures import annotator_figures, part_of
from labeling.web.annotator_tables import ANNOTATOR_TABLES, OfAnnotator
from labeling.web.csv_tables import csv_file
from labeling.web.edge import page, person
from labeling.web.figure_rows import FigureRows

QUESTIONS_SHOWN = 20


@page
@require_safe
def annotator(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Judgments by day, speed, accuracy, agreement, drift, and the words of one annotator.

    name: the user name or the pseudonym; in a pseudonymous campaign only the pseudonym.
    """
    campaign, user = _annotator(request, slug, name)
    against = against_verdicts(campaign, user)
    try:
        counted, is_counting = counted_or_coming(campaign=campaign, part=part_of(user), now=timezone.now())
    except Invalid:  # they have not judged
        counted, is_counting = None, False
    context = {
        "campaign": campaign,
        "annotator": user,
        "name": name_for_leads(user, campaign),
        "membership": campaign.memberships.filter(user=user).first(),
        "counts": counts(campaign, user),
        "figures": FigureRows(annotator_figures(counted, against) if counted else []),
        "counted_at": counted.counts.at if counted else None,
        "is_counting": is_counting,
        "days": _bars(campaign, user),
        "verdicts": list(zip(CHOICES, against.table, strict=True)),
        "choices": CHOICES,
        "against": against,
        "commented": commented(campaign, user),
        "flagged": flagged(campaign, user),
        "questions": own_questions(campaign, user).order_by("-pk")[:QUESTIONS_SHOWN],
        "tab": "people",
    }
    return render(request, "labeling/annotator.html", context)


@page
@require_safe
def annotator_table(request: HttpRequest, slug: str, name: str, table: str) -> StreamingHttpResponse:
    """One table of the same page as CSV."""
    campaign, user = _annotator(request, slug, name)
    if table not in ANNOTATOR_TABLES:
        raise Http404
    return csv_file(f"{campaign.slug}-{user.pseudonym}-{table}", ANNOTATOR_TABLES[table](OfAnnotator(campaign, user)))


def _annotator(request: HttpRequest, slug: str, name: str) -> tuple[Campaign, User]:
    campaign = get_led_campaign(person(request), slug)
    user = annotator_of(campaign, name)
    if user is None:
        raise Http404("There is no such annotator in this campaign.")
    return campaign, user


def _bars(campaign: Campaign, user: User) -> list[dict[str, Any]]:
    """The days with judgments, newest first, each with its part of the busiest day."""
    days = judgments_by_day(campaign, user)
    most = max((number for _day, number in days), default=1)
    return [{"day": day, "number": number, "most": most} for day, number in days]
