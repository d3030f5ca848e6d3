"""The page of all model versions, and of the serving one."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from labeling.access import leads
from labeling.models import User
from labeling.web.edge import act, form_of, page, person
from training.access import require_any_lead, visible_versions
from training.actions.versions import roll_back
from training.models import Deployment, ModelVersion
from training.queries.serving import current_deployment, training_now, version_before
from training.versions.servers import states
from training.web.lineage import draw_lineage

CHANGES_LISTED = 10


@page
@require_safe
def versions(request: HttpRequest) -> HttpResponse:
    """The list, newest first, and the latest deployments."""
    user = person(request)
    require_any_lead(user)
    visible = visible_versions(user)
    changes = Deployment.objects.filter(channel=Deployment.DEFAULT_CHANNEL, version__in=visible)
    rows = list(visible.select_related("parent", "run__campaign").order_by("-pk"))
    context = {
        "versions": rows,
        "newest_step": newest_step(rows),
        "graph": draw_lineage(rows),
        "current": current_deployment(),
        "before": version_before(),
        "labels_page": labels_page(user, current_deployment()),
        "servers": states(),
        "training_now": training_now(),
        "changes": changes.select_related("version", "by").order_by("-pk")[:CHANGES_LISTED],
        "nav": "versions",
    }
    return render(request, "training/versions.html", context)


def labels_page(user: User, deployment: Deployment | None) -> str:
    """The list of the comparisons that were settled since a promotion, where a lead can retire them.

    Empty where the version comes from no campaign that the person leads.
    """
    run = deployment.version.run if deployment else None
    if deployment is None or run is None or not leads(user, run.campaign):
        return ""
    since = timezone.localdate(deployment.at).isoformat()
    return f"{reverse('comparisons', args=[run.campaign.slug])}?settled_since={since}"


def newest_step(versions: list[ModelVersion]) -> tuple[int, int] | None:
    """The keys of the newest trained version's parent and of itself; None if there is nothing to compare.

    versions: newest first. A parent that may not be seen is no choice: then it is the oldest other version.
    """
    if len(versions) < 2:
        return None
    keys = {version.pk for version in versions}
    trained = next((version for version in versions if version.parent_id in keys), None)
    if trained is None or trained.parent_id is None:
        return versions[-1].pk, versions[0].pk
    return trained.parent_id, trained.pk


@page
@form_of("versions")
def serving_rollback(request: HttpRequest) -> HttpResponse:
    """Rolls back the last promotion."""
    require_any_lead(person(request))

    def errand() -> str:
        deployment = roll_back(acting_user=person(request), now=timezone.now())
        return _("%(name)s serves again.") % {"name": deployment.version.name}

    return act(request, errand, back=reverse("versions"))
