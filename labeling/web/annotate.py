"""The annotator's page. Without JavaScript it is a form that reloads after each judgment; with it nothing reloads."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from common.errors import DomainError, NotAllowed, NotFound
from common.numbers import whole_number
from common.text.rendering import render_markdown
from labeling.access import get_campaign
from labeling.judging.acts import judge, undo_judgment
from labeling.judging.assignments import next_assignments
from labeling.judging.drafts import JudgmentDraft
from labeling.judging.own_judgments import own_judgment
from labeling.judging.presentation import present_assignment
from labeling.models import Campaign, Choice, Flag, GuidelineVersion, Judgment, Membership
from labeling.queries.coming import coming_pairs
from labeling.queries.progress import annotator_progress
from labeling.queries.questions import faq_entries, unread_answers
from labeling.web.display import display_of
from labeling.web.edge import act, form_of, page, person
from labeling.web.judgment_forms import criteria_in


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of the form besides the choice."""

    assignment: int
    comment: str
    criteria: dict[str, str]
    skip_reason: str
    flag: str

    @classmethod
    def of(cls, request: HttpRequest) -> "Typed":
        """From the form. Raises Http404 if it names no assignment."""
        sent = request.POST
        return cls(
            assignment=_assignment_id(request),
            comment=sent.get("comment", "").replace("\r\n", "\n"),  # as browsers send a line break of a form
            criteria=criteria_in(sent),
            skip_reason=sent.get("skip_reason", ""),
            flag=sent.get("flag", ""),
        )


@page
@require_http_methods(["GET", "HEAD", "POST"])
def annotate(request: HttpRequest, slug: str) -> HttpResponse:
    """Shows the next assignment; a POST is a judgment from the form. Somebody with a step before that is sent there.

    With `kept` it is the page without an assignment, and leases none: the copy that a browser keeps to work offline.
    """
    campaign = get_campaign(person(request), slug)
    if request.method == "POST":
        return _judge(request, campaign)
    return _next_page(request, campaign)


@page
@form_of("annotate", "slug")
def annotate_undo(request: HttpRequest, slug: str) -> HttpResponse:
    """Undoes a judgment from the form."""
    get_campaign(person(request), slug)

    def errand() -> str:
        undo_judgment(assignment=_assignment_id(request), acting_user=person(request), now=timezone.now())
        return _("Judgment undone. Here is the comparison again.")

    return act(request, errand, back=request.path.removesuffix("undo/"))


def _next_page(request: HttpRequest, campaign: Campaign, typed: Typed | None = None) -> HttpResponse:
    """The page; typed: what a refused judgment said, for as long as its pair is still the annotator's."""
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
    if typed is not None and (assignment is None or assignment.pk != typed.assignment):
        _return_comment(request, typed)
        typed = None
    guidelines = campaign.guideline_versions.order_by("-number").first()
    judged = Judgment.objects.filter(annotator=user, campaign=campaign).select_related("comparison__verdict")
    last = judged.order_by("-created_at").first()
    context = {
        "campaign": campaign,
        "criteria": [{**one, "answer": typed.criteria.get(one["name"]) if typed else ""} for one in campaign.criteria],
        "typed": typed,
        "kept": is_kept,
        "assignment": present_assignment(assignment) if assignment else None,
        "key": uuid.uuid4(),
        "progress": progress.as_dict(),
        "is_held_up": progress.is_held_up,
        "coming": coming_pairs(campaign, now) if is_active else "",
        "guidelines": guidelines,
        "guidelines_html": render_markdown(guidelines.text, breaks=False) if guidelines else "",
        "guidelines_changed": _have_changed(guidelines, last),
        **_undo(last, campaign),
        "flags": Flag.choices,
        "faq_entries": faq_entries(campaign),
        "unread_answers": unread_answers(campaign, user),
        "display": display_of(request),
    }
    return render(request, "labeling/annotate.html", context)


def _have_changed(guidelines: GuidelineVersion | None, last: Judgment | None) -> bool:
    """Whether the last judgment was made under other guidelines than these, and they were not read since."""
    if guidelines is None or last is None or last.guideline_version_id == guidelines.pk:
        return False
    member = Membership.objects.filter(campaign=last.campaign_id, user=last.annotator_id).only("read_version").first()
    return member is None or member.read_version < guidelines.number


def _judge(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    choice, _, strength = request.POST.get("choice", "").partition(":")
    typed = Typed.of(request)
    draft = JudgmentDraft(
        choice,
        request.POST.get("key", ""),
        strength=whole_number(strength),
        criteria=typed.criteria if choice != Choice.SKIP else None,
        comment=typed.comment,
        skip_reason=typed.skip_reason,
        flag=typed.flag,
    )
    try:
        judge(assignment=typed.assignment, draft=draft, acting_user=person(request), now=timezone.now())
    except (NotFound, NotAllowed):
        raise
    except DomainError as error:
        messages.error(request, error.message)
        return _next_page(request, campaign, typed)
    return redirect(request.path)


def _return_comment(request: HttpRequest, typed: Typed) -> None:
    """The pair went to somebody else: the comment comes back as a message."""
    if typed.comment:
        messages.info(request, gettext("Your comment was: %(comment)s") % {"comment": typed.comment})


def _assignment_id(request: HttpRequest) -> int:
    identifier = whole_number(request.POST.get("assignment", ""))
    if identifier is None:
        raise Http404("The form names no assignment.")
    return identifier


def _undo(last: Judgment | None, campaign: Campaign) -> dict[str, Any]:
    """The assignment of an annotator's last judgment in the campaign, or why that judgment stays."""
    if last is None or last.superseded_at is not None:
        return {"last_judged": None, "undo_refusal": ""}
    why_final = own_judgment(last, campaign, timezone.now()).why_final
    return {"last_judged": None if why_final else last.assignment_id, "undo_refusal": why_final}
