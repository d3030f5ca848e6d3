"""The page of all model versions, and of the serving one."""

from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from common.errors import Invalid
from labeling.access import leads
from labeling.models import BulkAct, User
from labeling.queries.lists import ComparisonFilter
from labeling.web.edge import act, form_of, page, person
from labeling.web.selections import list_form
from training.access import require_any_lead, visible_versions
from training.actions.setting_aside import NoLabelsOfIt, roll_back_and_set_aside
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
        "labels_form": labels_form(user, current_deployment()),
        "servers": states(),
        "training_now": training_now(),
        "changes": changes.select_related("version", "by").order_by("-pk")[:CHANGES_LISTED],
        "nav": "versions",
    }
    return render(request, "training/versions.html", context)


def labels_form(user: User, deployment: Deployment | None) -> Form | None:
    """The choice of labels to set aside with a rollback: by default those that were settled since the promotion.

    None where the version comes from no campaign that the person leads.
    """
    run = deployment.version.run if deployment else None
    if deployment is None or run is None or not leads(user, run.campaign):
        return None
    since = timezone.localdate(deployment.at).isoformat()
    return list_form(run.campaign, BulkAct.Target.COMPARISONS, QueryDict(f"settled_since={since}"))


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
    """Rolls back the last promotion, and sets labels aside where the person says so."""
    user = person(request)
    require_any_lead(user)

    def errand() -> str:
        labels = _chosen(current_deployment(), request.POST) if request.POST.get("set_aside") else None
        done = roll_back_and_set_aside(
            labels=labels, acting_user=user, now=timezone.now(), expected=request.POST.get("serving", "")
        )
        said = _("%(name)s serves again.") % {"name": done.deployment.version.name}
        if done.refused is not None:
            return f"{said} {done.refused.message}"
        if done.aside is not None:
            count = done.aside.total
            text = ngettext("%(count)s comparison is set aside.", "%(count)s comparisons are set aside.", count)
            return f"{said} {text % {'count': count}}"
        nothing = _("No label was settled then: none is set aside.")
        return said if labels is None else f"{said} {nothing}"

    return act(request, errand, back=reverse("versions"))


def _chosen(deployment: Deployment | None, sent: QueryDict) -> ComparisonFilter:
    """The labels that were chosen in the dialog. Raises NoLabelsOfIt, Invalid: then nothing is rolled back."""
    if deployment is None or deployment.version.run is None:
        raise NoLabelsOfIt
    form = list_form(deployment.version.run.campaign, BulkAct.Target.COMPARISONS, sent)
    if not form.is_valid():
        raise Invalid(" ".join(str(text) for texts in form.errors.values() for text in texts))
    where = form.asked()
    assert isinstance(where, ComparisonFilter)
    return where
