"""Comparing runs: their settings, their results, and their curves on the same charts."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from common.numbers import whole_number
from common.templatetags.figures import figure, grouped, percent
from common.wording import DASH
from labeling.web.edge import page, person
from training.access import require_any_lead, visible_runs
from training.engine.config import RunConfig
from training.models import ModelVersion, Run
from training.queries.jobs import run_metrics
from training.web.run import start_loss
from training.web.setting_labels import setting_label, setting_value

MOST = 4
"""There are as many colours for curves."""
OFFERED = 30

MEASURED_ON = ("evaluated", "progress")
"""The events of curves: measured on held-out pairs, or on the batch of each step."""

CHARTS = (
    ("loss", gettext_lazy("Loss"), {"term": "loss"}),
    (
        "reward_accuracy",
        gettext_lazy("Reward accuracy"),
        {"level": 0.5, "level_name": gettext_lazy("Chance"), "percent": True, "term": "reward_accuracy"},
    ),
    ("margin", gettext_lazy("Margin"), {"level": 0, "term": "margin"}),
    ("chosen_logratio", gettext_lazy("Log-ratio of the chosen"), {"level": 0, "term": "log_ratio"}),
    ("rejected_logratio", gettext_lazy("Log-ratio of the rejected"), {"level": 0}),
    ("kl", gettext_lazy("Drift (KL), nats per completion"), {"level": 0, "log": True, "term": "kl"}),
)


@page
@require_safe
def compare_runs(request: HttpRequest) -> HttpResponse:
    """The page. `run`, repeated, names runs; the default are the newest two. `on`: `evaluated` or `progress`."""
    user = person(request)
    require_any_lead(user)
    visible = visible_runs(user).select_related("campaign", "parent", "snapshot", "version").order_by("-pk")
    offered = list(visible[:OFFERED])
    runs = _named(request, visible) or [run for run in offered if run.status == "finished"][:2] or offered[:2]
    runs = sorted(runs, key=lambda run: run.pk)[:MOST]
    on = request.GET.get("on", "")
    on = on if on in MEASURED_ON else MEASURED_ON[0]
    curves = [{"label": _label(run), "lines": _lines(run, on)} for run in runs]
    charts = [(name, what, manner | _start(name, runs)) for name, what, manner in CHARTS if _has(curves, name)]
    context: dict[str, Any] = {
        "runs": runs,
        "offered": [run for run in offered if run not in runs],
        "most": MOST,
        "on": on,
        "rows": [(what, list(zip(runs, values, strict=True))) for what, values in [*_settings(runs), *_results(runs)]],
        "same_labels": len({run.snapshot.content_hash for run in runs}) < 2,
        "curves": curves,
        "steps": max((run.total for run in runs), default=0),
        "charts": charts,
        "table": _table(curves, charts),
        "nav": "versions",
    }
    return render(request, "training/compare_runs.html", context)


def _named(request: HttpRequest, visible: QuerySet[Run]) -> list[Run]:
    numbers = {number for text in request.GET.getlist("run") if (number := whole_number(text)) is not None}
    runs = list(visible.filter(pk__in=numbers))
    if len(runs) < len(numbers):
        missing = sorted(numbers - {run.pk for run in runs})
        raise Http404(_("There is no run %(number)s among those you may see.") % {"number": missing[0]})
    return runs


def _label(run: Run) -> str:
    return f"{run.pk}, beta {RunConfig.from_mapping(run.config).beta}"


def _lines(run: Run, on: str) -> list[dict[str, Any]]:
    """The figures of the charts at each step, as far as they were measured."""
    names = [name for name, _what, _manner in CHARTS]
    metrics = [metric for metric in run_metrics(run) if metric.event == on]
    return [
        {"step": metric.step, **{name: metric.values[name] for name in names if metric.values.get(name) is not None}}
        for metric in metrics
    ]


def _start(name: str, runs: list[Run]) -> dict[str, Any]:
    """The loss without a preference, as the level of the loss's chart, where all the runs have the same."""
    starts = {start_loss(run.config) for run in runs}
    if name != "loss" or len(starts) != 1 or starts == {None}:
        return {}
    return {"level": starts.pop(), "level_name": _("Without a preference")}


def _has(curves: list[dict[str, Any]], name: str) -> bool:
    return any(name in line for curve in curves for line in curve["lines"])


def _table(curves: list[dict[str, Any]], charts: list[Any]) -> list[tuple[str, int, list[str]]]:
    """Run, step, and the figures of the charts as text."""
    return [
        (
            curve["label"],
            line["step"],
            [
                percent(line.get(name)) if manner.get("percent") else figure(line.get(name), 4)
                for name, _what, manner in charts
            ],
        )
        for curve in curves
        for line in curve["lines"]
    ]


def _settings(runs: list[Run]) -> list[tuple[str, list[str]]]:
    """Their parents, their pairs, and the settings in which they differ; beta in any case."""
    rows = [
        (_("From"), [run.parent.name for run in runs]),
        (_("Pairs"), [f"{grouped(run.snapshot.train_pairs)} + {grouped(run.snapshot.test_pairs)}" for run in runs]),
        (_("Labels (snapshot)"), [run.snapshot.content_hash[:12] for run in runs]),
    ]
    used = [RunConfig.from_mapping(run.config).as_dict() for run in runs]
    for name in RunConfig().as_dict():
        values = [settings[name] for settings in used]
        if name == "beta" or len({repr(value) for value in values}) > 1:
            rows.append((setting_label(name), [setting_value(value, name) for value in values]))
    return rows


def _results(runs: list[Run]) -> list[tuple[str, list[str]]]:
    """The figures of their versions on held-out pairs."""
    versions = [getattr(run, "version", None) for run in runs]
    metrics = [version.metrics if version else {} for version in versions]
    rows = [
        (_("Version"), [version.name if version else DASH for version in versions]),
        (_("Held-out reward accuracy"), [percent(one.get("reward_accuracy")) for one in metrics]),
        (_("Compared with chance"), [_finding(version) for version in versions]),
        (_("Held-out loss"), [figure(one.get("loss")) for one in metrics]),
        (_("Mean margin"), [figure(one.get("margin")) for one in metrics]),
        (_("KL from its reference, nats per completion"), [figure(one.get("kl")) for one in metrics]),
    ]
    return [row for row in rows if any(value != DASH for value in row[1])]


def _finding(version: ModelVersion | None) -> str:
    """Whether its held-out accuracy can be told from chance."""
    finding = version.held_out if version else None
    labels = {"better": _("better"), "unclear": _("not shown to be better"), "worse": _("worse")}
    return labels[finding.finding] if finding else DASH
