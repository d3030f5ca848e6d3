"""The story of DPO: one page from good examples to what can go wrong, with something to do in each part."""

import inspect
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from labeling.models import User
from labeling.web.edge import page, person
from training.access import own_lab_sessions, visible_evaluations, visible_lens_jobs, visible_versions
from training.actions.lab import lab_version
from training.errors import NothingServes
from training.lens.figures import PairView, views
from training.lens.recorded import PROMPT, Sample, nearest_samples, recorded_pair, recorded_samples
from training.lens.ten_lines import dpo_loss
from training.models import JobStatus, ModelVersion
from training.queries.serving import current_deployment
from training.web import derivation, story_texts
from training.web.walk_through import (
    BETA,
    POLICY_CHOSEN,
    POLICY_REJECTED,
    REFERENCE_CHOSEN,
    REFERENCE_REJECTED,
    walk_through,
)

JOBS_READ = 6


@page
@require_safe
def story(request: HttpRequest) -> HttpResponse:
    """The whole story, with what this installation's models really did where this person may see it."""
    return render(request, "training/story.html", {**story_context(), **_live(person(request)), "nav": "story"})


def story_context() -> dict[str, Any]:
    """Everything that the story's parts need without a request, a person or a table."""
    return {
        "cup": story_texts.CUP,
        "examples": story_texts.EXAMPLES,
        "tug": story_texts.TUG,
        "exam": story_texts.EXAM,
        "dishes": story_texts.DISHES,
        "sum": story_texts.SUM,
        "sums": story_texts.SUMS,
        "picks": story_texts.PICKS,
        "features": story_texts.FEATURES,
        "models": story_texts.MODELS,
        "reasons": story_texts.REASONS,
        "derivation": derivation.STEPS,
        "sizes": story_texts.MODEL_SIZES,
        "squares": range(1, 10),
        "walk": walk_through(),
        "code": _shown(inspect.getsource(dpo_loss)),
        "code_loss": dpo_loss(POLICY_CHOSEN, POLICY_REJECTED, REFERENCE_CHOSEN, REFERENCE_REJECTED, BETA),
        "leash": recorded_samples(),
        "hidden": {**_hidden(recorded_pair()), "language": "en"},
        "hidden_prompt": PROMPT,
        "is_live": False,
    }


def _live(user: User) -> dict[str, Any]:
    """Real things in the place of recorded ones, and the forms that make more of them."""
    return {
        "is_live": True,
        "is_lead": user.is_lead,
        "lab_model": _lab_model(),
        "scoring_version": _scoring_version(user),
        "leash": nearest_samples([*_samples_of_lab(user), *_samples_of_versions(user)]),
        **_own_hidden(user),
    }


def _shown(source: str) -> str:
    """A function's source without the notes to our formatter."""
    return "\n".join(line for line in source.splitlines() if not line.strip().startswith("# fmt"))


def _lab_model() -> str:
    try:
        return lab_version().name
    except NothingServes:
        return ""


def _scoring_version(user: User) -> ModelVersion | None:
    """The trained version that scores a sentence for this person: the serving one, or else the newest."""
    trained = visible_versions(user).filter(parent__isnull=False).order_by("-pk")
    deployment = current_deployment()
    serving = trained.filter(pk=deployment.version_id).first() if deployment else None
    return serving or trained.first()


def _samples_of_lab(user: User) -> list[Sample]:
    """All that the models of this person's last experiments wrote."""
    sessions = own_lab_sessions(user).order_by("-pk")[:JOBS_READ]
    return [
        Sample(wrote["kl"], wrote["step"], wrote["texts"], session.lesson["prompt"], session=session.pk)
        for session in sessions
        for wrote in session.wrote
    ]


def _samples_of_versions(user: User) -> list[Sample]:
    """A text of each version that this person's campaigns have evaluated lately, with its measured drift."""
    jobs = visible_evaluations(user).filter(status=JobStatus.FINISHED, report__isnull=False).select_related("version")
    found = []
    for job in jobs.order_by("-pk")[:JOBS_READ]:
        parts = {part["name"]: part for part in (job.report or {}).get("sections", [])}
        drift, texts = parts.get("drift", {}), parts.get("samples", {}).get("texts")
        per_token = drift.get("to_base", {}).get("value")
        if per_token is not None and drift["samples"] and texts:
            kl = per_token * drift["tokens"] / drift["samples"]  # per token, and per completion here
            prompt = texts[0]["prompt"][-1]["content"]
            found.append(Sample(kl, 0, [texts[0]["own"]], prompt, evaluation=job.pk, version=job.version.name))
    return found


def _own_hidden(user: User) -> dict[str, Any]:
    """The newest pair that the lens has looked at for this person; nothing: the recorded one stays."""
    job = (
        visible_lens_jobs(user)
        .filter(status=JobStatus.FINISHED, is_preference=True, result__isnull=False)
        .order_by("-pk")
        .first()
        if user.is_lead
        else None
    )
    return {"hidden": _hidden(views(job.result)[0], job.beta), "hidden_job": job.pk} if job and job.result else {}


def _hidden(view: PairView, beta: float = BETA) -> dict[str, Any]:
    return {"view": view, "beta": beta, "figures": view.figures(beta)}
