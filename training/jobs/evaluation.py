"""Evaluating a version: its held-out margins beside others', its own samples, their exact drift; then the report.

Every finished part is kept in the row, so that the next worker goes on from there. Its figures on held-out pairs also
become rows of `Evaluation`, one for each campaign that it would write for: those are what gates read. An evaluation
with settings of its own (`EvaluationJob.for_gates`) writes none: its report is for people.
"""

from typing import Any

from django.db import transaction
from django.utils import timezone

from common.sentences import Sentence
from labeling.exchange import PreferencePair
from labeling.models import Campaign
from training import claims
from training.actions.versions import record_evaluation
from training.claims import Clock
from training.jobs.engine import EngineFailed
from training.jobs.evaluation_report import Measured, figures_for_gates, make_report
from training.jobs.evaluation_steps import FAILURES, EvaluationSteps, samples_part, scores_part, suites_part
from training.jobs.gate_suites import MISSING
from training.models import EvaluationJob, JobStatus, Snapshot, report_hash
from training.queries.gates import MEASURED, current_gate, snapshot_to_measure


def run_evaluation_job(evaluation_id: int, *, clock: Clock = timezone.now) -> EvaluationJob | None:
    """Runs an evaluation to its end and returns it; None if this worker cannot claim it."""
    claim = claims.claim(EvaluationJob, evaluation_id, now=clock())
    if claim is None:
        return None
    with claims.ending(claim, clock, gives_up_on=FAILURES):
        EvaluationWork(claim, clock).work()
    claim.job.refresh_from_db()
    return claim.job


class EvaluationWork(EvaluationSteps):
    """A claimed evaluation at work."""

    def work(self) -> None:
        """Measures what is missing, step by step, and writes the report."""
        try:
            campaigns = list(self._campaigns())
            self._plan(campaigns)
            for name, size, measure in self.steps:
                if name not in self.parts or MISSING in self.parts[name]:
                    self._keep(name, measure())
                self.done += size
                self._tick(due=True)
                self._stop_if_asked()
        except FAILURES as error:
            snapshot = snapshot_to_measure(self.campaign, self.version)
            if snapshot is not None:
                self._record_trouble(snapshot, error)
            raise
        self._finish(campaigns)

    def _keep(self, name: str, part: Any) -> None:
        self.parts[name] = part
        self.claim.write(parts=self.parts, worker_deaths=0, heartbeat_at=self.clock())

    def _measured(self, campaign: Campaign, snapshot: Snapshot, pairs: list[PreferencePair]) -> Measured:
        names = {"parent": self.version.kept_parent, "serving": self.job.compared}
        nothing = {"trouble": self.gone.as_json()} if self.gone else {}
        return Measured(
            job=self.job,
            version=self.version,
            base=self.version.base(),
            campaign=campaign,
            snapshot=snapshot,
            pairs=pairs,
            scores={
                version.pk: self.parts.get(scores_part(snapshot, version), {}) for version in self.measured_versions
            },
            others={
                name: other
                for name, other in names.items()
                if other is not None and other.base_dir == self.version.base_dir
            },
            own_samples=self.parts.get(samples_part(self.version), {}),
            other_samples=self.parts.get(samples_part(self.sampled_against), {}) if self.sampled_against else nothing,
            sampled_against=self.sampled_against,
            drift=self.parts.get("drift", {}),
            gone=self.gone,
            lost=self.parts.get(suites_part(campaign), {}),
            beta=self.beta,
            gate=current_gate(campaign),
        )

    def _finish(self, campaigns: list[tuple[Campaign, Snapshot, list[PreferencePair]]]) -> None:
        """Writes the report, the figures for the gates and the end of the job, all or nothing."""
        now = self.clock()
        why = [self._trouble(snapshot) for _campaign, snapshot, _pairs in campaigns]
        measured = [self._measured(*each) for each, trouble in zip(campaigns, why, strict=True) if not trouble]
        report = make_report(self.job, measured, now=now)
        with transaction.atomic():
            self.claim.lock()
            for each in measured if self.job.for_gates else ():
                record_evaluation(
                    version=self.version,
                    kind=MEASURED,
                    results=figures_for_gates(each, report),
                    acting_user=None,
                    now=now,
                    against=self.job.compared,
                    snapshot=each.snapshot,
                )
            for (_campaign, snapshot, _pairs), trouble in zip(campaigns, why, strict=True):
                if trouble:
                    self._record_trouble(snapshot, EngineFailed(trouble))
            total = self.claim.job.total
            self.claim.finish(
                JobStatus.FINISHED,
                now=now,
                report=report,
                report_hash=report_hash(report),
                finding=report["finding"],
                reason=Sentence.from_json(report["reason"]),
                parts={},
                done=total,
            )

    def _trouble(self, snapshot: Snapshot) -> Sentence:
        """Why another campaign's held-out pairs could not be scored; empty: they were."""
        parts = [self.parts.get(scores_part(snapshot, version), {}) for version in self.measured_versions]
        return next((Sentence.from_json(part["trouble"]) for part in parts if "trouble" in part), Sentence())
