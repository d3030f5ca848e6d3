"""The trial of what to label next: the arms, what their labels are worth, and the choice that is under way."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from labeling.access import get_led_campaign
from labeling.models import Campaign
from labeling.stats.arm_worth import TRIES
from labeling.web.edge import act, form_of, page, person, submit
from training.actions.selection import cancel_selection, set_selection, start_selection
from training.models import JobStatus
from training.queries.selection import BATCH, Selection, selection_of
from training.queries.waiting import Waiting
from training.web.jobs import STOPPED, STOPPING
from training.web.selection_form import SelectionForm

FINDINGS: dict[str, tuple[str | Promise, str]] = {
    "off": (_("Off"), ""),
    "open": (_("Not clear yet"), "queued"),
    "pays": (_("A way pays"), "finished"),
    "none": (_("All ways are switched off"), "conflict"),
    "unmeasured": (_("No way could be measured"), "failed"),
}
"""The label of a finding, and the state of other things that it is shown like."""
TONES = {"open": "queued", "pays": "finished", "loses": "failed", "unproven": "conflict", "unmeasured": "failed"}


@page
@require_safe
def selection(request: HttpRequest, slug: str) -> HttpResponse:
    """The page of a campaign's trial."""
    return _page(request, get_led_campaign(person(request), slug))


@page
@form_of("selection", "slug")
def selection_set(request: HttpRequest, slug: str) -> HttpResponse:
    """Sets the arms and their shares."""
    campaign = get_led_campaign(person(request), slug)
    form = SelectionForm(request.POST)

    def errand() -> str:
        trial = set_selection(
            campaign=campaign,
            shares=form.shares,
            enough=form.cleaned_data["enough"],
            acting_user=person(request),
            now=timezone.now(),
        )
        return (
            gettext("The trial is on.") if trial.is_on else gettext("The trial is off: the queue keeps its own order.")
        )

    done = reverse("selection", args=[slug])
    return submit(request, form, errand, done=done, again=lambda: _page(request, campaign, form))


@page
@form_of("selection", "slug")
def selection_choose(request: HttpRequest, slug: str) -> HttpResponse:
    """Has a worker choose the next pairs now."""
    campaign = get_led_campaign(person(request), slug)

    def errand() -> str:
        start_selection(campaign=campaign, acting_user=person(request), now=timezone.now())
        return gettext("The next pairs are being chosen.")

    return act(request, errand, back=reverse("selection", args=[slug]))


@page
@form_of("selection", "slug")
def selection_cancel(request: HttpRequest, slug: str) -> HttpResponse:
    """Cancels the choice that is under way."""
    campaign = get_led_campaign(person(request), slug)

    def errand() -> str:
        job = cancel_selection(campaign=campaign, acting_user=person(request), now=timezone.now())
        return str(STOPPED if job.status == JobStatus.CANCELLED else STOPPING)

    return act(request, errand, back=reverse("selection", args=[slug]))


def _page(request: HttpRequest, campaign: Campaign, form: SelectionForm | None = None) -> HttpResponse:
    found = selection_of(campaign)
    label, tone = FINDINGS[found.finding]
    context: dict[str, Any] = {
        "campaign": campaign,
        "tab": "selection",
        "found": found,
        "finding": label,
        "tone": tone,
        "rows": [(one, TONES[one.arm.standing]) for one in found.arms],
        "batch": BATCH,
        "tries": TRIES,
        "wait": Waiting(person(request), now=timezone.now()).of(found.job),
        "form": form or SelectionForm(initial=_initial(found)),
    }
    return render(request, "training/selection.html", context)


def _initial(found: Selection) -> dict[str, Any]:
    values: dict[str, Any] = {one.arm.name: one.arm.share for one in found.arms if one.arm.share and one.arm.is_on}
    return values | ({"enough": found.trial.enough} if found.trial else {})
