"""The rules of a campaign, and its status."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from common.stamps import stamp_of
from labeling.access import get_led_campaign
from labeling.actions.campaigns import change_campaign, change_campaign_status
from labeling.actions.rules import rules_of
from labeling.models import Campaign, VerdictRecount
from labeling.web.campaign_forms import RulesForm
from labeling.web.edge import act, form_of, page, person, stamp_shown, submit

Status = Campaign.Status
MESSAGES = {
    Status.DRAFT: gettext_lazy("%(name)s is a draft."),
    Status.ACTIVE: gettext_lazy("%(name)s is active. Comparisons are assigned to annotators."),
    Status.PAUSED: gettext_lazy("%(name)s is paused. Nothing new is assigned."),
    Status.CLOSED: gettext_lazy("%(name)s is closed. Labeling has ended; training and export continue."),
    Status.ARCHIVED: gettext_lazy("%(name)s is archived: hidden from lists, with all its data."),
}


@page
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Shows and changes the rules."""
    campaign = get_led_campaign(person(request), slug)
    # The form changes the instance it validates; the action needs the campaign as it is stored.
    form = RulesForm(request.POST or None, instance=get_led_campaign(person(request), slug))

    def errand() -> str:
        change_campaign(
            campaign=campaign,
            acting_user=person(request),
            now=timezone.now(),
            expected=stamp_shown(request),
            **form.cleaned_data,
        )
        return _("Saved.")

    def again() -> HttpResponse:
        recount = campaign.recounts.exclude(status=VerdictRecount.Status.REPLACED).order_by("-pk").first()
        stored = get_led_campaign(person(request), slug)
        context = {"campaign": campaign, "form": form, "recount": recount, "tab": "settings"}
        return render(request, "labeling/settings.html", context | {"stamp": stamp_of(rules_of(stored))})

    if request.method != "POST":
        return again()
    return submit(request, form, errand, done=reverse("settings", args=[slug]), again=again)


@page
@form_of("campaign", "slug")
def campaign_status(request: HttpRequest, slug: str) -> HttpResponse:
    """Starts, pauses, closes, reopens or archives."""
    campaign = get_led_campaign(person(request), slug)

    def errand() -> str:
        status = request.POST.get("status", "")
        changed = change_campaign_status(
            campaign=campaign, status=status, acting_user=person(request), now=timezone.now()
        )
        return str(MESSAGES[Status(changed.status)] % {"name": changed.name})

    return act(request, errand, back=reverse("campaign", args=[slug]))
