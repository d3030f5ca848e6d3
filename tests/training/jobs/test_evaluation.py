"""Evaluations: once with the real engine and sampler, then by parts that an earlier worker left in the row."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from labeling.exchange import TEST, PreferencePair, read_pairs
from labeling.models import Campaign, Event, User
from tests.training.actions.conftest import rule_of
from tests.training.conftest import NOW, add_written_pairs, make_version
from tests.training.jobs.scripted import Scripted
from tests.training.suites import finished_run, small_suite
from training import claims
from training.actions.evaluation import EvaluationSpec, start_evaluation
from training.actions.gate import save_gate
from training.actions.jobs import cancel_job, resume_job
from training.actions.runs import RunSpec, start_run
from training.actions.versions import promote
from training.generation import GenerationRequest
from training.jobs.evaluation import EvaluationWork, run_evaluation_job
from training.jobs.evaluation_steps import samples_part, scores_part
from training.jobs.gate import run_evaluation
from training.jobs.run import run_training_job
from training.models import EvaluationJob, GateDecision, JobStatus, ModelVersion, Run, Snapshot, SuiteRun, report_hash
from training.queries.gates import MEASURED

pytestmark = pytest.mark.django_db

QUICK = {"epochs": 2, "pairs_per_step": 4, "learning_rate": 0.01, "dtype": "float32", "lora_rank": 4, "threads": 1}


@pytest.fixture(autouse=True)
def _short_samples(settings: Any) -> None:
    settings.EVALUATION_PROMPTS, settings.EVALUATION_TOKENS = 4, 6


@pytest.mark.timeout(900)  # five processes load a model, one after the other
def test_the_engine_and_the_sampler_fill_every_section(campaign: Campaign, base: ModelVersion) -> None:
    add_written_pairs(campaign, preference="first", per_prompt=3)
    spec = RunSpec(config={**QUICK, "checkpoint_every": 0}, test_share=0.5)
    run = start_run(campaign=campaign, acting_user=None, now=NOW, spec=spec)
    assert run_training_job(run.pk) is not None
    version = ModelVersion.objects.get(run=run)
    job = start_evaluation(version=version, acting_user=None, now=NOW)

    done = run_evaluation_job(job.pk)

    assert done is not None
    assert (done.status, str(done.error)) == ("finished", "")
    assert done.report is not None
    assert done.done == done.total == 2 * run.snapshot.test_pairs + 4 + 4 + 4
    assert [section["name"] for section in done.report["sections"]][:3] == ["held_out", "displacement", "drift"]
    assert not any("trouble" in section for section in done.report["sections"])
    # The base is its parent: the run measured the same accuracy against the same reference.
    held_out, drift, samples = (done.section(name) for name in ("held_out", "drift", "samples"))
    assert held_out is not None
    assert held_out["figures"]["accuracy"] == version.metrics["reward_accuracy"]
    assert held_out["figures"]["difference_to_serving"] == pytest.approx(held_out["figures"]["accuracy"] - 0.5)
    assert drift is not None
    assert drift["to_base"] == drift["to_parent"]
    assert drift["to_base"]["value"] > 0
    assert samples is not None
    assert (samples["pairs"], samples["against"], len(samples["texts"])) == (4, "tiny-base", 4)
    assert done.finding in ("better", "worse", "unknown")
    # The database gives the report back as it was hashed, and the gate reads its figures.
    assert report_hash(EvaluationJob.objects.get().report or {}) == done.report_hash
    figures = version.evaluations.get(kind=MEASURED).results
    assert figures["kl_to_base_per_token"] == drift["to_base"]["value"]
    assert (figures["compared"], figures["serving"], figures["evaluation"]) == ("tiny-base", "tiny-base", done.pk)


@dataclass
class Prepared:
    """A version v2 of a run on real pairs, trained from v1, which serves; and the parts of its evaluation."""

    version: ModelVersion
    run: Run
    held_out: list[PreferencePair]

    def parts(self, **changes: float) -> dict[str, Any]:
        """As if workers had measured everything. right: the margin of v2 on every pair; parent: of v1."""
        right, parent = changes.get("right", 1.0), changes.get("parent", -1.0)
        assert self.version.parent is not None
        scores = {self.version: (right, -9.0, -10.0), self.version.parent: (parent, -8.0, -10.0)}
        prompts = {str(pair.prompt): pair for pair in self.held_out}.values()
        samples = [
            {"id": pair.id, "prompt": pair.prompt, "text": f"Text {pair.id}.", "tokens": 5, "ended": True}
            for pair in prompts
        ][:4]
        lines: list[dict[str, Any]] = [
            {"id": one["id"], "tokens": 5, "kl_to_base": 1.0 + number, "kl_to_reference": 0.5, "entropy": 2.0}
            for number, one in enumerate(samples)
        ]
        return {
            **{
                scores_part(self.run.snapshot, version): {pair.id: list(score) for pair in self.held_out}
                for version, score in scores.items()
            },
            **{samples_part(version): {"samples": samples} for version in scores},
            "drift": {"lines": lines},
        }

    def evaluated(self, spec: EvaluationSpec | None = None, **parts: Any) -> EvaluationJob:
        """The finished evaluation made of parts."""
        job = start_evaluation(version=self.version, acting_user=None, now=NOW, spec=spec)
        EvaluationJob.objects.filter(pk=job.pk).update(parts=parts or self.parts())
        done = run_evaluation_job(job.pk)
        assert done is not None
        return done


@pytest.fixture
def prepared(campaign: Campaign, base: ModelVersion, var_dir: Path) -> Prepared:
    one = make_version(base, var_dir, "v1")
    promote(version=one, acting_user=None, now=NOW)
    add_written_pairs(campaign, preference="first", per_prompt=3)
    run = start_run(campaign=campaign, acting_user=None, now=NOW, spec=RunSpec(test_share=0.5))
    Run.objects.filter(pk=run.pk).update(status=JobStatus.FINISHED)
    two = make_version(base, var_dir, "v2", one)
    two.run = run
    two.save(update_fields=["run"])
    return Prepared(two, run, list(read_pairs(Path(run.snapshot.directory), TEST)))


def test_a_version_that_gains_on_few_pairs_is_not_known_and_one_that_is_wrong_on_all_is_worse(
    prepared: Prepared,
) -> None:
    few = prepared.evaluated()
    assert few.finding == "unknown"
    assert str(few.reason).startswith(f"Not known: there are only {len(prepared.held_out)} held-out pairs.")
    wrong = prepared.evaluated(**prepared.parts(right=-1.0, parent=1.0))
    assert wrong.finding == "worse"
    assert str(wrong.reason).startswith(
        "Worse: it prefers what people rejected. Against tiny-base it is right on 0.0 %"
    )
    assert Event.objects.filter(verb="evaluation.finished").count() == 2


def test_the_drift_is_compared_with_the_budgets_of_the_gate(prepared: Prepared, campaign: Campaign) -> None:
    rules = [
        {"figure": "pairs", "floor": 10},
        {"figure": "kl_per_token", "ceiling": 0.05},
        {"figure": "kl_to_base_per_token", "ceiling": 9.0},
    ]
    save_gate(campaign=campaign, rules=rules, acting_user=None, now=NOW)
    lines: list[dict[str, Any]] = [
        {"id": pair.id, "tokens": 5, "kl_to_base": 10.0, "kl_to_reference": 0.5 + 0.01 * number, "entropy": 2.0}
        for number, pair in enumerate(prepared.held_out)
    ]
    samples = [
        {"id": pair.id, "prompt": pair.prompt, "text": "Text.", "tokens": 5, "ended": True}
        for pair in prepared.held_out
    ]
    parts = {**prepared.parts(), "drift": {"lines": lines}, samples_part(prepared.version): {"samples": samples}}
    done = prepared.evaluated(**parts)
    drift = done.section("drift")
    assert drift is not None
    assert drift["budgets"] == {"kl_per_token": 0.05, "kl_to_base_per_token": 9.0}
    expected = math.fsum(line["kl_to_reference"] for line in lines) / (5 * len(lines))
    assert drift["to_parent"]["value"] == pytest.approx(expected)
    assert [str(one) for one in done.concerns] == [
        f"its KL to v1 is surely over the budget: {expected:.3f} nats a token, 0.050 are allowed."
    ]


def test_scenarios_that_it_lost_are_in_the_report_and_before_the_gate(prepared: Prepared, campaign: Campaign) -> None:
    suite = small_suite(campaign)
    assert prepared.version.parent is not None
    finished_run(suite, prepared.version.parent, {})
    finished_run(suite, prepared.version, {"calm": "bad"})
    section = prepared.evaluated().section("suites")
    assert section is not None
    assert section["scenarios_lost_names"] == ["small: calm"]
    (found,) = section["suites"]
    passed = {name: round(3 * figure["value"]) for name, figure in found["passed"].items()}
    assert (found["suite"], found["number"], passed) == ("Small", 1, {"own": 2, "parent": 3, "serving": 3})
    figures = prepared.version.evaluations.get(kind=MEASURED).results
    assert (figures["scenarios_lost"], figures["scenarios_compared"]) == (1, 2)


def test_a_missing_suite_run_is_made_and_ends_with_the_evaluation(prepared: Prepared, campaign: Campaign) -> None:
    small_suite(campaign)
    job = start_evaluation(version=prepared.version, acting_user=None, now=NOW)
    EvaluationJob.objects.filter(pk=job.pk).update(parts=prepared.parts())
    claim = claims.claim(EvaluationJob, job.pk, now=NOW)
    assert claim is not None
    work = EvaluationWork(claim, lambda: NOW)

    def answer(request: GenerationRequest, _asked: int) -> str:
        work.stopping = True  # somebody cancels the evaluation
        return "good"

    with pytest.raises(claims.Stopped):
        work.on_suites(campaign, source_of=Scripted(answer).source)()
    assert [run.status for run in SuiteRun.objects.all()] == ["cancelled"]


def test_the_next_worker_goes_on_with_the_parts_that_are_there(prepared: Prepared) -> None:
    job = start_evaluation(version=prepared.version, acting_user=None, now=NOW)
    parts = prepared.parts()
    claim = claims.claim(EvaluationJob, job.pk, now=NOW)
    assert claim is not None
    EvaluationWork(claim, lambda: NOW)._keep("drift", parts.pop("drift"))  # then its process is killed
    stored = EvaluationJob.objects.get(pk=job.pk)
    EvaluationJob.objects.filter(pk=job.pk).update(parts={**stored.parts, **parts})
    assert claims.sweep(now=NOW + claims.STALE_AFTER * 2).freed == 1

    done = run_evaluation_job(job.pk)

    assert done is not None
    assert (done.status, done.attempts, done.parts) == ("finished", 2, {})
    drift = done.section("drift")
    assert drift is not None
    assert drift["to_base"]["value"] == pytest.approx((1 + 2 + 3 + 4) / 20)


def test_gates_read_no_evaluation_with_settings_of_its_own(
    prepared: Prepared, campaign: Campaign, base: ModelVersion, charlie: User
) -> None:
    wrong = prepared.parts(right=-1.0, parent=1.0)
    read = prepared.evaluated(**wrong)
    assert read.for_gates
    other = Campaign.objects.get(memberships__user=charlie)
    snapshot = Snapshot.objects.get(pk=prepared.run.snapshot_id)
    snapshot.pk, snapshot.campaign, snapshot.content_hash = None, other, "0" * 64
    snapshot.save()
    kinder = [
        EvaluationSpec(prompts=0),
        EvaluationSpec(max_tokens=5),
        EvaluationSpec(compared=base),
        EvaluationSpec(campaign=other),
    ]
    for spec in kinder:
        job = start_evaluation(version=prepared.version, acting_user=None, now=NOW, spec=spec)
        assert not job.for_gates, spec
        EvaluationJob.objects.filter(pk=job.pk).update(status=JobStatus.CANCELLED)
    informs = prepared.evaluated(EvaluationSpec(compared=base), **prepared.parts(right=1.0))
    assert informs.status == "finished"
    assert (informs.report or {})["for_gates"] is False
    figures = prepared.version.evaluations.get(kind=MEASURED).results
    assert (figures["evaluation"], figures["accuracy"]) == (read.pk, 0.0)

    same = EvaluationSpec(campaign=campaign, compared=prepared.version.parent, prompts=4, max_tokens=6)
    prepared.evaluated(same, **wrong)
    assert prepared.version.evaluations.filter(kind=MEASURED).count() == 2, "the settings that all have, by name"


def test_the_schedule_waits_for_an_evaluation_that_its_gate_reads(prepared: Prepared, campaign: Campaign) -> None:
    rule_of(campaign, auto_promote=True)
    Run.objects.filter(pk=prepared.run.pk).update(trigger=Run.Trigger.SCHEDULE)
    spec = EvaluationSpec(prompts=0)
    job = start_evaluation(version=prepared.version, acting_user=None, now=NOW, spec=spec)
    EvaluationJob.objects.filter(pk=job.pk).update(parts=prepared.parts())
    ModelVersion.objects.filter(pk=prepared.version.pk).update(content_hash="0" * 64)  # no engine starts for it

    done = run_evaluation(job.pk)

    assert done is not None
    assert done.status == "finished"
    assert EvaluationJob.objects.latest("pk").for_gates
    assert "could not be measured" in GateDecision.objects.get(run=prepared.run).reason


def test_samples_that_could_not_be_written_are_named_and_the_rest_is_measured(prepared: Prepared) -> None:
    trouble = {"trouble": {"text": "The server is away.", "values": {}}}
    parts = {**prepared.parts(), samples_part(prepared.version): trouble, "drift": trouble}
    done = prepared.evaluated(**parts)
    assert done.status == "finished"
    for name in ("samples", "drift"):
        assert (done.section(name) or {})["trouble"]["text"] == "The server is away."
    figures = prepared.version.evaluations.get(kind=MEASURED).results
    assert figures["accuracy"] == 1.0
    assert "kl_per_token" not in figures


def test_a_parent_whose_files_are_gone_is_named_and_the_rest_is_measured(
    prepared: Prepared, base: ModelVersion
) -> None:
    promote(version=base, acting_user=None, now=NOW)
    ModelVersion.objects.filter(name="v1").update(files_removed_at=NOW)
    version = ModelVersion.objects.select_related("parent", "run__campaign").get(pk=prepared.version.pk)
    parts = {name: part for name, part in prepared.parts().items() if name != "drift"}
    done = replace(prepared, version=version).evaluated(**parts)
    assert (done.status, str(done.error)) == ("finished", "")
    assert str(done.left_out) == "It was not measured beside its parent v1: the files were removed on 2026-03-02."
    assert (done.section("drift") or {})["trouble"]["text"].startswith("It was not measured beside")
    figures = version.evaluations.get(kind=MEASURED).results
    assert figures["accuracy"] == 1.0
    assert "difference_to_parent" not in figures


def test_a_cancelled_evaluation_stops_at_the_next_step_and_can_be_resumed(prepared: Prepared, maya: User) -> None:
    job = start_evaluation(version=prepared.version, acting_user=maya, now=NOW)
    assert start_evaluation(version=prepared.version, acting_user=maya, now=NOW) == job, "one at a time"
    EvaluationJob.objects.filter(pk=job.pk).update(parts=prepared.parts())
    claim = claims.claim(EvaluationJob, job.pk, now=NOW)
    assert claim is not None
    cancel_job(job=job, acting_user=maya, now=NOW)
    with pytest.raises(claims.Stopped):
        EvaluationWork(claim, lambda: NOW).work()
    claim.finish(JobStatus.CANCELLED, now=NOW)
    assert not prepared.version.evaluations.filter(kind=MEASURED).exists()
    resume_job(job=job, acting_user=maya, now=NOW)
    done = run_evaluation_job(job.pk)
    assert done is not None
    assert (done.status, done.attempts) == ("finished", 2)


def test_two_workers_make_one_report(prepared: Prepared) -> None:
    job = start_evaluation(version=prepared.version, acting_user=None, now=NOW)
    EvaluationJob.objects.filter(pk=job.pk).update(parts=prepared.parts())
    claim = claims.claim(EvaluationJob, job.pk, now=NOW)
    assert claim is not None
    assert run_evaluation_job(job.pk, clock=lambda: NOW) is None, "the first one has it"
    EvaluationJob.objects.filter(pk=job.pk).update(attempts=2)  # as when the sweep gave it to another worker
    with pytest.raises(claims.ClaimLost):
        EvaluationWork(claim, lambda: NOW).work()
    assert not prepared.version.evaluations.exists()


def test_a_worker_that_lost_its_job_writes_no_trouble_over_figures(prepared: Prepared) -> None:
    read = prepared.evaluated()
    job = start_evaluation(version=prepared.version, acting_user=None, now=NOW)
    claim = claims.claim(EvaluationJob, job.pk, now=NOW)
    assert claim is not None
    EvaluationJob.objects.filter(pk=job.pk).update(attempts=2)  # as when the sweep gave it to another worker
    (Path(prepared.run.snapshot.directory) / "test.jsonl").unlink()
    with pytest.raises(claims.ClaimLost):
        EvaluationWork(claim, lambda: NOW).work()
    figures = prepared.version.evaluations.get(kind=MEASURED).results
    assert figures["evaluation"] == read.pk
