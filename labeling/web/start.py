"""The steps of an annotator before anything is assigned: the guidelines, the practice round, the qualification."""

from typing import Any, NamedTuple

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from common.errors import DomainError, NotAllowed, NotFound
from common.numbers import whole_number
from common.text.rendering import render_markdown
from labeling.access import get_campaign
from labeling.actions.onboarding import answer_practice, next_pair, read_guidelines, start_round
from labeling.judging.drafts import as_displayed, criteria_as_displayed
from labeling.judging.presentation import present_pair
from labeling.models import LEADING, Campaign, PracticeAnswer, PracticePair, PracticeRound, User
from labeling.queries.conflicts import STRENGTHS
from labeling.queries.standing import Standing, Step, open_round, standing_of
from labeling.web.display import display_of
from labeling.web.edge import act, form_of, page, person
from labeling.web.judgment_forms import criteria_in

Use = PracticePair.Use
NAMES: dict[str, str | Promise] = {
    Step.READ: gettext_lazy("Guidelines"),
    Step.PRACTISE: gettext_lazy("Practice"),
    Step.QUALIFY: gettext_lazy("Qualification"),
    "judge": gettext_lazy("Judging"),
}


class Stop(NamedTuple):
    """A step on the way to the first judgment, as the page shows it. state: done, current or ahead."""

    name: str | Promise
    state: str


class Detail(NamedTuple):
    """A question besides the choice. own, known: the answers as displayed; empty: none was given, or none is known."""

    name: str
    own: str
    known: str


@page
@require_safe
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """The annotator's next step. Annotators who have taken all steps go on to the page where they judge."""
    return _next_page(request, slug)


def _next_page(request: HttpRequest, slug: str) -> HttpResponse:
    user = person(request)
    campaign, standing = _standing(user, slug)
    if standing.step == Step.READ:
        return _read_page(request, campaign, standing)
    if (round_ := open_round(standing.member)) is not None:
        pair = next_pair(round_=round_, acting_user=user, now=timezone.now())
        if pair is None:
            return redirect("start", slug=slug)
        return render(request, "labeling/practice_pair.html", _pair_context(request, campaign, round_, pair))
    if standing.step is None:
        return redirect("annotate", slug=slug)
    return render(request, "labeling/start.html", _context(campaign, standing))


@page
@form_of("start", "slug")
def start_read(request: HttpRequest, slug: str) -> HttpResponse:
    """Records that the guidelines were read."""
    campaign = get_campaign(person(request), slug)
    number = whole_number(request.POST.get("version", "")) or 0

    def errand() -> str:
        read_guidelines(campaign=campaign, number=number, acting_user=person(request), now=timezone.now())
        return ""

    return act(request, errand, back=reverse("start", args=[slug]))


@page
@form_of("start", "slug")
def start_practice(request: HttpRequest, slug: str) -> HttpResponse:
    """Starts a practice round, or an attempt to qualify, depending on the button."""
    campaign = get_campaign(person(request), slug)
    use = request.POST.get("use", Use.PRACTICE)

    def errand() -> str:
        start_round(campaign=campaign, use=use, acting_user=person(request), now=timezone.now())
        return ""

    return act(request, errand, back=reverse("start", args=[slug]))


@page
@form_of("start", "slug")
def start_answer(request: HttpRequest, slug: str) -> HttpResponse:
    """Answers a pair. After a pair of practice comes the feedback, after a round its result."""
    get_campaign(person(request), slug)
    identifier = whole_number(request.POST.get("answer", ""))
    if identifier is None:
        raise Http404("The form names no pair.")
    choice, _colon, strength = request.POST.get("choice", "").partition(":")
    try:
        answer = answer_practice(
            answer=identifier,
            choice=choice,
            strength=whole_number(strength),
            criteria=criteria_in(request.POST),
            acting_user=person(request),
            now=timezone.now(),
        )
    except (NotFound, NotAllowed):
        raise
    except DomainError as error:
        messages.error(request, error.message)
        return _next_page(request, slug)
    if answer.round.use == Use.PRACTICE:
        return redirect("start_feedback", slug, answer.pk)
    if answer.round.finished_at is not None:
        return redirect("start_result", slug, answer.round_id)
    return redirect("start", slug)


@page
@require_safe
def start_feedback(request: HttpRequest, slug: str, answer_id: int) -> HttpResponse:
    """A pair of practice after its answer: whether it was right, the known answer and the lead's explanation."""
    user = person(request)
    campaign, _standing_now = _standing(user, slug)
    answers = PracticeAnswer.objects.select_related(
        "round", "comparison__practice", "comparison__prompt", "comparison__completion_a", "comparison__completion_b"
    )
    own = answers.filter(annotator=user, round__campaign=campaign, round__use=Use.PRACTICE).exclude(choice="")
    answer = get_object_or_404(own.filter(comparison__practice__isnull=False), pk=answer_id)
    known = answer.comparison.practice
    is_last = answer.round.finished_at is not None
    context = _pair_context(request, campaign, answer.round, answer) | {
        "chosen": as_displayed(answer.choice, answer.left),
        "known": as_displayed(known.winner, answer.left),
        "is_right": answer.choice == known.winner,
        "details": _details(campaign, answer),
        "explanation": render_markdown(known.explanation, breaks=False) if known.explanation else "",
        "next": reverse("start_result", args=[slug, answer.round_id]) if is_last else reverse("start", args=[slug]),
        "is_last": is_last,
        "before": answer.position,
    }
    return render(request, "labeling/practice_feedback.html", context)


@page
@require_safe
def start_result(request: HttpRequest, slug: str, round_id: int) -> HttpResponse:
    """The result of a finished round, and what comes next."""
    campaign, standing = _standing(person(request), slug)
    own = PracticeRound.objects.filter(campaign=campaign, annotator=person(request)).exclude(finished_at=None)
    round_ = get_object_or_404(own, pk=round_id)
    return render(request, "labeling/start.html", _context(campaign, standing) | {"round": round_})


def _details(campaign: Campaign, answer: PracticeAnswer) -> list[Detail]:
    """The strength and the criteria of an answer, each with the known one."""
    pair, left = answer.comparison.practice, answer.left
    own, known = (criteria_as_displayed(one.criteria, left) for one in (answer, pair))
    names = [one["name"] for one in campaign.criteria]
    details = [Detail(name, own.get(name, ""), known.get(name, "")) for name in names]
    if campaign.scale == Campaign.Scale.STRENGTH:
        strengths = (str(STRENGTHS.get(one.strength or 0, "")) for one in (answer, pair))
        details.insert(0, Detail(_("How much better?"), *strengths))
    return [one for one in details if one.own or one.known]


def _standing(user: User, slug: str) -> tuple[Campaign, Standing]:
    """Raises CampaignNotFound, and NotAllowed for an admin who is not a member."""
    campaign = get_campaign(user, slug)
    standing = standing_of(campaign, user)
    if standing is None:
        raise NotAllowed(_("Only members can judge. Add yourself to the campaign first."))
    return campaign, standing


def _context(campaign: Campaign, standing: Standing) -> dict[str, Any]:
    leads = campaign.memberships.filter(LEADING).order_by("user__username")
    return {
        "campaign": campaign,
        "standing": standing,
        "stops": _stops(campaign, standing.step),
        "leads": list(leads.values_list("user__username", flat=True)),
    }


def _stops(campaign: Campaign, step: Step | None) -> list[Stop]:
    """The way to the first judgment in this campaign, with the place where the annotator stands."""
    wanted = {
        Step.READ: campaign.guidelines_first and campaign.read_from,
        Step.PRACTISE: campaign.practice_pairs,
        Step.QUALIFY: campaign.qualification_pairs,
    }
    names = [*(one.value for one in Step if wanted[one] or one == step), "judge"]
    here = names.index(step or "judge")
    states = ["done"] * here + ["current"] + ["ahead"] * (len(names) - here - 1)
    return [Stop(NAMES[name], state) for name, state in zip(names, states, strict=True)]


def _read_page(request: HttpRequest, campaign: Campaign, standing: Standing) -> HttpResponse:
    version = campaign.guideline_versions.get(number=standing.newest)
    context = _context(campaign, standing) | {
        "version": version,
        "html": render_markdown(version.text, breaks=False),
        "has_read_earlier": standing.member.read_version > 0,
    }
    return render(request, "labeling/start.html", context)


def _pair_context(
    request: HttpRequest, campaign: Campaign, round_: PracticeRound, pair: PracticeAnswer
) -> dict[str, Any]:
    guidelines = campaign.guideline_versions.order_by("-number").first()
    # An answer has no comment or edit, and cannot be skipped. This instance is not saved.
    campaign.allow_skip = campaign.allow_flag = campaign.allow_edit = False
    is_refused = request.POST.get("answer") == str(pair.pk)
    answered = criteria_in(request.POST) if is_refused else {}
    return {
        "criteria": [{**one, "answer": answered.get(one["name"], "")} for one in campaign.criteria],
        "campaign": campaign,
        "round": round_,
        "pair": pair,
        "before": pair.position - 1,
        "assignment": present_pair(pair.comparison, campaign, left=pair.left),
        "guidelines": guidelines,
        "guidelines_html": render_markdown(guidelines.text, breaks=False) if guidelines else "",
        "display": display_of(request),
    }
