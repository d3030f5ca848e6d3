"""The gate's figure of suites: the scenarios that a new version lost. Missing runs are made first."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.utils import timezone

from labeling.models import Campaign
from training.actions.suite_runs import start_suite_run
from training.claims import Clock
from training.errors import JobActive
from training.evaluation.suite_results import lost_scenarios, newest_run, suites_of
from training.jobs.sampler import SourceOf, open_source
from training.jobs.suites import run_suite_job
from training.models import ModelVersion, SuiteVersion

# A server that made room for the run is back by then; a gate waits for none that is away longer.
PATIENCE_SECONDS = 300.0


def suite_figures(
    version: ModelVersion,
    serving: ModelVersion | None,
    campaign: Campaign,
    *,
    clock: Clock = timezone.now,
    source_of: SourceOf = open_source,
    within: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """scenarios_lost, their names, and scenarios_compared; empty where no suite has a run of both.

    The version, its parent and the serving version are first run on the campaign's suites where a run is missing.
    within: see `run_suite_job`.
    """
    others = [other for other in (version.parent, serving) if other is not None]
    for suite in suites_of(campaign).filter(before_gate=True):
        for each in {one.pk: one for one in (version, *others)}.values():
            if not within():
                _ensure_run(suite.current, each, clock(), source_of, within)
    found = lost_scenarios(version, others, campaign)
    if found is None:
        return {}
    return {
        "scenarios_lost": len(found.lost),
        "scenarios_lost_names": found.lost,
        "scenarios_compared": found.compared,
    }


def _ensure_run(
    suite_version: SuiteVersion,
    version: ModelVersion,
    now: datetime,
    source_of: SourceOf,
    within: Callable[[], bool],
) -> None:
    """Runs a version on a suite, unless a finished run exists. A run that a person started meanwhile is not waited for.

    Raises VersionDamaged.
    """
    if newest_run(suite_version, version) is not None or version.files_removed_at is not None:
        return
    with suppress(JobActive):
        run = start_suite_run(
            suite_version=suite_version, version=version, acting_user=None, now=now, hand_to_worker=False
        )
        # Where memory is short it stays queued, and the sweep hands it to a worker: this decision is made without it.
        run_suite_job(run.pk, source_of=source_of, patience=PATIENCE_SECONDS, within=within)
