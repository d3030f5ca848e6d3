"""The guidelines of a campaign: read by its members, written by its leads."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from common.errors import Conflict
from common.text.rendering import render_markdown
from labeling.access import get_campaign, leads
from labeling.actions.campaigns import write_guidelines
from labeling.queries.questions import faq_entries
from labeling.web.edge import page, person, submit
from labeling.web.forms import GuidelinesForm


class GuidelinesChanged(Conflict):
    type = "guidelines-changed"
    sentence = gettext_lazy(
        "Somebody wrote version %(number)s since you opened this page. "
        "Load the page again to see it, or save again to replace it."
    )


@page
@require_http_methods(["GET", "HEAD", "POST"])
def guidelines(request: HttpRequest, slug: str) -> HttpResponse:
    """Shows the current version; `?edit` and a POST are for leads."""
    user = person(request)
    campaign = get_campaign(user, slug)
    newest = campaign.guideline_versions.select_related("created_by").order_by("-number").first()
    form = GuidelinesForm(request.POST or None, initial={"text": newest.text if newest else ""})
    is_lead = leads(user, campaign)
    number = str(newest.number if newest else 0)
    opened = request.POST.get("opened") or number

    def errand() -> str:
        nonlocal opened
        if opened != number and leads(user, campaign):
            opened = number
            raise GuidelinesChanged(number=number)
        version = write_guidelines(campaign=campaign, **form.cleaned_data, acting_user=user, now=timezone.now())
        return _("Version %(number)s is now in force.") % {"number": version.number}

    def again() -> HttpResponse:
        context = {
            "campaign": campaign,
            "version": newest,
            "html": render_markdown(newest.text, breaks=False) if newest else "",
            "form": form,
            "is_lead": is_lead,
            "opened": opened,
            "is_editing": is_lead and ("edit" in request.GET or request.method == "POST"),
            "entries": faq_entries(campaign),
            "room": "guidelines",
            "tab": "guidelines",
        }
        return render(request, "labeling/guidelines.html", context)

    if request.method != "POST":
        return again()
    return submit(request, form, errand, done=reverse("guidelines", args=[slug]), again=again)
