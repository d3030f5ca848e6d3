"""Next steps after two runs of a suite: comparisons for people of what changed, and prompts of a campaign."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from labeling.access import require_may_change
from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.actions.comparisons import AddedComparisons, add_comparisons
from labeling.actions.prompts import AddedPrompts, PromptDraft, add_prompts
from labeling.events.record import record
from labeling.models import User
from training.errors import NothingChosen
from training.evaluation.suite_results import RunComparison, checked_comparison, choices_of, opinions_of
from training.models import ScenarioResult, SuiteRun


def compare_by_people(
    *, before: SuiteRun, after: SuiteRun, scenarios: Iterable[str], acting_user: User | None, now: datetime
) -> AddedComparisons:
    """Adds the two answers to each chosen scenario to the campaign as a comparison, which annotators judge as others.

    Its metadata name the suite, the scenario and the runs; annotators do not see them. Equal answers are dropped.
    Raises NothingChosen, CannotCompareRuns, NotAllowed, NotFound.
    """
    campaign = after.campaign
    require_may_change(acting_user, campaign)
    comparison = checked_comparison(before, after)
    chosen = set(scenarios)
    rows = [comparison.pairs[key] for key in comparison.pairs if key in chosen]
    completions = _completions([result.pk for pair in rows for result in pair])
    drafts = [
        ComparisonDraft(
            prompt=later.given["messages"],
            first=_draft(completions[later.pk]),
            second=_draft(completions[earlier.pk]),
            metadata=_metadata(comparison, later),
        )
        for earlier, later in rows
        if later.pk in completions and earlier.pk in completions
    ]
    if not drafts:
        raise NothingChosen
    suite = after.suite_version.suite
    with transaction.atomic():
        added = add_comparisons(
            campaign=campaign, drafts=drafts, source=f"suite {suite.slug}", acting_user=acting_user, now=now
        )
        values = {"suite": suite.slug, "created": added.created, "scenarios": len(drafts)}
        record("suite_run.compared", after, acting_user=acting_user, now=now, campaign=campaign, after=values)
    return added


def _draft(values: dict[str, Any]) -> CompletionDraft:
    """The completion as the run wrote it, with its token ids."""
    return CompletionDraft(**{**values, "turns": tuple(values.get("turns", ()))})


def _completions(results: list[int]) -> dict[int, dict[str, Any]]:
    """The whole completions of results that have one."""
    rows = ScenarioResult.objects.filter(pk__in=results, completion__isnull=False)
    return dict(rows.values_list("pk", "completion"))  # type: ignore[arg-type]


def _metadata(comparison: RunComparison, later: ScenarioResult) -> dict[str, Any]:
    version = comparison.after.suite_version
    return {
        "suite": version.suite.slug,
        "suite_version": version.number,
        "scenario": later.scenario,
        "tag": later.tag,
        "suite_runs": [comparison.before.pk, comparison.after.pk],
        "lost": later.scenario in comparison.changes.lost,
        **_opinions(*comparison.pairs[later.scenario]),
        **_choices(*comparison.pairs[later.scenario]),
    }


def _opinions(earlier: ScenarioResult, later: ScenarioResult) -> dict[str, Any]:
    """The model judge's opinions about both answers, where it has any: they mark a comparison, and judge nothing."""
    sides = {"before": opinions_of(earlier), "after": opinions_of(later)}
    said = {side: [one.outcome for one in opinions.values()] for side, opinions in sides.items() if opinions}
    return {"model_judge": said} if said else {}


def _choices(earlier: ScenarioResult, later: ScenarioResult) -> dict[str, Any]:
    """The answers that judges chose, by judge: they mark a comparison as well, and are no votes."""
    sides = {"passed": "after", "failed": "before"}
    chosen = {judge: sides.get(one.outcome, "none") for judge, one in choices_of(earlier, later).items()}
    return {"chosen_by_judges": chosen} if chosen else {}


def make_prompts(*, run: SuiteRun, scenarios: Iterable[str], acting_user: User | None, now: datetime) -> AddedPrompts:
    """Adds the chosen scenarios of a run's suite to its campaign as prompts. Raises NothingChosen, NotAllowed."""
    require_may_change(acting_user, run.campaign)
    chosen = set(scenarios)
    suite = run.suite_version.suite
    drafts = [
        PromptDraft(
            scenario["messages"],
            external_id=f"{suite.slug}/{scenario['id']}",
            tags=("suite", scenario["tag"]),
            metadata={"suite": suite.slug, "scenario": scenario["id"]},
        )
        for scenario in run.suite_version.scenarios
        if scenario["id"] in chosen
    ]
    if not drafts:
        raise NothingChosen(_("Choose at least one scenario."))
    return add_prompts(campaign=run.campaign, prompts=drafts, acting_user=acting_user, now=now)
