"""The gate's figure of suites: lost scenarios of the tags that must hold, against the parent and what serves."""

from typing import Any

import pytest
from django.utils import timezone

from common.sentences import Sentence
from labeling.models import Campaign
from tests.training.conftest import NOW
from tests.training.jobs.scripted import Scripted
from tests.training.suites import finished_run, scenario, scenarios, small_suite
from training import memory
from training.actions.suite_runs import ask_judge, start_suite_run
from training.actions.suites import save_suite
from training.generation import GeneratorUnavailable
from training.jobs import gate_suites, suites
from training.jobs.gate_suites import suite_figures
from training.jobs.suites import run_suite_job
from training.models import DEFAULT_RULES, GateRule, JobStatus, ModelVersion, SuiteRun, gate_results

pytestmark = pytest.mark.django_db


def test_a_version_that_loses_a_harmless_scenario_is_held_back_and_the_scenario_is_named(
    campaign: Campaign, base: ModelVersion, trained: ModelVersion
) -> None:
    suite = small_suite(campaign)
    finished_run(suite, base, {})
    finished_run(suite, trained, {"calm": "bad", "short": "far too long for the format"})
    figures = suite_figures(trained, base, campaign)
    assert figures == {
        "scenarios_lost": 1,
        "scenarios_lost_names": ["small: calm"],
        "scenarios_compared": 2,
        "scenarios_passed": 0.5,
    }
    (result,) = gate_results([rule for rule in DEFAULT_RULES if rule.figure == "scenarios_lost"], figures)
    assert (result.outcome, result.holds) == ("failed", True)
    assert "small: calm" in result.sentence
    assert not GateRule("scenarios_lost", 1).result(figures).holds


def test_a_floor_of_passed_scenarios_holds_back_a_version_whose_parent_failed_them_too(
    campaign: Campaign, base: ModelVersion, trained: ModelVersion
) -> None:
    suite = small_suite(campaign)
    for version in (base, trained):
        finished_run(suite, version, {"calm": "bad"})
    figures = suite_figures(trained, base, campaign)
    assert (figures["scenarios_lost"], figures["scenarios_passed"]) == (0, 0.5)
    result = GateRule("scenarios_passed", 0.75).result(figures)
    assert (result.outcome, result.holds) == ("failed", True)
    assert "Only 50.0 % of the scenarios" in result.sentence
    assert GateRule("scenarios_passed", 0.5).result(figures).outcome == "met"


def test_missing_runs_are_made_for_the_version_its_parent_and_what_serves(
    campaign: Campaign, base: ModelVersion, trained: ModelVersion
) -> None:
    small_suite(campaign)
    source = Scripted(lambda request, _: "good")
    figures = suite_figures(trained, base, campaign, source_of=source.source)
    assert figures["scenarios_lost"] == 0
    assert {run.version for run in SuiteRun.objects.filter(status=JobStatus.FINISHED)} == {base, trained}
    suite_figures(trained, base, campaign, source_of=source.source)
    assert SuiteRun.objects.count() == 2


def test_without_a_suite_or_with_one_that_is_kept_out_the_rule_is_ignored(
    campaign: Campaign, base: ModelVersion, trained: ModelVersion
) -> None:
    assert suite_figures(trained, base, campaign) == {}
    suite = small_suite(campaign)
    save_suite(
        suite=suite,
        scenarios=scenarios(*suite.current.scenarios),
        acting_user=None,
        now=NOW,
        before_gate=False,
    )
    assert suite_figures(trained, base, campaign) == {}
    assert not SuiteRun.objects.exists()
    assert GateRule("scenarios_lost", 0, "ignore").result({}).outcome == "ignored"


def test_scenarios_that_nobody_decided_are_no_loss(
    campaign: Campaign, base: ModelVersion, trained: ModelVersion
) -> None:
    open_question = scenario("kind", {"kind": "person", "question": "Is it kind?"}, tag="harmless")
    suite = small_suite(campaign, open_question)
    finished_run(suite, base, {})
    finished_run(suite, trained, {})
    assert suite_figures(trained, base, campaign) == {}


def test_only_the_suites_newest_version_counts(campaign: Campaign, base: ModelVersion, trained: ModelVersion) -> None:
    suite = small_suite(campaign)
    finished_run(suite, base, {})
    finished_run(suite, trained, {"calm": "bad"})
    save_suite(
        suite=suite,
        scenarios=scenarios(scenario("new", tag="harmless")),
        acting_user=None,
        now=NOW,
    )
    source = Scripted(lambda request, _: "good")
    figures = suite_figures(trained, base, campaign, source_of=source.source)
    assert (figures["scenarios_lost"], figures["scenarios_compared"]) == (0, 1)


def test_a_server_that_stays_away_ends_the_gates_run_and_leaves_it_to_be_resumed(
    campaign: Campaign, base: ModelVersion, trained: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suites, "LONGEST_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(gate_suites, "PATIENCE_SECONDS", 0.0)
    small_suite(campaign)
    source = Scripted(lambda request, _: GeneratorUnavailable("Away."))
    figures = suite_figures(trained, base, campaign, source_of=source.source)
    assert held_back(figures) == (
        f"The suite Small was not run on {trained.name}: Away. Evaluate again once it was run."
    )
    assert {(run.status, str(run.error)) for run in SuiteRun.objects.all()} == {("failed", "Away.")}


def held_back(figures: dict[str, Any]) -> str:
    """The sentence for which the default rule holds a version back, though it ignores campaigns without suites."""
    (rule,) = [rule for rule in DEFAULT_RULES if rule.figure == "scenarios_lost"]
    result = rule.result(figures)
    assert (result.outcome, result.holds, result.value) == ("missing", True, None)
    return str(result.sentence)


def test_a_run_that_another_worker_is_at_is_not_waited_for_and_the_gate_holds(
    campaign: Campaign, base: ModelVersion, trained: ModelVersion
) -> None:
    suite = small_suite(campaign)
    finished_run(suite, base, {})
    start_suite_run(suite_version=suite.current, version=trained, acting_user=None, now=timezone.now())
    SuiteRun.objects.filter(version=trained).update(
        status=JobStatus.RUNNING, worker="elsewhere:1:1", heartbeat_at=timezone.now()
    )
    assert "The run is not finished." in held_back(suite_figures(trained, base, campaign))


def test_a_run_that_waits_for_a_worker_is_taken_up(
    campaign: Campaign, base: ModelVersion, trained: ModelVersion
) -> None:
    suite = small_suite(campaign)
    finished_run(suite, base, {})
    start_suite_run(suite_version=suite.current, version=trained, acting_user=None, now=timezone.now())
    figures = suite_figures(trained, base, campaign, source_of=Scripted(lambda request, _: "good").source)
    assert (figures["scenarios_lost"], SuiteRun.objects.count()) == (0, 2)


def test_where_memory_is_short_the_gate_holds_and_says_so(
    campaign: Campaign, base: ModelVersion, trained: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_suite(campaign)
    wait = Sentence("Not beside %(job)s: jobs run one at a time here.", {"job": "Run 7"})
    monkeypatch.setattr(memory, "reason_to_wait", lambda job, **_: wait)
    assert "Not beside Run 7" in held_back(suite_figures(trained, base, campaign))


def test_a_version_whose_files_were_removed_holds_no_other_back(
    campaign: Campaign, base: ModelVersion, trained: ModelVersion
) -> None:
    small_suite(campaign)
    ModelVersion.objects.filter(pk=base.pk).update(files_removed_at=NOW)
    trained.refresh_from_db()
    source = Scripted(lambda request, _: "good")
    assert suite_figures(trained, None, campaign, source_of=source.source) == {}


def test_a_run_that_the_judge_is_asked_about_still_counts(
    campaign: Campaign, base: ModelVersion, trained: ModelVersion, settings: Any
) -> None:
    suite = small_suite(campaign)
    finished_run(suite, base, {})
    run = finished_run(suite, trained, {"calm": "bad"})
    settings.JUDGE_URLS = ["http://127.0.0.1:9/v1"]
    ask_judge(run=run, acting_user=None, now=NOW)
    figures = suite_figures(trained, base, campaign)
    assert figures["scenarios_lost_names"] == ["small: calm"]


@pytest.mark.parametrize("options", [{"settings": {"temperature": 1.0}}, {"seed": 7}])
def test_only_runs_with_the_default_settings_and_seed_are_compared(
    campaign: Campaign, base: ModelVersion, trained: ModelVersion, options: dict[str, Any]
) -> None:
    suite = small_suite(campaign)
    finished_run(suite, base, {})
    run = start_suite_run(suite_version=suite.current, version=trained, acting_user=None, now=NOW, **options)
    source = Scripted(lambda request, _: "bad")
    run_suite_job(run.pk, source_of=source.source)
    figures = suite_figures(trained, base, campaign, source_of=Scripted(lambda request, _: "good").source)
    assert (figures["scenarios_lost"], SuiteRun.objects.filter(version=trained).count()) == (0, 2)
