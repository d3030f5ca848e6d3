"""Setting up a campaign step by step: rules, data, model, people, and a preview."""

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
from training.actions.setting_up import CampaignSetUp, set_up_campaign
from training.queries.serving import current_deployment
from training.web.setting_up_form import SettingUpForm


@page
@require_http_methods(["GET", "HEAD", "POST"])
def new_campaign(request: HttpRequest) -> HttpResponse:
    """The form in steps; a POST makes the campaign."""
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
            set_up = set_up_campaign(
                rules=rules.cleaned_data, acting_user=user, now=timezone.now(), **rest.arguments(serving=serving)
            )
        except NotAllowed:
            raise
        except DomainError as error:
            refuse(rest if set(error.fields) <= set(rest.fields) and error.fields else rules, error)
        else:
            messages.success(request, _summary(set_up))
            return redirect(_next_page(set_up), slug=set_up.campaign.slug)
    context: dict[str, Any] = {"form": rules, "rest": rest, "serving": serving, "nav": "home"}
    return render(request, "training/new_campaign.html", context)


@page
@require_POST
def new_campaign_preview(request: HttpRequest) -> HttpResponse:
    """A preview of the annotators' page of a campaign that does not exist yet. Nothing is stored."""
    require_may_create_campaigns(person(request))
    form = NewCampaignForm(request.POST)
    form.is_valid()  # puts valid values into the instance; invalid ones keep their defaults
    campaign: Campaign = form.instance
    campaign.name, campaign.slug = campaign.name or "New campaign", "preview"
    prompts = request.POST.get("prompts", "").strip().splitlines()
    return preview_of(
        request, campaign, guidelines=request.POST.get("guidelines", ""), prompt=prompts[0] if prompts else ""
    )


def _next_page(set_up: CampaignSetUp) -> str:
    return "campaign" if set_up.job or set_up.report or set_up.prompts else "data"


def _summary(set_up: CampaignSetUp) -> str:
    parts = [_("%(name)s has been created.") % {"name": set_up.campaign.name}]
    if set_up.prompts:
        parts.append(_("%(count)s prompts.") % {"count": set_up.prompts})
    if set_up.report:
        values = {"count": set_up.report.created, "refused": set_up.report.rejected_count}
        refused = set_up.report.rejected_count
        text = _("%(count)s records imported, %(refused)s lines refused.") if refused else ""
        parts.append((text or _("%(count)s records imported.")) % values)
    if set_up.job:
        parts.append(_("%(count)s completions are being written.") % {"count": set_up.job.total})
    if not (set_up.prompts or set_up.report):
        parts.append(_("Add prompts or comparisons next."))
    return " ".join(parts)
