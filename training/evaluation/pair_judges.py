"""How judges chose between the answers of suite runs, and how often people chose the same."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery, TextField
from django.db.models.functions import Cast

from labeling.models import Campaign, Verdict
from labeling.stats import wilson_interval
from training.evaluation.suite_results import RunComparison, choices_of
from training.evaluation.suites import JudgeFigures, JudgeOpinion, Outcome, judge_figures
from training.models import ScenarioResult, SuiteRun

REWARD_OF, REWARD_MODEL = "reward of ", "reward model "
"""How the names of judges begin that are rewards; others are models on a server."""


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices of one judge between two runs: how often it chose the later answer and the earlier one.

    trust: its figures in the whole campaign. They say whether its choices count.
    """

    judge: str
    later: int
    earlier: int
    none: int
    trust: JudgeFigures

    @property
    def share(self) -> float | None:
        """Of its choices, the later answers."""
        return self.later / (self.later + self.earlier) if self.later + self.earlier else None

    @property
    def interval(self) -> tuple[float, float]:
        return wilson_interval(self.later, self.later + self.earlier)


def choices_between(comparison: RunComparison) -> list[Choices]:
    """The choices of each judge that was asked about these two runs, by name."""
    outcomes: defaultdict[str, list[str]] = defaultdict(list)
    for earlier, later in comparison.pairs.values():
        for judge, opinion in choices_of(earlier, later).items():
            outcomes[judge].append(opinion.outcome)
    trust = pair_judges_of(comparison.after.campaign) if outcomes else {}
    return [
        Choices(judge, found.count("passed"), found.count("failed"), found.count("unknown"), trust[judge])
        for judge, found in sorted(outcomes.items())
    ]


CHOSEN = {"passed": "later", "failed": "earlier", "unknown": "none"}


@dataclass(frozen=True, slots=True)
class Choice:
    """The choice of one judge between the two answers to a scenario. chosen: later, earlier or none.

    in_order, swapped: its choices as they were shown and the other way round; critique: what it said first.
    """

    scenario: str
    tag: str
    judge: str
    chosen: str
    in_order: str
    swapped: str
    critique: str

    @property
    def flipped(self) -> bool:
        """Whether the order of the answers decided."""
        return {self.in_order, self.swapped} == {"later", "earlier"}


def choices_about(later: ScenarioResult, earlier: int) -> list[Choice]:
    """The choices of each judge between an answer and an earlier one of the same scenario, by the judges' names."""
    stored = later.choices.get(str(earlier), {})
    return [
        Choice(
            later.scenario,
            later.tag,
            judge,
            CHOSEN[opinion.outcome],
            CHOSEN[opinion.first],
            CHOSEN[opinion.swapped],
            opinion.critique,
        )
        for judge, opinion in sorted((judge, JudgeOpinion.from_json(one)) for judge, one in stored.items())
    ]


def judged_between(before: SuiteRun, after: SuiteRun) -> QuerySet[Any]:
    """The results of a run that a judge compared with those of an earlier one, in the suite's order.

    `earlier`: the id of the earlier result.
    """
    same = before.results.filter(scenario=OuterRef("scenario"), scenario_hash=OuterRef("scenario_hash"))
    earlier = after.results.annotate(earlier=Subquery(same.values("pk")[:1])).exclude(earlier=None)
    judged = earlier.filter(choices__has_key=Cast("earlier", TextField()))
    return judged.defer("completion", "checks").order_by("number", "pk")


def pair_judges_of(campaign: Campaign) -> dict[str, JudgeFigures]:
    """By judge: its flips in a campaign, and its agreement with the verdicts of people on the same two answers."""
    rows = ScenarioResult.objects.filter(run__campaign=campaign).exclude(choices={})
    results = list(rows.only("pk", "scenario", "text", "choices", "run"))
    verdicts = _verdicts(campaign) if results else {}
    opinions: defaultdict[str, list[tuple[JudgeOpinion, Outcome]]] = defaultdict(list)
    runs = dict(ScenarioResult.objects.filter(pk__in=_earlier(results)).values_list("pk", "run"))
    for result in results:
        for earlier, judges in result.choices.items():
            chosen = verdicts.get((result.scenario, runs.get(int(earlier)), result.run_id), "")
            people: Outcome = "unknown" if not chosen else "passed" if chosen == result.text else "failed"
            for judge, opinion in judges.items():
                opinions[judge].append((JudgeOpinion.from_json(opinion), people))
    return {judge: judge_figures(found, hides_sides=True) for judge, found in opinions.items()}


def _earlier(results: list[ScenarioResult]) -> Iterator[int]:
    for result in results:
        yield from map(int, result.choices)


def _verdicts(campaign: Campaign) -> dict[tuple[str, Any, Any], str]:
    """The text that people preferred, by scenario and runs, of the comparisons that were made of two runs."""
    rows = Verdict.objects.filter(campaign=campaign, winner__in=("a", "b"), comparison__metadata__has_key="suite_runs")
    rows = rows.exclude(comparison__judgments__annotator__is_simulated=True)  # a program is no person
    found = {}
    for verdict in rows.select_related("comparison__completion_a", "comparison__completion_b"):
        metadata = verdict.comparison.metadata or {}
        side = verdict.comparison.completion_a if verdict.winner == "a" else verdict.comparison.completion_b
        before, after = metadata["suite_runs"]
        found[metadata["scenario"], before, after] = side.text
    return found
