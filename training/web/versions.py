"""The page of all model versions, and of the serving one."""

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from common.errors import Invalid
from labeling.access import leads
from labeling.models import BulkAct, User
from labeling.queries.lists import ComparisonFilter
from labeling.web.edge import form_of, page, page_of_ours, person, stamp_shown, submit
from labeling.web.list_forms import ComparisonListForm
from labeling.web.selections import list_form
from training.access import require_any_lead, visible_versions
from training.actions.setting_aside import roll_back_and_set_aside
from training.models import Deployment, ModelVersion
from training.queries.serving import current_deployment, training_now, version_before
from training.versions.servers import states
from training.web.lineage import draw_lineage

CHANGES_LISTED = 10
LABEL_FIELDS = ("settled_last_day", "annotator", "batch")
"""Fields of the dialog of a rollback, besides the first day, which it offers filled in."""


class LabelsChosen(Invalid):
    type = "labels-chosen"
    sentence = gettext_lazy(
        "Nothing was rolled back: labels to set aside are chosen. Press “Roll back and set aside”, or empty the fields "
        "to roll back alone."
    )


@page
@require_safe
def versions(request: HttpRequest) -> HttpResponse:
    """The list, newest first, and the latest deployments."""
    require_any_lead(person(request))
    return _page(request)


def _page(request: HttpRequest, given_back: Form | None = None) -> HttpResponse:
    """The page. given_back: the choice of labels of a refused rollback."""
    user = person(request)
    visible = visible_versions(user)
    changes = Deployment.objects.filter(channel=Deployment.DEFAULT_CHANNEL, version__in=visible)
    rows = list(visible.select_related("parent", "run__campaign").order_by("-pk"))
    context = {
        "versions": rows,
        "newest_step": newest_step(rows),
        "graph": draw_lineage(rows),
        "current": current_deployment(),
        "before": version_before(),
        "labels_form": given_back or labels_form(user, current_deployment()),
        "given_back": given_back is not None,
        "back": _came_from(request) if given_back is not None else "",
        "servers": states(),
        "training_now": training_now(),
        "changes": changes.select_related("version", "by").order_by("-pk")[:CHANGES_LISTED],
        "nav": "versions",
    }
    return render(request, "training/versions.html", context)


def labels_form(user: User, deployment: Deployment | None, sent: QueryDict | None = None) -> Form | None:
    """The choice of labels to set aside with a rollback: by default those that were settled since the promotion.

    sent: a choice that was made. None where the version comes from no campaign that the person leads.
    """
    run = deployment.version.run if deployment else None
    if deployment is None or run is None or not leads(user, run.campaign):
        return None
    since = timezone.localdate(deployment.at).isoformat()
    return list_form(run.campaign, BulkAct.Target.COMPARISONS, sent or QueryDict(f"settled_since={since}"))


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
    user, serving, sent = person(request), current_deployment(), request.POST
    require_any_lead(user)
    sets_aside = bool(sent.get("set_aside"))
    choice = labels_form(user, serving, sent) if sets_aside or _has_limits(request) else None
    form = choice or Form(sent)

    def errand() -> str:
        labels = None
        if sets_aside:
            labels = form.asked() if isinstance(form, ComparisonListForm) else ComparisonFilter()
        elif choice is not None:
            raise LabelsChosen
        done = roll_back_and_set_aside(
            labels=labels, acting_user=user, now=timezone.now(), expected=sent.get("serving", "")
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

    def again() -> HttpResponse:
        now_serving = current_deployment()
        is_same = now_serving is not None and sent.get("serving", "") in ("", now_serving.version.name)
        if choice is not None and is_same and version_before() is not None:
            return _page(request, choice)
        for text in (text for texts in form.errors.values() for text in texts):
            messages.error(request, str(text))
        return redirect(_came_from(request))

    return submit(request, form, errand, done=reverse("versions"), again=again)


def _has_limits(request: HttpRequest) -> bool:
    """Whether the person chose labels to set aside: more than the day that the dialog offers."""
    offered = stamp_shown(request)
    day = request.POST.get("settled_since", "")
    return any(request.POST.get(name) for name in LABEL_FIELDS) or day not in ("", offered)


def _came_from(request: HttpRequest) -> str:
    """The page with the dialog."""
    return page_of_ours(request, request.POST.get("back", "")) or reverse("versions")
