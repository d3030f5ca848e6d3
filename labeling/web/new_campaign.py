"""Making a campaign."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from labeling.access import require_may_create_campaigns
from labeling.actions.campaigns import create_campaign
from labeling.errors import DomainError, NotAllowed
from labeling.web.edge import page, person, refuse
from labeling.web.forms import NewCampaignForm


@page
@require_http_methods(["GET", "HEAD", "POST"])
def new_campaign(request: HttpRequest) -> HttpResponse:
    """The form, and the campaign it makes."""
    require_may_create_campaigns(person(request))
    form = NewCampaignForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            campaign = create_campaign(**form.cleaned_data, acting_user=person(request), now=timezone.now())
        except NotAllowed:
            raise
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, f"{campaign.name} is there. Add prompts or comparisons next.")
            return redirect("data", slug=campaign.slug)
    return render(request, "labeling/new_campaign.html", {"form": form, "nav": "home"})
