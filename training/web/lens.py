"""The reward lens: what a version's hidden reward makes of a pair, token by token."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.errors import DomainError, NotAllowed, NotFound
from common.numbers import whole_number
from labeling.access import get_comparison
from labeling.models import Campaign, Comparison
from labeling.web.edge import page, person, refuse
from training.access import require_any_lead, visible_lens_jobs, visible_runs, visible_versions
from training.actions.lens import start_lens_job
from training.engine.config import RunConfig
from training.lens.figures import figures, views
from training.lens.pairs import Pair, pair_of_comparison, pair_of_snapshot, pair_of_texts
from training.models import LensJob, ModelVersion
from training.queries.serving import current_deployment
from training.web.forms import LensForm

READINGS_SHOWN = 15


@dataclass(frozen=True, slots=True)
class Wanted:
    """The pair somebody asks about, where it does not come from the form's texts."""

    pair: Pair
    comparison: Comparison | None = None
    campaign: Campaign | None = None
    version: ModelVersion | None = None


@page
@require_http_methods(["GET", "HEAD", "POST"])
def lens(request: HttpRequest) -> HttpResponse:
    """What to look at; a POST asks, and its answer has a page of its own."""
    user = person(request)
    require_any_lead(user)
    wanted = _wanted(request)
    seen = visible_versions(user).order_by("-pk")
    deployment = current_deployment()
    first = wanted.version if wanted else None
    form = LensForm(
        request.POST or None,
        versions=seen,
        initial=first or (deployment.version if deployment else None),
        has_pair=wanted is not None,
    )
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        pair = wanted.pair if wanted else pair_of_texts(*form.texts())
        try:
            lens_job = start_lens_job(
                version=values["version"],
                reference=values["version"].parent if values["against"] == "parent" else None,
                pair=pair,
                comparison=wanted.comparison if wanted else None,
                campaign=wanted.campaign if wanted else None,
                acting_user=user,
                now=timezone.now(),
            )
        except (NotAllowed, NotFound):
            raise
        except DomainError as error:
            if wanted is None:
                refuse(form, error)
            else:
                messages.error(request, error.message)
        else:
            return redirect("lens_job", pk=lens_job.pk)
    # Without their tokens: a page of names does not need megabytes.
    lens_jobs = visible_lens_jobs(user).select_related("version").defer("result").order_by("-pk")
    context = {
        "form": form,
        "wanted": wanted,
        "has_versions": seen.exists(),
        "lens_jobs": lens_jobs[:READINGS_SHOWN],
        "nav": "lens",
    }
    return render(request, "training/lens.html", context)


@page
@require_safe
def lens_job(request: HttpRequest, pk: int) -> HttpResponse:
    """One lens job: its state, and once it is done rewards and heat maps before and after."""
    lens_jobs = visible_lens_jobs(person(request)).select_related(
        "version__parent", "before", "reference", "comparison", "campaign"
    )
    found = get_object_or_404(lens_jobs, pk=pk)
    names = [_(name) for name in found.pair.get("names", ["Chosen", "Rejected"])]
    context: dict[str, Any] = {
        "lens_job": found,
        "names": names,
        "base": found.version.base(),
        "nav": "lens",
    }
    if found.result is not None:
        context |= _shown(found, names)
    return render(request, "training/lens_job.html", context)


def _shown(lens_job: LensJob, names: list[str]) -> dict[str, Any]:
    assert lens_job.result is not None
    after, before = views(lens_job.result)
    maps = [{"key": "after", "title": _("After"), "view": after}] + (
        [{"key": "before", "title": _("Before"), "view": before}] if before else []
    )
    opinion = lens_job.result["reward_model"]
    return {
        "after": after,
        "before": before,
        "after_figures": after.figures(lens_job.beta),
        "before_figures": before.figures(lens_job.beta) if before else figures(0.0, 0.0, lens_job.beta),
        "maps": [
            {**one, "sides": [(names[0], one["view"].chosen), (names[1], one["view"].rejected)]}  # type: ignore[attr-defined]
            for one in maps
        ],
        "opinion": opinion,
        "opinion_figures": figures(opinion["margin"], 0.0, 1.0) if opinion and "margin" in opinion else None,
        "default_beta": RunConfig().beta,
    }


def _wanted(request: HttpRequest) -> Wanted | None:
    """A comparison (`comparison`), or a pair of a run (`run`, `pair`), named by the address or the form."""
    user, values = person(request), request.POST if request.method == "POST" else request.GET
    named = whole_number(values.get("comparison", ""))
    if named is not None:
        comparison = get_comparison(user, named)
        whole = Comparison.objects.select_related("campaign", "prompt", "completion_a", "completion_b")
        comparison = whole.get(pk=comparison.pk)
        return Wanted(pair_of_comparison(comparison), comparison, comparison.campaign)
    number, identity = whole_number(values.get("run", "")), values.get("pair", "")
    if number is not None and identity:
        run = get_object_or_404(visible_runs(user).select_related("snapshot", "campaign"), pk=number)
        pair = pair_of_snapshot(run.snapshot, identity)
        if pair is None:
            raise NotFound(_("The snapshot of this run has no such pair."))
        return Wanted(pair, None, run.campaign, getattr(run, "version", None))
    return None
