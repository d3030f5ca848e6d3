"""Suites and their runs as rows: results by tag, what changed between two runs, and the scenarios that were lost."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.utils.translation import gettext

from labeling.models import Campaign
from training.errors import CannotCompareRuns
from training.evaluation.suites import (
    MUST_HOLD,
    Changes,
    Check,
    CheckOutcome,
    JudgeFigures,
    JudgeOpinion,
    Outcome,
    TagFigures,
    changes,
    decided_by_people,
    figures_by_tag,
    figures_of,
    judge_figures,
    parse_check,
    with_answers,
)
from training.generation import SamplingSettings
from training.models import (
    ACTIVE_STATUSES,
    ModelVersion,
    ScenarioAnswer,
    ScenarioResult,
    Suite,
    SuiteRun,
    SuiteVersion,
)

GREEDY: dict[str, Any] = {"temperature": 0.0, "top_p": 1.0, "max_tokens": 256}
"""The likeliest token each time: two runs differ by their versions alone."""


def suites_of(campaign: Campaign) -> QuerySet[Suite]:
    """The suites of a campaign by name, with their versions, newest first, without the scenarios."""
    newest = Prefetch("versions", SuiteVersion.objects.defer("scenarios").select_related("by").order_by("-number"))
    return Suite.objects.filter(campaign=campaign).prefetch_related(newest).order_by("name", "pk")


def results_of(run: SuiteRun) -> list[ScenarioResult]:
    """The results of a run in the suite's order, with people's answers that count."""
    answers = Prefetch("answers", ScenarioAnswer.objects.filter(undone_at__isnull=True).select_related("by"))
    results = list(run.results.defer("completion").prefetch_related(answers))
    for result in results:
        result.run = run  # so that its suite's version is read once
    return results


def newest_run(suite_version: SuiteVersion, version: ModelVersion) -> SuiteRun | None:
    """The newest run of a version on a suite's version that answered everything; None: there is none.

    Only runs with the default settings and seed are read: others would compare settings, not versions.
    """
    runs = answered(SuiteRun.objects.filter(suite_version=suite_version, version=version, seed=0))
    return runs.filter(settings=SamplingSettings(**GREEDY).as_dict()).order_by("-pk").first()


def answered(runs: QuerySet[SuiteRun]) -> QuerySet[SuiteRun]:
    """Those in which no scenario waits for an answer. The model judge may still be at work on them."""
    waiting = ScenarioResult.objects.filter(run=OuterRef("pk"), status=ScenarioResult.Status.WAITING)
    return runs.filter(~Exists(waiting))


def is_answered(run: SuiteRun) -> bool:
    """Whether no scenario of a run waits for an answer."""
    return not run.results.filter(status=ScenarioResult.Status.WAITING).exists()


def active_run(suite_version: SuiteVersion, version: ModelVersion) -> SuiteRun | None:
    """The run of a version on a suite's version that is queued or at work; None: there is none."""
    runs = SuiteRun.objects.filter(suite_version=suite_version, version=version, status__in=ACTIVE_STATUSES)
    return runs.first()


# --- Outcomes ---


def checks_of(result: ScenarioResult) -> list[Check]:
    """The checks of a result's scenario."""
    return [parse_check(check) for check in result.given["checks"]]


def opinions_of(result: ScenarioResult) -> dict[int, JudgeOpinion]:
    """The model judge's opinions about a result, by the check's place."""
    return {place: JudgeOpinion.from_json(one["judge"]) for place, one in enumerate(result.checks) if "judge" in one}


def answers_of(result: ScenarioResult) -> dict[int, list[str]]:
    """People's answers about a result that count, by the check's place."""
    answers: defaultdict[int, list[str]] = defaultdict(list)
    for answer in result.answers.all():
        if answer.undone_at is None:
            answers[answer.check_number].append(answer.answer)
    return answers


def judged_results(campaign: Campaign) -> QuerySet[ScenarioResult]:
    """The results of a campaign about which the model judge was asked."""
    return ScenarioResult.objects.filter(run__campaign=campaign, checks__contains=[{"judge": {}}])


def judges_of(campaign: Campaign) -> dict[str, JudgeFigures]:
    """By the judge's model: its flip rate in a campaign, and its agreement with the people there. Latest asked last."""
    opinions: defaultdict[str, list[tuple[JudgeOpinion, Outcome]]] = defaultdict(list)
    latest = ""
    for result in judged_results(campaign).only("checks").order_by("pk").prefetch_related("answers"):
        answers = answers_of(result)
        for place, one in opinions_of(result).items():
            opinions[one.model].append((one, decided_by_people(answers.get(place, ()))))
            latest = one.model
    models = sorted(opinions, key=lambda model: model == latest)
    return {model: judge_figures(opinions[model]) for model in models}


def counting_in(judges: Mapping[str, JudgeFigures]) -> frozenset[str]:
    """The models whose opinions settle checks. The agreement of one model says nothing about another."""
    return frozenset(model for model, figures in judges.items() if figures.counts)


def counting_judges(campaign: Campaign) -> frozenset[str]:
    """See `counting_in`."""
    return counting_in(judges_of(campaign))


def judge_figures_of(campaign: Campaign) -> JudgeFigures:
    """The figures of the model that judged a campaign's texts last."""
    return next(reversed(judges_of(campaign).values()), judge_figures(()))


def check_outcomes(result: ScenarioResult, *, counting: Collection[str]) -> list[tuple[Check, CheckOutcome]]:
    """Each check of a result and its outcome, with people's answers; nothing for a scenario without an answer.

    counting: the models of judges that settle checks: see `counting_judges`, which is asked once for many results.
    """
    if result.status != ScenarioResult.Status.WRITTEN:
        return []
    checks = checks_of(result)
    stored = [CheckOutcome(one["outcome"], one["text"], one["values"]) for one in result.checks]
    settled = with_answers(checks, stored, answers_of(result), opinions_of(result), counting=counting)
    return list(zip(checks, settled, strict=True))


def outcome_of(result: ScenarioResult) -> Outcome:
    return cast(Outcome, str(result.outcome))


def reason_of(outcome: CheckOutcome) -> str:
    """The reason of an outcome in the active language; empty if it passed."""
    text = gettext(outcome.text) if outcome.text else ""
    return text % outcome.values if outcome.values else text


def figures_of_run(results: Sequence[ScenarioResult]) -> tuple[TagFigures, list[TagFigures]]:
    """The figures of all results together, and by tag."""
    return (
        figures_of("", [outcome_of(result) for result in results]),
        figures_by_tag([(result.tag, outcome_of(result)) for result in results]),
    )


# --- Two runs ---


@dataclass(frozen=True)
class RunComparison:
    """Two runs of one suite, over the scenarios that are the same in both.

    pairs: the results of each scenario, by its id. changed: how many scenarios only one of the runs has as they are.
    """

    before: SuiteRun
    after: SuiteRun
    pairs: dict[str, tuple[ScenarioResult, ScenarioResult]]
    changes: Changes
    changed: int

    @property
    def is_like(self) -> bool:
        """Whether both runs have the same sampling settings and seed, so that only the versions differ."""
        return (self.before.settings, self.before.seed) == (self.after.settings, self.after.seed)

    def rows(self, keys: Iterable[str]) -> list[tuple[ScenarioResult, ScenarioResult]]:
        return [self.pairs[key] for key in keys]


def compare_runs(before: SuiteRun, after: SuiteRun) -> RunComparison:
    """The changes from one run to another: of two versions, or of one at two times."""
    earlier = {result.scenario: result for result in results_of(before)}
    later = results_of(after)
    pairs = {
        result.scenario: (earlier[result.scenario], result)
        for result in later
        if result.scenario in earlier and earlier[result.scenario].scenario_hash == result.scenario_hash
    }
    found = changes(
        {key: outcome_of(one) for key, (one, _) in pairs.items()},
        {key: outcome_of(other) for key, (_, other) in pairs.items()},
    )
    return RunComparison(before, after, pairs, found, len({*earlier, *(each.scenario for each in later)}) - len(pairs))


def checked_comparison(before: SuiteRun, after: SuiteRun) -> RunComparison:
    """The changes between two runs. Raises CannotCompareRuns."""
    require_comparable(before, after)
    return compare_runs(before, after)


def require_comparable(before: SuiteRun, after: SuiteRun) -> None:
    """Raises CannotCompareRuns unless both are of one suite and have all their answers."""
    same = before.suite_version.suite_id == after.suite_version.suite_id and before.pk != after.pk
    if not same or not (is_answered(before) and is_answered(after)):
        raise CannotCompareRuns


def choices_of(earlier: ScenarioResult, later: ScenarioResult) -> dict[str, JudgeOpinion]:
    """By judge: which of two answers to one scenario it prefers. passed: the later one; failed: the earlier one."""
    stored = later.choices.get(str(earlier.pk), {})
    return {judge: JudgeOpinion.from_json(one) for judge, one in stored.items()}


@dataclass(frozen=True, slots=True)
class LostScenarios:
    """The scenarios of the tags that must hold which a version failed and another passed, as "suite: scenario".

    compared: how many of these tags both had decided. passed: the share that the version passed of those of these tags
    that are decided; None: none is.
    """

    lost: list[str]
    compared: int
    passed: float | None


def lost_scenarios(version: ModelVersion, others: Iterable[ModelVersion], campaign: Campaign) -> LostScenarios | None:
    """The scenarios that a version lost against others on the campaign's suites as they are now.

    None: nothing could be compared.
    """
    lost: dict[str, None] = {}
    compared: set[str] = set()
    passed: dict[str, bool] = {}
    rivals = {other.pk: other for other in others if other.pk != version.pk}
    for suite in suites_of(campaign):
        run = newest_run(suite.current, version)
        earlier = [newest_run(suite.current, other) for other in rivals.values()] if run else []
        for before in filter(None, earlier):
            assert run is not None
            comparison = compare_runs(before, run)
            kept = {key for key, (_, after) in comparison.pairs.items() if after.tag in MUST_HOLD}
            decided = [*comparison.changes.lost, *comparison.changes.won, *comparison.changes.same]
            compared |= {f"{suite.slug}: {key}" for key in decided if key in kept}
            lost |= {f"{suite.slug}: {key}": None for key in comparison.changes.lost if key in kept}
            outcomes = {f"{suite.slug}: {key}": outcome_of(comparison.pairs[key][1]) for key in kept}
            passed |= {name: outcome == "passed" for name, outcome in outcomes.items() if outcome != "unknown"}
    share = sum(passed.values()) / len(passed) if passed else None
    return LostScenarios(list(lost), len(compared), share) if compared else None
