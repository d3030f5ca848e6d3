"""The playground: completions of one version, or of two side by side, kept in a campaign."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from labeling.access import led_campaigns
from labeling.models import Campaign
from labeling.web.edge import page, person
from training.access import require_any_lead, visible_versions
from training.generation import SamplingSettings
from training.models import ModelVersion
from training.queries.serving import current_deployment, training_now

SHORT_ENOUGH_TO_WAIT_FOR = 160  # tokens: some ten seconds on a CPU


@page
@require_safe
def playground(request: HttpRequest) -> HttpResponse:
    """The page; `?left=V&right=W&campaign=slug` preselects. Completions come from the API."""
    user = person(request)
    require_any_lead(user)
    versions = list(visible_versions(user).filter(files_removed_at__isnull=True).order_by("-pk"))
    deployment = current_deployment()
    campaigns = led_campaigns(user).exclude(status=Campaign.Status.ARCHIVED)
    context: dict[str, Any] = {
        "versions": versions,
        "left": _named(versions, request.GET.get("left")) or (deployment.version if deployment else None),
        "right": _named(versions, request.GET.get("right")),
        "campaigns": campaigns,
        "campaign_slug": request.GET.get("campaign", ""),
        "temperature": SamplingSettings().temperature,
        "max_tokens": SHORT_ENOUGH_TO_WAIT_FOR,
        "training_now": training_now(),
        "nav": "playground",
    }
    return render(request, "training/playground.html", context)


def _named(versions: list[ModelVersion], name: str | None) -> ModelVersion | None:
    return next((version for version in versions if version.name == name), None)
