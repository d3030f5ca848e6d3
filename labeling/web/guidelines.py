"""The guidelines of a campaign: read by its members, written by its leads."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from common.text.rendering import render_markdown
from labeling.access import get_campaign, leads
from labeling.actions.campaigns import write_guidelines
from labeling.queries.questions import faq_entries
from labeling.web.edge import number_shown, page, person, submit
from labeling.web.forms import GuidelinesForm


@page
@require_http_methods(["GET", "HEAD", "POST"])
def guidelines(request: HttpRequest, slug: str) -> HttpResponse:
    """Shows the current version; `?edit` and a POST are for leads."""
    user = person(request)
    campaign = get_campaign(user, slug)
    newest = campaign.guideline_versions.select_related("created_by").order_by("-number").first()
    form = GuidelinesForm(request.POST or None, initial={"text": newest.text if newest else ""})
    is_lead = leads(user, campaign)

    def errand() -> str:
        version = write_guidelines(
            campaign=campaign,
            **form.cleaned_data,
            expected=number_shown(request),
            acting_user=user,
            now=timezone.now(),
        )
        return _("Version %(number)s is now in force.") % {"number": version.number}

    def again() -> HttpResponse:
        context = {
            "campaign": campaign,
            "version": newest,
            "html": render_markdown(newest.text, breaks=False) if newest else "",
            "form": form,
            "is_lead": is_lead,
            "number": newest.number if newest else 0,
            "is_editing": is_lead and ("edit" in request.GET or request.method == "POST"),
            "entries": faq_entries(campaign),
            "room": "guidelines",
            "tab": "guidelines",
        }
        return render(request, "labeling/guidelines.html", context)

    if request.method != "POST":
        return again()
    return submit(request, form, errand, done=reverse("guidelines", args=[slug]), again=again)
