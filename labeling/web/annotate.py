"""The annotator's page. Without JavaScript it is a form that reloads after each judgment; with it nothing reloads."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from common.numbers import whole_number
from common.text.rendering import render_markdown
from labeling.access import get_campaign
from labeling.judging.acts import judge, undo_judgment
from labeling.judging.assignments import next_assignments
from labeling.judging.drafts import JudgmentDraft
from labeling.judging.effects import undo_until
from labeling.judging.presentation import present_assignment
from labeling.models import Campaign, Choice, Flag, Judgment
from labeling.queries.coming import coming_pairs
from labeling.queries.progress import annotator_progress
from labeling.queries.questions import faq_entries, unread_answers
from labeling.web.display import display_of
from labeling.web.edge import act, page, person
from labeling.web.judgment_forms import CRITERION


@page
@require_http_methods(["GET", "HEAD", "POST"])
def annotate(request: HttpRequest, slug: str) -> HttpResponse:
    """Shows the next assignment; a POST is a judgment from the form. Somebody with a step before that is sent there.

    With `kept` it is the page without an assignment, and leases none: the copy that a browser keeps to work offline.
    """
    campaign = get_campaign(person(request), slug)
    if request.method == "POST":
        return _judge(request)
    return _next_page(request, campaign)


@page
@require_POST
def annotate_undo(request: HttpRequest, slug: str) -> HttpResponse:
    """Undoes a judgment from the form."""
    get_campaign(person(request), slug)

    def errand() -> str:
        undo_judgment(assignment=_assignment_id(request), acting_user=person(request), now=timezone.now())
        return _("Judgment undone. Here is the comparison again.")

    return act(request, errand, back=request.path.removesuffix("undo/"))


def _next_page(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    user, now = person(request), timezone.now()
    # A campaign that is not active still has its page, which says why nothing is assigned.
    is_active = campaign.status == Campaign.Status.ACTIVE
    is_kept = "kept" in request.GET
    assignment, progress = None, annotator_progress(campaign, user, now=now)
    if is_active and not is_kept:
        if progress.step is not None:
            return redirect("start", slug=campaign.slug)
        result = next_assignments(campaign=campaign, acting_user=user, now=now)
        assignment, progress = result.next, result.progress
    guidelines = campaign.guideline_versions.order_by("-number").first()
    last = Judgment.objects.filter(annotator=user, campaign=campaign).order_by("-created_at").first()
    context = {
        "campaign": campaign,
        "kept": is_kept,
        "assignment": present_assignment(assignment) if assignment else None,
        "key": uuid.uuid4(),
        "progress": progress.as_dict(),
        "coming": coming_pairs(campaign, now) if is_active else "",
        "guidelines": guidelines,
        "guidelines_html": render_markdown(guidelines.text, breaks=False) if guidelines else "",
        "guidelines_changed": guidelines and last and last.guideline_version_id != guidelines.pk,
        "last_judged": _undoable(last, campaign),
        "flags": Flag.choices,
        "faq_entries": faq_entries(campaign),
        "unread_answers": unread_answers(campaign, user),
        "display": display_of(request),
    }
    return render(request, "labeling/annotate.html", context)


def _judge(request: HttpRequest) -> HttpResponse:
    choice, _, strength = request.POST.get("choice", "").partition(":")

    def errand() -> str:
        draft = JudgmentDraft(
            choice,
            request.POST.get("key", ""),
            strength=whole_number(strength),
            criteria=_criteria(request) if choice != Choice.SKIP else None,
            comment=request.POST.get("comment", ""),
            skip_reason=request.POST.get("skip_reason", "") if choice == Choice.SKIP else "",
            flag=request.POST.get("flag", "") if choice == Choice.SKIP else "",
        )
        judge(assignment=_assignment_id(request), draft=draft, acting_user=person(request), now=timezone.now())
        return ""

    return act(request, errand, back=request.path)


def _assignment_id(request: HttpRequest) -> int:
    identifier = whole_number(request.POST.get("assignment", ""))
    if identifier is None:
        raise Http404("The form names no assignment.")
    return identifier


def _criteria(request: HttpRequest) -> dict[str, str]:
    names = [name for name in request.POST if name.startswith(CRITERION)]
    return {name.removeprefix(CRITERION): str(request.POST[name]) for name in names}


def _undoable(last: Judgment | None, campaign: Campaign) -> int | None:
    """The assignment of an annotator's last judgment in the campaign, if it can still be undone."""
    if last is None or last.superseded_at is not None:
        return None
    until = undo_until(last, campaign)
    return last.assignment_id if until and until > timezone.now() else None
