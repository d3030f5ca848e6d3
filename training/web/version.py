"""One model version: where it comes from, how it did, and whether it serves."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from labeling.web.edge import act, page, person
from training.access import require_any_lead, visible_versions
from training.actions.versions import promote
from training.models import Deployment
from training.queries.serving import current_deployment
from training.web.setting_labels import result_label, setting_label


@page
@require_safe
def version(request: HttpRequest, name: str) -> HttpResponse:
    """Everything that is known of a version."""
    require_any_lead(person(request))
    seen = visible_versions(person(request))
    found = get_object_or_404(seen.select_related("parent", "run__campaign", "run__snapshot"), name=name)
    deployment = current_deployment()
    context = {
        "version": found,
        "serving": deployment.version if deployment else None,
        "line": list(reversed(found.line())),
        "children": seen.filter(parent=found).order_by("pk"),
        "evaluations": [
            (evaluation, [(result_label(name), value) for name, value in evaluation.results.items()])
            for evaluation in found.evaluations.select_related("against").order_by("-pk")
        ],
        "deployments": found.deployments.filter(channel=Deployment.DEFAULT_CHANNEL)
        .select_related("by")
        .order_by("-pk"),
        "config": [(setting_label(name), value) for name, value in sorted(found.lineage.get("config", {}).items())],
        "nav": "versions",
    }
    return render(request, "training/version.html", context)


@page
@require_POST
def version_promote(request: HttpRequest, name: str) -> HttpResponse:
    """Makes the version the one that serves."""
    found = get_object_or_404(visible_versions(person(request)), name=name)

    def errand() -> str:
        promote(version=found, acting_user=person(request), now=timezone.now())
        return _("%(name)s serves now: it writes the next candidates.") % {"name": found.name}

    return act(request, errand, back=reverse("version", args=[name]))
