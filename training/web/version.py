"""The page of a version: its lineage, its figures, and whether it serves."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from labeling.web.edge import page, person
from training.access import require_any_lead, visible_decisions, visible_evaluations, visible_versions
from training.models import Deployment
from training.queries.gates import MEASURED, standing
from training.queries.serving import current_deployment
from training.web.run import start_loss
from training.web.setting_labels import result_label, setting_label, setting_value

REPORTS_LISTED = 5


@page
@require_safe
def version(request: HttpRequest, name: str) -> HttpResponse:
    """The page."""
    require_any_lead(person(request))
    visible = visible_versions(person(request))
    version = get_object_or_404(visible.select_related("parent", "run__campaign", "run__snapshot"), name=name)
    deployment = current_deployment()
    context = {
        "version": version,
        "serving": deployment.version if deployment else None,
        "line": list(reversed(version.line())),
        "children": visible.filter(parent=version).order_by("pk"),
        "evaluations": [
            (evaluation, [(result_label(name), value) for name, value in evaluation.results.items()])
            for evaluation in version.evaluations.exclude(kind=MEASURED).select_related("against").order_by("-pk")
        ],
        "reports": visible_evaluations(person(request))
        .filter(version=version)
        .select_related("compared")
        .defer("report", "parts")
        .order_by("-pk")[:REPORTS_LISTED],
        "stands": standing(version),
        "decisions": visible_decisions(person(request)).filter(version=version).select_related("gate", "by"),
        "deployments": version.deployments.filter(channel=Deployment.DEFAULT_CHANNEL)
        .select_related("by")
        .order_by("-pk"),
        "config": [
            (setting_label(name), setting_value(value, name))
            for name, value in sorted(version.lineage.get("config", {}).items())
        ],
        "start_loss": start_loss(version.run.config) if version.run else None,
        "nav": "versions",
    }
    return render(request, "training/version.html", context)
