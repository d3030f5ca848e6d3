"""Starting, cancelling and resuming runs of suites. A worker runs them: `training.jobs.suites`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings as django_settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from labeling.access import require_may_change
from labeling.events.record import record
from labeling.models import User
from training.access import require_version
from training.actions.jobs import cancel_job, resume_job
from training.actions.planning import require_reward, reward_folder
from training.claims import enqueue
from training.errors import JobActive, JobOver, WrongSettings
from training.evaluation.suite_results import GREEDY, active_run, checked_comparison, is_answered
from training.evaluation.suites import parse_scenario
from training.generation import InvalidRequest, SamplingSettings
from training.models import JobStatus, ModelVersion, ScenarioResult, SuiteRun, SuiteVersion
from training.versions import retention


def start_suite_run(
    *,
    suite_version: SuiteVersion,
    version: ModelVersion,
    acting_user: User | None,
    now: datetime,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    hand_to_worker: bool = True,
) -> SuiteRun:
    """Queues a run of a version on a suite's version.

    settings: of sampling; None: the likeliest token each time. hand_to_worker: False where the caller runs it itself.
    Raises WrongSettings, JobActive, VersionDamaged, NotAllowed, NotFound.
    """
    campaign = suite_version.suite.campaign
    require_may_change(acting_user, campaign)
    require_version(acting_user, version)
    try:
        sampling = SamplingSettings(**{**GREEDY, **(settings or {})})
    except (TypeError, ValueError, InvalidRequest) as error:
        raise WrongSettings(_("These settings cannot be used: %(error)s") % {"error": error}) from error
    try:
        with transaction.atomic():
            retention.hold(version)
            run = SuiteRun.objects.create(
                campaign=campaign,
                suite_version=suite_version,
                version=version,
                settings=sampling.as_dict(),
                seed=seed,
                total=suite_version.size,
                created_by=acting_user,
                created_at=now,
                enqueued_at=now,
            )
            _plan(run)
            after = {"suite": suite_version.suite.slug, "number": suite_version.number, "version": version.name}
            record("suite_run.started", run, acting_user=acting_user, now=now, campaign=campaign, after=after)
            if hand_to_worker:
                enqueue(run)
    except IntegrityError as error:
        if active_run(suite_version, version) is not None:
            raise JobActive(_("This version is already being run on the suite: wait, or cancel that run.")) from error
        raise
    return run


def _plan(run: SuiteRun) -> None:
    scenarios = map(parse_scenario, run.suite_version.scenarios)
    ScenarioResult.objects.bulk_create(
        ScenarioResult(
            run=run,
            number=number,
            scenario=scenario.id,
            scenario_hash=scenario.content_hash,
            tag=scenario.tag,
        )
        for number, scenario in enumerate(scenarios)
    )


@dataclass(frozen=True, slots=True)
class Choosing:
    """A question to a judge: which of both answers to each scenario is better, of this run and of an earlier one.

    version: its implicit reward is the judge. model: the reward model of that name is. Neither: the server is that
    JUDGE_URL names.
    """

    before: SuiteRun
    version: ModelVersion | None = None
    model: str = ""


def ask_judge(
    *,
    run: SuiteRun,
    acting_user: User | None,
    now: datetime,
    choosing: Choosing | None = None,
    hand_to_worker: bool = True,
) -> SuiteRun:
    """Queues a finished run again, for a judge to be asked what it has no opinion on.

    choosing: None: the model judge is asked about rubrics. hand_to_worker: False where the caller runs it. Raises
    JobOver, JobActive, CannotCompareRuns, WrongSettings, VersionDamaged, NotAllowed, NotFound.
    """
    require_may_change(acting_user, run.campaign)
    if choosing is None and not django_settings.JUDGE_URLS:
        raise WrongSettings(_("There is no model judge: set JUDGE_URL and JUDGE_MODEL."))
    folder = _check_choosing(run, choosing, acting_user) if choosing else ""
    with transaction.atomic():
        locked = SuiteRun.objects.select_for_update().get(pk=run.pk)
        if locked.status != JobStatus.FINISHED:
            raise JobOver(_("The model judge is asked about the answers of a finished run."))
        if active_run(locked.suite_version, locked.version) is not None:
            raise JobActive(_("This version is already being run on the suite: wait, or cancel that run."))
        if choosing and choosing.version is not None:
            retention.hold(choosing.version)
        locked.status, locked.error, locked.worker_deaths = JobStatus.QUEUED, "", 0
        locked.enqueued_at = now  # it stays finished, see `training.jobs.suites`
        locked.compared_run = choosing.before if choosing else None
        locked.reward_version, locked.reward_model = choosing.version if choosing else None, folder
        asked = ["compared_run", "reward_version", "reward_model"]
        locked.save(update_fields=["status", "error", "worker_deaths", "enqueued_at", *asked])
        record("suite_run.judge_asked", locked, acting_user=acting_user, now=now, campaign=locked.campaign)
        if hand_to_worker:
            enqueue(locked)
    return locked


def _check_choosing(run: SuiteRun, choosing: Choosing, acting_user: User | None) -> str:
    """The folder of the reward model; empty: another judge chooses."""
    checked_comparison(choosing.before, run)
    if choosing.version is not None and choosing.model:
        raise WrongSettings(_("Name either a version or a reward model, not both."))
    if choosing.version is not None:
        require_version(acting_user, choosing.version)
        require_reward(choosing.version)
    if choosing.model:
        return str(reward_folder(choosing.model))
    if choosing.version is None and not django_settings.JUDGE_URLS:
        raise WrongSettings(_("There is no model judge: set JUDGE_URL, or name a version whose reward chooses."))
    return ""


def cancel_suite_run(*, run: SuiteRun, acting_user: User | None, now: datetime) -> SuiteRun:
    """Stops a run; the answers so far stay. One that only the judge is asked about is finished. See `cancel_job`."""
    with transaction.atomic():
        cancelled = cancel_job(job=run, acting_user=acting_user, now=now)
        if cancelled.status == JobStatus.CANCELLED and is_answered(cancelled):
            cancelled.status = JobStatus.FINISHED
            cancelled.save(update_fields=["status"])
    return cancelled


def resume_suite_run(*, run: SuiteRun, acting_user: User | None, now: datetime) -> SuiteRun:
    """Resumes a run that failed or was cancelled. See `resume_job`."""
    return resume_job(job=run, acting_user=acting_user, now=now)
