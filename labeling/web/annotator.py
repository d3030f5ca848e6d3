"""One annotator's work in a campaign, for its leads."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.errors import Invalid
from labeling.access import get_led_campaign
from labeling.models import Campaign, User
from labeling.queries.annotator import (
    CHOICES,
    AgainstVerdicts,
    against_verdicts,
    annotator_of,
    commented,
    counts,
    flagged,
    judgments_by_day,
)
from labeling.queries.names import name_for_leads
from labeling.queries.questions import own_questions
from labeling.queries.slices import Slice
from labeling.queries.statistics import statistics
from labeling.web.edge import page, person
from labeling.web.figure_rows import FigureRow, FigureRows

QUESTIONS_SHOWN = 20


@page
@require_safe
def annotator(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Judgments by day, speed, accuracy, agreement, drift, and the words of one annotator.

    name: the user name or the pseudonym; in a pseudonymous campaign only the pseudonym.
    """
    campaign = get_led_campaign(person(request), slug)
    user = annotator_of(campaign, name)
    if user is None:
        raise Http404("There is no such annotator in this campaign.")
    against = against_verdicts(campaign, user)
    context = {
        "campaign": campaign,
        "annotator": user,
        "name": name_for_leads(user, campaign),
        "membership": campaign.memberships.filter(user=user).first(),
        "counts": counts(campaign, user),
        "figures": FigureRows(_figures(campaign, user, against)),
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


def _figures(campaign: Campaign, user: User, against: AgainstVerdicts) -> list[FigureRow]:
    """The figures of the annotator's judgments; none for a member who has not judged yet."""
    part = Slice(annotator=user.pseudonym, include_simulated=user.is_simulated, include_imported=user.is_outside)
    try:
        found = statistics(campaign, part, now=timezone.now())
    except Invalid:  # a slice is refused where its annotator has not judged
        return []
    median = found.speed.median
    return [
        FigureRow("gold", _("Gold accuracy"), _("Share of gold judged correctly."), found.gold, of="judgment"),
        FigureRow(
            "agreement",
            _("Agreement with others"),
            _("The same answer as another annotator, on comparisons that both judged."),
            found.agreement.percent_with_ties,
        ),
        FigureRow(
            "verdicts",
            _("Agreement with verdicts"),
            _("The same answer as the verdict, to which this annotator contributed."),
            against.agreed,
            of="judgment",
        ),
        FigureRow(
            "change",
            _("Change over time"),
            _("Agreement with verdicts in the later half of the judgments, minus the earlier half."),
            against.change,
            of="judgment",
            scale=(-1.0, 1.0),
        ),
        FigureRow(
            "consistency",
            _("Same choice again"),
            _("When an annotator judges the same comparison again with the sides swapped."),
            found.retests.consistency,
            of="retest",
        ),
        FigureRow(
            "left",
            _("Left preferred"),
            _("Share of preferences for the left side. About half without an effect of the side."),
            found.position,
            of="preference",
        ),
        FigureRow(
            "median",
            _("Median time"),
            _("Half of the judgments took at most this long."),
            median,
            "seconds",
            of="judgment",
            scale=(0.0, 1.1 * max(median.high or 0.0, median.value or 0.0, 1.0)),
        ),
    ]


def _bars(campaign: Campaign, user: User) -> list[dict[str, Any]]:
    """The days with judgments, newest first, each with its part of the busiest day."""
    days = judgments_by_day(campaign, user)
    most = max((number for _day, number in days), default=1)
    return [{"day": day, "number": number, "most": most} for day, number in days]
