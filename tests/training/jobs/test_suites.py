"""Running suites: each answer is checked once, and what fails besides the version says nothing about it."""

from typing import Any

import pytest

from labeling.models import Campaign
from tests.training.conftest import NOW
from tests.training.jobs.scripted import Scripted
from tests.training.suites import finished_run, scenario, small_suite
from training import claims
from training.actions.suite_runs import cancel_suite_run, resume_suite_run, start_suite_run
from training.generation import GenerationFailure, GeneratorUnavailable
from training.jobs import suites
from training.jobs.suites import run_suite_job
from training.models import JobStatus, ModelVersion, ScenarioResult, SuiteRun

pytestmark = pytest.mark.django_db

Status = ScenarioResult.Status


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suites, "LONGEST_PAUSE_SECONDS", 0.0)


def queued(campaign: Campaign, version: ModelVersion) -> SuiteRun:
    suite = small_suite(campaign)
    return start_suite_run(suite_version=suite.current, version=version, acting_user=None, now=NOW)


def test_the_sampler_answers_greedily_and_every_answer_is_checked(campaign: Campaign, base: ModelVersion) -> None:
    suite = small_suite(campaign, scenario("any", {"kind": "length", "most": 9999}), scenario("none"))
    given: dict[str, Any] = {"suite_version": suite.current, "version": base, "settings": {"max_tokens": 8}}
    done = run_suite_job(start_suite_run(**given, acting_user=None, now=NOW).pk)
    assert done is not None
    assert (done.status, done.done, done.total, done.error) == (JobStatus.FINISHED, 2, 2, "")
    first, second = done.results.all()
    assert first.status == second.status == Status.WRITTEN
    assert first.text
    assert first.completion is not None
    assert first.completion["token_ids"]
    assert (first.outcome, second.outcome) == ("passed", "failed")
    again = start_suite_run(**given, acting_user=None, now=NOW)
    assert run_suite_job(again.pk) is not None
    assert [one.text for one in again.results.all()] == [first.text, second.text]


def test_outcomes_and_reasons_are_stored_check_by_check(campaign: Campaign, base: ModelVersion) -> None:
    run = finished_run(small_suite(campaign), base, {"calm": "bad", "short": "good, but much too long"})
    calm, modest, short = run.results.all()
    assert [calm.outcome, modest.outcome, short.outcome] == ["failed", "passed", "failed"]
    assert calm.checks == [{"outcome": "failed", "text": "It lacks “%(pattern)s”.", "values": {"pattern": "good"}}]


def test_a_failure_of_the_generator_is_unknown_and_never_a_failed_scenario(
    campaign: Campaign, base: ModelVersion
) -> None:
    run = queued(campaign, base)
    source = Scripted(lambda request, _: GenerationFailure(request.key, "Too long.", retryable=False))
    assert run_suite_job(run.pk, source_of=source.source) is not None
    results = list(run.results.all())
    assert {(one.status, one.outcome, str(one.reason)) for one in results} == {("failed", "unknown", "Too long.")}
    run.refresh_from_db()
    assert run.status == JobStatus.FINISHED


def test_a_temporary_failure_is_tried_again(campaign: Campaign, base: ModelVersion) -> None:
    run = queued(campaign, base)
    source = Scripted(
        lambda request, before: "good" if before else GenerationFailure(request.key, "Busy.", retryable=True)
    )
    assert run_suite_job(run.pk, source_of=source.source) is not None
    assert {(one.status, one.tries, str(one.reason)) for one in run.results.all()} == {("written", 1, "")}


def test_a_server_that_is_away_is_waited_for(campaign: Campaign, base: ModelVersion) -> None:
    run = queued(campaign, base)
    errors: list[str] = []

    def answer(request: object, before: int) -> str | Exception:
        errors.append(str(SuiteRun.objects.get(pk=run.pk).error))
        return GeneratorUnavailable("Away.") if len(errors) == 1 else "good"

    done = run_suite_job(run.pk, source_of=Scripted(answer).source)
    assert done is not None
    assert (done.status, done.error) == (JobStatus.FINISHED, "")
    assert errors[1] == "Waiting for the server. Away."


def test_a_worker_that_takes_over_asks_only_for_the_rest(campaign: Campaign, base: ModelVersion) -> None:
    run = queued(campaign, base)

    def dies(request: object, before: int) -> str | Exception:
        return claims.ClaimLost() if SuiteRun.objects.get(pk=run.pk).done == 1 else "good"

    run_suite_job(run.pk, source_of=Scripted(dies).source)
    run.refresh_from_db()
    assert (run.status, run.done) == (JobStatus.RUNNING, 1)
    first = Scripted(lambda request, before: "good")
    SuiteRun.objects.update(worker="gone:1:1", heartbeat_at=None)
    claims.sweep(now=NOW)
    done = run_suite_job(run.pk, source_of=first.source)
    assert done is not None
    assert (done.status, done.done, len(first.asked)) == (JobStatus.FINISHED, 3, 2)


def test_a_cancelled_run_keeps_its_answers_and_can_be_resumed(
    campaign: Campaign, base: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "HEARTBEAT_SECONDS", 0.0)
    run = queued(campaign, base)

    def answer(request: object, before: int) -> str:
        current = SuiteRun.objects.get(pk=run.pk)
        if current.status == JobStatus.RUNNING:
            cancel_suite_run(run=current, acting_user=None, now=NOW)
        return "good"

    done = run_suite_job(run.pk, source_of=Scripted(answer).source)
    assert done is not None
    assert done.status == JobStatus.CANCELLED
    written = run.results.filter(status=Status.WRITTEN).count()
    assert 1 <= written < 3
    resume_suite_run(run=done, acting_user=None, now=NOW)
    source = Scripted(lambda request, before: "good")
    again = run_suite_job(run.pk, source_of=source.source)
    assert again is not None
    assert (again.status, again.done) == (JobStatus.FINISHED, 3)
    assert len(source.asked) == 3 - written


def test_a_text_that_no_row_can_hold_is_kept_without_what_it_cannot_hold(
    campaign: Campaign, base: ModelVersion
) -> None:
    run = finished_run(small_suite(campaign), base, {"calm": "good\x00", "modest": "good\ud800"})
    assert run.status == JobStatus.FINISHED
    calm, modest, _ = run.results.all()
    assert (calm.text, calm.completion, calm.outcome) == ("good\ufffd", None, "passed")
    assert modest.text == "good?"
