"""Asking the promotion gate about runs of the schedule, once their versions are evaluated."""

from contextlib import suppress

from django.utils import timezone

from training.actions.evaluation import start_evaluation
from training.actions.gate import decide_by_rule
from training.claims import Clock
from training.errors import ServerNotReady
from training.jobs.evaluation import run_evaluation_job
from training.jobs.evaluation_samples import SERVERS_COME_BACK_SECONDS
from training.models import EvaluationJob, GateDecision, JobStatus, ModelVersion, Run
from training.queries.retraining import awaits_gate
from training.queries.serving import training_now
from training.versions import servers


def evaluate_now(version: ModelVersion, *, clock: Clock = timezone.now) -> EvaluationJob | None:
    """Evaluates a version in this process, or takes over an evaluation that waits; None: a worker has it already."""
    job = start_evaluation(version=version, acting_user=None, now=clock(), hand_to_worker=False)
    return run_evaluation_job(job.pk, clock=clock)


def run_gate(run_id: int, *, clock: Clock = timezone.now) -> GateDecision | None:
    """Evaluates a finished run's version, once, and asks the gate about it if the schedule started the run.

    None where a person decides, or where another worker evaluates it: then that one asks.
    """
    run = _finished(run_id)
    if run is None:
        return None
    if not _was_measured(run.version):
        job = evaluate_now(run.version, clock=clock)
        if job is not None and not job.for_gates:  # it took over one with settings of its own
            job = evaluate_now(run.version, clock=clock)
        if job is None:
            return None
    return decide_about(run, clock=clock)


def take_up_gate(run_id: int, *, clock: Clock = timezone.now) -> GateDecision | None:
    """Asks the gate about a run that no worker has any more; None: nothing is awaited, or not yet.

    Evaluates nothing itself: it queues the evaluation, whose worker asks the gate then. That is a row, so workers that
    come only when rows wait come for it. While another run has the servers' machine, no version can be promoted: the
    sweep asks again.
    """
    run = _finished(run_id)
    if run is None or training_now() is not None:
        return None
    if not _was_measured(run.version):
        start_evaluation(version=run.version, acting_user=None, now=clock())
        return None
    return decide_about(run, clock=clock)


def _finished(run_id: int) -> Run | None:
    """The run, if it is finished and has a version."""
    runs = Run.objects.select_related("version__parent", "version__run__campaign")
    return runs.filter(pk=run_id, status=JobStatus.FINISHED, version__isnull=False).first()


def _was_measured(version: ModelVersion) -> bool:
    """Whether the newest evaluation that gates read is over."""
    jobs = EvaluationJob.objects.filter(version=version).defer("report", "parts").order_by("-pk")
    newest = next((job for job in jobs if job.for_gates), None)
    return newest is not None and not newest.is_active


def decide_about(run: Run, *, clock: Clock = timezone.now) -> GateDecision | None:
    """Asks the gate about the version of a run that awaits it, with what was measured; None: no gate is awaited."""
    if not awaits_gate(run):
        return None
    with suppress(ServerNotReady):  # then the decision will say so
        servers.prepare(run.version, patience_seconds=SERVERS_COME_BACK_SECONDS)
    return decide_by_rule(run=run, version=run.version, now=clock())


def run_evaluation(evaluation_id: int, *, clock: Clock = timezone.now) -> EvaluationJob | None:
    """Runs an evaluation, then asks the gate where its run awaits it; None if this worker cannot claim it."""
    job = run_evaluation_job(evaluation_id, clock=clock)
    if job is not None and not job.is_active and job.version.run is not None:
        if job.for_gates:
            decide_about(job.version.run, clock=clock)
        elif awaits_gate(job.version.run):
            run_gate(job.version.run.pk, clock=clock)
    return job
