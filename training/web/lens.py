"""The lens: the hidden rewards of a pair under a version, token by token."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from common.errors import NotFound
from common.numbers import whole_number
from labeling.access import get_comparison
from labeling.web.edge import attempt, page, person
from training.access import require_any_lead, visible_lens_jobs, visible_runs, visible_versions
from training.actions.lens import start_lens_job
from training.engine.config import RunConfig
from training.lens.figures import figures, views
from training.lens.pairs import LensSubject, pair_of_snapshot, pair_of_texts, subject_of_comparison
from training.models import LensJob, ModelVersion
from training.queries.serving import current_deployment
from training.queries.waiting import Waiting
from training.web.forms import LensForm

JOBS_LISTED = 15

SIDE_NAMES = {
    True: (gettext_lazy("Chosen"), gettext_lazy("Rejected")),
    False: (gettext_lazy("A"), gettext_lazy("B")),
}
"""The names of a pair's sides, by whether people prefer one of them."""


@page
@require_http_methods(["GET", "HEAD", "POST"])
def lens(request: HttpRequest) -> HttpResponse:
    """The form of the lens and earlier lens jobs. A POST starts a job and redirects to its page."""
    user = person(request)
    require_any_lead(user)
    subject, its_version = _subject(request)
    seen = visible_versions(user).order_by("-pk")
    # A base model has no parent: measured against itself, every reward is zero.
    trained = seen.filter(parent__isnull=False)
    deployment = current_deployment()
    serving = deployment.version if deployment and deployment.version.parent_id else None
    form = LensForm(
        request.POST or None,
        versions=trained,
        initial=its_version or serving or trained.first(),
        has_pair=subject is not None,
    )

    def start() -> LensJob:
        values = form.cleaned_data
        return start_lens_job(
            version=values["version"],
            reference=values["version"].parent if values["against"] == "parent" else None,
            subject=subject or LensSubject(pair_of_texts(*form.texts())),
            acting_user=user,
            now=timezone.now(),
        )

    if request.method == "POST" and (started := attempt(form, start)):
        return redirect("lens_job", pk=started.pk)
    # Without their results: a list does not need megabytes of tokens.
    lens_jobs = visible_lens_jobs(user).select_related("version").defer("result").order_by("-pk")
    waiting = Waiting(user, now=timezone.now())
    context = {
        "form": form,
        "wanted": subject,
        "named_run": (request.POST if request.method == "POST" else request.GET).get("run", ""),
        "names": SIDE_NAMES[subject.is_preference] if subject else (),
        "has_versions": trained.exists(),
        "lens_jobs": [(each, waiting.of(each)) for each in lens_jobs[:JOBS_LISTED]],
        "nav": "lens",
    }
    return render(request, "training/lens.html", context)


@page
@require_safe
def lens_job(request: HttpRequest, pk: int) -> HttpResponse:
    """A lens job: its state and, once it is finished, rewards and heat maps before and after."""
    lens_jobs = visible_lens_jobs(person(request)).select_related(
        "version__parent", "before", "reference", "comparison", "campaign"
    )
    job = get_object_or_404(lens_jobs, pk=pk)
    names = SIDE_NAMES[job.is_preference]
    context: dict[str, Any] = {
        "lens_job": job,
        "wait": Waiting(person(request), now=timezone.now()).of(job),
        "names": names,
        "base": job.version.base(),
        "trained": visible_versions(person(request)).filter(parent__isnull=False).order_by("-pk").first(),
        "nav": "lens",
    }
    if job.result is not None:
        context |= _figures_context(job)
    return render(request, "training/lens_job.html", context)


def _figures_context(lens_job: LensJob) -> dict[str, Any]:
    """Rewards and heat maps of a finished lens job, after and before."""
    assert lens_job.result is not None
    names = SIDE_NAMES[lens_job.is_preference]
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


def _subject(request: HttpRequest) -> tuple[LensSubject | None, ModelVersion | None]:
    """The pair that the address or the form names, and the version of its run; None where texts are written.

    A comparison is named by `comparison`, a pair of a run by `run` and `pair`.
    """
    user, values = person(request), request.POST if request.method == "POST" else request.GET
    number = whole_number(values.get("comparison", ""))
    if number is not None:
        return subject_of_comparison(get_comparison(user, number)), None
    number, identity = whole_number(values.get("run", "")), values.get("pair", "")
    if number is None or not identity:
        return None, None
    run = get_object_or_404(visible_runs(user).select_related("snapshot", "campaign"), pk=number)
    pair = pair_of_snapshot(run.snapshot, identity)
    if pair is None:
        raise NotFound(_("The snapshot of this run has no such pair."))
    return LensSubject(pair, campaign=run.campaign), getattr(run, "version", None)
