"""The page of a run: its progress, curves, settings and labels."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from labeling.web.edge import page, person
from training.access import visible_runs
from training.engine.config import RunConfig
from training.engine.loss_settings import loss_without_preference
from training.models import Run
from training.queries.jobs import run_metrics
from training.queries.serving import current_deployment
from training.queries.waiting import Waiting
from training.web.setting_labels import dropped_label, setting_label, setting_value, unused_label

FIGURES = ("loss", "margin", "reward_accuracy")


@page
@require_safe
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """The page; its curves come from the API and grow while the run is active."""
    runs = visible_runs(person(request)).select_related("campaign", "parent", "snapshot", "created_by")
    run = get_object_or_404(runs, pk=pk)
    version = getattr(run, "version", None)
    deployment = current_deployment()
    metrics = [{"event": metric.event, "step": metric.step, **metric.values} for metric in run_metrics(run)]
    dropped = run.snapshot.manifest.get("dropped", {})
    context = {
        "run": run,
        "simulated": run.snapshot.simulated or run.parent.simulated,
        "run_wait": Waiting(person(request), now=timezone.now()).of(run),
        "campaign": run.campaign,
        "version": version,
        "decision": run.decisions.first(),
        "serving": deployment.version if deployment else None,
        "metrics": metrics,
        "kept_step": kept_step(version.metrics, metrics) if version else None,
        "last_step": max((metric["step"] for metric in metrics), default=None),
        "has_kl": any("kl" in metric for metric in metrics),
        "settings": _settings(run),
        "dropped": [(dropped_label(reason), count) for reason, count in dropped.items() if count],
        "unused": [
            (unused_label(part, reason), count)
            for part, reasons in run.unused.items()
            for reason, count in sorted(reasons.items())
        ],
        "start_loss": start_loss(run.config),
        "nav": "home",
    }
    return render(request, "training/run.html", context)


def kept_step(figures: Mapping[str, Any], metrics: Sequence[Mapping[str, Any]]) -> int | None:
    """The step whose adapter became the version: the first evaluation with its figures. None: it cannot be told."""
    names = [name for name in FIGURES if name in figures]
    for metric in metrics:
        if metric["event"] == "evaluated" and names and all(metric.get(name) == figures[name] for name in names):
            return int(metric["step"])
    return None


def start_loss(config: dict[str, Any]) -> float | None:
    """The loss of a policy without a preference, with these settings of a run; None where it depends on the texts."""
    return loss_without_preference(RunConfig.from_mapping(config).loss_settings)


def _settings(run: Run) -> list[tuple[str, str, bool]]:
    """Label, value and whether it differs from the engine's default, for every setting of the run."""
    return [
        (setting_label(name), setting_value(value, name), name in run.config)
        for name, value in RunConfig.from_mapping(run.config).as_dict().items()
    ]
