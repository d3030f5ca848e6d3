"""An annotator's own judgments in a campaign: paged, searched, opened and changed."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.errors import DomainError, NotAllowed, NotFound
from common.numbers import whole_number
from labeling.access import get_campaign
from labeling.judging.acts import change_judgment
from labeling.judging.own_judgments import OwnJudgment, own_judgment
from labeling.judging.presentation import present_pair
from labeling.models import Assignment, Campaign, Judgment, User
from labeling.queries.own_judgments import earlier_versions, older_than, own_judgments
from labeling.web.edge import page, person, refuse, unless_refused
from labeling.web.judgment_forms import JudgmentForm, OwnJudgmentFilterForm, initial_of

JUDGMENTS_SHOWN = 30


@page
@require_safe
def my_judgments(request: HttpRequest, slug: str) -> HttpResponse:
    """The user's judgments, newest first, filtered by the form. `before`: the last judgment of the previous page."""
    user = person(request)
    campaign = get_campaign(user, slug)
    form = OwnJudgmentFilterForm(request.GET or None)
    filtered = unless_refused(form, own_judgments(campaign, user, **(form.asked() if form.is_valid() else {})))
    rows, older = _one_page(request, campaign, user, filtered)
    now = timezone.now()
    context = {
        "campaign": campaign,
        "form": form,
        "judgments": [own_judgment(row, campaign, now) for row in rows],
        "older": older,
        "is_filtered": any(request.GET.get(name) for name in form.fields),
        "room": "my_judgments",
    }
    return render(request, "labeling/my_judgments.html", context)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def my_judgment(request: HttpRequest, slug: str, assignment_id: int) -> HttpResponse:
    """One judgment with both texts as they were displayed; a POST changes it while the campaign allows that."""
    user, now = person(request), timezone.now()
    campaign = get_campaign(user, slug)
    if _is_open(user, campaign, assignment_id):
        return redirect("annotate", slug=slug)
    judgment = get_object_or_404(own_judgments(campaign, user), assignment=assignment_id)
    own = own_judgment(judgment, campaign, now)
    form = JudgmentForm(request.POST or None, campaign=campaign, initial=initial_of(own) | {"key": uuid.uuid4()})
    if request.method == "POST" and form.is_valid() and _change(form, own, user):
        messages.success(request, " ".join([_("Judgment changed."), form.leaves_out()]).strip())
        return redirect("my_judgment", slug=slug, assignment_id=assignment_id)
    context = {
        "campaign": campaign,
        "own": own,
        "pair": present_pair(judgment.comparison, campaign, left=judgment.left),
        "form": form,
        "earlier": [own_judgment(one, campaign, now) for one in _with_pair(earlier_versions(judgment), judgment)],
        "room": "my_judgments",
    }
    return render(request, "labeling/my_judgment.html", context)


def _change(form: JudgmentForm, own: OwnJudgment, user: User) -> bool:
    """Changes the judgment; False: the form says why not, and keeps what was typed."""
    judgment = own.judgment
    try:
        draft = form.draft(judgment.seconds)
        change_judgment(assignment=judgment.assignment_id, draft=draft, acting_user=user, now=timezone.now())
    except (NotFound, NotAllowed):
        raise
    except DomainError as error:
        refuse(form, error)
        return False
    return True


def _is_open(user: User, campaign: Campaign, assignment_id: int) -> bool:
    """Whether the assignment is to be judged: it was taken back, and is on the judging page now."""
    leased = Assignment.objects.filter(pk=assignment_id, annotator=user, status=Assignment.Status.LEASED)
    return leased.filter(campaign=campaign).exists()


def _with_pair(versions: list[Judgment], judgment: Judgment) -> list[Judgment]:
    for version in versions:
        version.comparison, version.assignment = judgment.comparison, judgment.assignment
    return versions


def _one_page(
    request: HttpRequest, campaign: Campaign, user: User, filtered: QuerySet[Judgment]
) -> tuple[list[Judgment], str]:
    """The judgments older than `before`, and the query string of the next page (empty on the last one)."""
    before = whole_number(request.GET.get("before", ""))
    if before is not None:
        last = Judgment.objects.filter(pk=before, campaign=campaign, annotator=user).first()
        filtered = older_than(filtered, last) if last else filtered
    rows = list(filtered[: JUDGMENTS_SHOWN + 1])
    if len(rows) <= JUDGMENTS_SHOWN:
        return rows, ""
    asked: dict[str, Any] = {name: value for name, value in request.GET.items() if name != "before" and value}
    return rows[:JUDGMENTS_SHOWN], urlencode(asked | {"before": rows[JUDGMENTS_SHOWN - 1].pk})
