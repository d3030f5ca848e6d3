"""A suite run with its figures and answers, and two runs side by side with what can follow from them."""

from collections.abc import Callable, Collection
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from labeling.web.csv_tables import csv_file
from labeling.web.edge import act, form_of, page, person
from training.access import visible_suite_runs, visible_versions
from training.actions.suite_follow_ups import compare_by_people, make_prompts
from training.actions.suite_runs import Choosing, ask_judge, cancel_suite_run, resume_suite_run
from training.errors import CannotCompareRuns
from training.evaluation.pair_judges import (
    REWARD_MODEL,
    REWARD_OF,
    Choices,
    choices_about,
    choices_between,
    judged_between,
)
from training.evaluation.suite_results import (
    RunComparison,
    answered,
    check_outcomes,
    checked_comparison,
    counting_in,
    counting_judges,
    figures_of_run,
    judges_of,
    opinions_of,
    require_comparable,
    results_of,
)
from training.evaluation.suites import LEAST_COMPARED, TagFigures, lacks_opinion
from training.models import JobStatus, ScenarioResult, SuiteRun
from training.queries.waiting import Waiting
from training.web.jobs import STOPPED, STOPPING
from training.web.suite_words import check_rows, tag_label

OUTCOMES = ("failed", "unknown", "passed")
OTHERS_OFFERED = 30


def _visible(request: HttpRequest, pk: int) -> SuiteRun:
    runs = visible_suite_runs(person(request)).select_related("campaign", "version__run", "suite_version__suite")
    return get_object_or_404(runs, pk=pk)


@page
@require_safe
def suite_run(request: HttpRequest, pk: int) -> HttpResponse:
    """The figures by tag and every answer; `outcome`: only those of it."""
    run = _visible(request, pk)
    results = results_of(run)
    total, tags = figures_of_run(results)
    judges = judges_of(run.campaign)
    counting = counting_in(judges)
    outcome = request.GET.get("outcome", "")
    chosen = [result for result in results if outcome not in OUTCOMES or result.outcome == outcome]
    others = answered(SuiteRun.objects.filter(suite_version__suite=run.suite_version.suite))
    context = {
        "run": run,
        "suite": run.suite_version.suite,
        "campaign": run.campaign,
        "total": _row(total),
        "tags": [_row(one) for one in tags],
        "results": [_shown(result, counting) for result in chosen],
        "judges": judges.items(),
        "asks_judge": bool(settings.JUDGE_URLS) and run.status == JobStatus.FINISHED and _lacks_opinions(results),
        "least_compared": LEAST_COMPARED,
        "outcome": outcome if outcome in OUTCOMES else "",
        "others": others.exclude(pk=pk).select_related("version").order_by("-pk")[:OTHERS_OFFERED],
        "wait": Waiting(person(request), now=timezone.now()).of(run),
        "snapshot": run.version.run.snapshot_id if run.version.run else None,
        "tab": "suites",
    }
    return render(request, "training/suite_run.html", context)


def _row(figures: TagFigures) -> dict[str, Any]:
    low, high = figures.interval
    label = tag_label(figures.tag) if figures.tag else _("All")
    return {"label": label, "figures": figures, "low": low, "high": high}


def _lacks_opinions(results: list[ScenarioResult]) -> bool:
    """Whether a rubric has no readable opinion of the model judge yet."""
    return any(
        check["kind"] == "judge" and lacks_opinion(opinions_of(result).get(place))
        for result in results
        if result.status == ScenarioResult.Status.WRITTEN
        for place, check in enumerate(result.given["checks"])
    )


def _shown(result: ScenarioResult, counting: Collection[str]) -> dict[str, Any]:
    given = result.given
    return {
        "result": result,
        "tag": tag_label(result.tag),
        "question": given["messages"][-1]["content"],
        "note": given.get("note", ""),
        "checks": check_rows(check_outcomes(result, counting=counting)),
        "critiques": [opinion.critique for opinion in opinions_of(result).values() if opinion.critique],
    }


@page
@require_safe
def suite_compare(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """The changes from one run (`other`) to another, with both texts."""
    after, before = _visible(request, pk), _visible(request, other)
    context: dict[str, Any] = {"before": before, "after": after, "campaign": after.campaign, "tab": "suites"}
    context["suite"] = after.suite_version.suite
    try:
        comparison = checked_comparison(before, after)
    except CannotCompareRuns as error:
        return render(request, "training/suite_compare.html", context | {"problem": error.message}, status=error.status)
    context |= {
        "choices": _labelled(choices_between(comparison)),
        "judges": _judges(request),
        "least_compared": LEAST_COMPARED,
    }
    return render(request, "training/suite_compare.html", context | _compared(comparison))


@page
@require_safe
def suite_choices_table(request: HttpRequest, pk: int, other: int) -> StreamingHttpResponse:
    """The choices of judges between two runs as CSV: a line for each scenario and judge."""
    after, before = _visible(request, pk), _visible(request, other)
    require_comparable(before, after)
    columns = ("scenario", "tag", "judge", "chosen", "in_order", "swapped", "flipped", "critique")
    rows = (
        [getattr(one, name) for name in columns]
        for result in judged_between(before, after).iterator(500)
        for one in choices_about(result, result.earlier)
    )
    return csv_file(f"{after.suite_version.suite.slug}-choices-{other}-{pk}", (columns, rows))


def _compared(comparison: RunComparison) -> dict[str, Any]:
    changes, counting = comparison.changes, counting_judges(comparison.after.campaign)
    figures = [figures_of_run([pair[place] for pair in comparison.pairs.values()]) for place in (0, 1)]
    tags = zip(figures[0][1], figures[1][1], strict=True)
    return {
        "comparison": comparison,
        "tags": [(_row(one), _row(other)) for one, other in tags],
        "totals": (_row(figures[0][0]), _row(figures[1][0])),
        "groups": [
            {"key": key, "rows": [tuple(_shown(one, counting) for one in pair) for pair in comparison.rows(keys)]}
            for key, keys in (("lost", changes.lost), ("won", changes.won), ("open", changes.open))
            if keys
        ],
    }


@page
@form_of("suite_compare", "pk", "other")
def suite_compare_judge(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Has a judge asked which answers of two runs are better: a version's reward, or the server if none is named."""
    after, before = _visible(request, pk), _visible(request, other)

    def errand() -> str:
        name = request.POST.get("judge", "")
        version = get_object_or_404(visible_versions(person(request)), name=name) if name else None
        choosing = Choosing(before, version)
        ask_judge(run=after, acting_user=person(request), now=timezone.now(), choosing=choosing)
        return _("The judge is being asked.")

    return act(request, errand, back=reverse("suite_compare", args=[pk, other]))


def _labelled(choices: list[Choices]) -> list[tuple[str, Choices]]:
    """The choices with their judges' names for people."""
    texts = {REWARD_OF: _("Implicit reward of %(name)s"), REWARD_MODEL: _("Reward model %(name)s")}

    def label(judge: str) -> str:
        kind = next((kind for kind in texts if judge.startswith(kind)), None)
        return texts[kind] % {"name": judge.removeprefix(kind)} if kind else judge

    return [(label(one.judge), one) for one in choices]


def _judges(request: HttpRequest) -> list[tuple[str, str]]:
    """The judges that can choose, as values and labels: the server, and the versions that have a reward."""
    versions = visible_versions(person(request)).filter(files_removed_at=None).exclude(adapter_dir="")
    names = versions.order_by("-pk").values_list("name", flat=True)[:OTHERS_OFFERED]
    rewards = [(name, _("Implicit reward of %(name)s") % {"name": name}) for name in names]
    return ([("", settings.JUDGE_MODEL or _("Model judge"))] if settings.JUDGE_URLS else []) + rewards


@page
@form_of("suite_compare", "pk", "other")
def suite_follow_up(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Makes comparisons for people of the chosen scenarios, or prompts of the campaign."""
    after, before = _visible(request, pk), _visible(request, other)
    scenarios = request.POST.getlist("scenario")
    by: dict[str, Any] = {"scenarios": scenarios, "acting_user": person(request), "now": timezone.now()}

    def compare() -> str:
        added = compare_by_people(before=before, after=after, **by)
        if not added.created:
            return _("No comparison was added: the answers are the same, or the campaign has them already.")
        text = ngettext("%(count)s comparison was added.", "%(count)s comparisons were added.", added.created)
        return text % {"count": added.created}

    def prompts() -> str:
        added = make_prompts(run=after, **by)
        if not added.created:
            return _("No prompt was added: the campaign has them already.")
        return ngettext("%(count)s prompt was added.", "%(count)s prompts were added.", added.created) % {
            "count": added.created
        }

    errand = prompts if request.POST.get("make") == "prompts" else compare
    return act(request, errand, back=reverse("suite_compare", args=[pk, other]))


def _acted(request: HttpRequest, pk: int, errand: Callable[[SuiteRun], str]) -> HttpResponse:
    """Does something to a run that the reader may see, says what, and leads back to its page."""
    run = _visible(request, pk)
    return act(request, lambda: errand(run), back=reverse("suite_run", args=[pk]))


@page
@form_of("suite_run", "pk")
def suite_run_judge(request: HttpRequest, pk: int) -> HttpResponse:
    """Has the model judge asked about the rubrics that it has no opinion on."""

    def errand(run: SuiteRun) -> str:
        ask_judge(run=run, acting_user=person(request), now=timezone.now())
        return _("The model judge is being asked.")

    return _acted(request, pk, errand)


@page
@form_of("suite_run", "pk")
def suite_run_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancels a run."""

    def errand(run: SuiteRun) -> str:
        cancelled = cancel_suite_run(run=run, acting_user=person(request), now=timezone.now())
        return str(STOPPING if cancelled.is_active else STOPPED)

    return _acted(request, pk, errand)


@page
@form_of("suite_run", "pk")
def suite_run_resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Resumes a run that failed or was cancelled."""

    def errand(run: SuiteRun) -> str:
        resume_suite_run(run=run, acting_user=person(request), now=timezone.now())
        return _("It continues with the scenarios that have no answer yet.")

    return _acted(request, pk, errand)
