"""The versions that learned from one annotator's judgments, and a retraining without them: its difference first."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.errors import DomainError
from labeling.access import get_led_campaign
from labeling.models import Campaign, User
from labeling.queries.annotator import annotator_of
from labeling.queries.names import name_for_leads
from labeling.web.edge import act, form_of, page, person
from training.actions.leaving_out import (
    changes_without,
    learned_from,
    newest_of_all,
    retrain_without,
    take_in,
    untouched_parent,
)
from training.models import LeftOut, Snapshot
from training.queries.left_out_runs import runs_beside
from training.web.snapshots import kinds_of
from training.web.training_advice import queued_sentence

COMPARED_AT_ONCE = 5000
"""Up to this many pairs the page compares at once: more take minutes, so somebody must ask for it."""


@page
@require_safe
def left_out(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """The versions that learned from the annotator, and the difference that leaving them out makes."""
    campaign, user = _annotator(request, slug, name)
    learned = learned_from(campaign, user)
    row = LeftOut.objects.filter(campaign=campaign, person=user).first()
    context: dict[str, Any] = {
        "campaign": campaign,
        "annotator": user,
        "name": name_for_leads(user, campaign),
        "learned": learned,
        "row": row,
        "beside": runs_beside(row),
        "tab": "people",
    }
    if learned:
        context |= _difference(campaign, user, newest_of_all(learned), is_wanted="compare" in request.GET)
    return render(request, "training/left_out.html", context)


@page
@form_of("left_out", "slug", "name")
def left_out_change(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Retrains without the annotator, or uses their judgments again, depending on the button."""
    campaign, user = _annotator(request, slug, name)
    back = reverse("left_out", args=[slug, name])

    def retrain() -> str:
        run = retrain_without(campaign=campaign, person=user, acting_user=person(request), now=timezone.now())
        return queued_sentence(run)

    def use() -> str:
        take_in(campaign=campaign, person=user, acting_user=person(request), now=timezone.now())
        return _("The next snapshot uses these judgments again.")

    return act(request, use if request.POST.get("do") == "use" else retrain, back=back)


def _annotator(request: HttpRequest, slug: str, name: str) -> tuple[Campaign, User]:
    campaign = get_led_campaign(person(request), slug)
    user = annotator_of(campaign, name)
    if user is None:
        raise Http404("There is no such annotator in this campaign.")
    return campaign, user


def _difference(campaign: Campaign, user: User, snapshot: Snapshot | None, *, is_wanted: bool) -> dict[str, Any]:
    """snapshot: what is compared with; None: only those of groups hold their judgments, which compare with nothing."""
    context: dict[str, Any] = {"before": snapshot}
    try:
        context["parent"] = untouched_parent(user)
        if snapshot and (is_wanted or snapshot.train_pairs + snapshot.test_pairs <= COMPARED_AT_ONCE):
            changes = changes_without(campaign, user, snapshot)
            context |= {"kinds": kinds_of(changes, snapshot), "same": changes.same, "is_compared": True}
    except DomainError as error:
        context["problem"] = error.message
    return context
