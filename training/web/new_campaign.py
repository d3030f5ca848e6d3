"""Making a campaign, step by step: its rules, what is compared, who writes, who judges, and how it will look."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from common.errors import DomainError, NotAllowed
from labeling.access import require_may_create_campaigns
from labeling.models import Campaign
from labeling.web.edge import page, person, refuse
from labeling.web.forms import NewCampaignForm
from labeling.web.preview import preview_of
from training.access import visible_versions
from training.actions.setting_up import SetUp, set_up_campaign
from training.queries.serving import current_deployment
from training.web.setting_up_form import SettingUpForm


@page
@require_http_methods(["GET", "HEAD", "POST"])
def new_campaign(request: HttpRequest) -> HttpResponse:
    """The steps, and the campaign they make."""
    user = person(request)
    require_may_create_campaigns(user)
    deployment = current_deployment()
    serving = deployment.version if deployment else None
    rules = NewCampaignForm(request.POST or None)
    rest = SettingUpForm(
        request.POST or None, request.FILES or None, versions=visible_versions(user).order_by("-pk"), serving=serving
    )
    if request.method == "POST" and rules.is_valid() and rest.is_valid():
        try:
            made = set_up_campaign(
                rules=rules.cleaned_data, acting_user=user, now=timezone.now(), **rest.wanted(serving=serving)
            )
        except NotAllowed:
            raise
        except DomainError as error:
            refuse(rest if set(error.fields) <= set(rest.fields) and error.fields else rules, error)
        else:
            messages.success(request, _said(made))
            return redirect("campaign" if made.job or made.report or made.prompts else "data", slug=made.campaign.slug)
    context: dict[str, Any] = {"form": rules, "rest": rest, "serving": serving, "nav": "home"}
    return render(request, "training/new_campaign.html", context)


@page
@require_POST
def new_campaign_preview(request: HttpRequest) -> HttpResponse:
    """How the annotators' page would look, of a campaign that is not made yet. Nothing is kept."""
    require_may_create_campaigns(person(request))
    form = NewCampaignForm(request.POST)
    form.is_valid()  # what is valid of it is in the instance; what is not stays as it is by default
    campaign: Campaign = form.instance
    campaign.name, campaign.slug = campaign.name or "New campaign", "preview"
    prompts = request.POST.get("prompts", "").strip().splitlines()
    return preview_of(
        request, campaign, guidelines=request.POST.get("guidelines", ""), prompt=prompts[0] if prompts else ""
    )


def _said(made: SetUp) -> str:
    parts = [_("%(name)s is there.") % {"name": made.campaign.name}]
    if made.prompts:
        parts.append(_("%(count)s prompts.") % {"count": made.prompts})
    if made.report:
        values = {"count": made.report.created, "refused": made.report.rejected_count}
        refused = made.report.rejected_count
        text = _("%(count)s records out of the file, %(refused)s lines refused.") if refused else ""
        parts.append((text or _("%(count)s records out of the file.")) % values)
    if made.job:
        parts.append(_("%(count)s completions are being written.") % {"count": made.job.total})
    if not (made.prompts or made.report):
        parts.append(_("Add prompts or comparisons next."))
    return " ".join(parts)
