"""The gate's figure of suites: the scenarios that a new version lost. Missing runs are made first."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop as _

from common.sentences import Sentence
from labeling.models import Campaign
from training.actions.suite_runs import start_suite_run
from training.claims import Clock
from training.errors import JobActive
from training.evaluation.suite_results import active_run, lost_scenarios, newest_run, suites_of
from training.jobs.sampler import SourceOf, open_source
from training.jobs.suites import run_suite_job
from training.models import JobStatus, ModelVersion, SuiteRun, SuiteVersion

# A server that made room for the run is back by then; a gate waits for none that is away longer.
PATIENCE_SECONDS = 300.0

MISSING = "scenarios_lost_missing"
"""The figure that says why lost scenarios are not known, although the campaign has a suite for its gate."""
PASSED_MISSING = "scenarios_passed_missing"
"""The same of passed ones."""


def suite_figures(
    version: ModelVersion,
    serving: ModelVersion | None,
    campaign: Campaign,
    *,
    clock: Clock = timezone.now,
    source_of: SourceOf = open_source,
    within: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """scenarios_lost, their names, scenarios_compared and scenarios_passed; empty where there is nothing to compare.

    The version, its parent and the serving version are first run on the campaign's suites where a run is missing. A run
    that cannot be made is said in MISSING: a gate holds for it. Versions whose files were removed cannot be run.
    within: see `run_suite_job`.
    """
    others = [other for other in (version.parent, serving) if other is not None and other.pk != version.pk]
    missing = Sentence()
    for suite in suites_of(campaign).filter(before_gate=True) if others else ():
        for each in {one.pk: one for one in (version, *others)}.values():
            if within() or each.files_removed_at is not None:
                continue
            current = suite.current
            _ensure_run(current, each, clock(), source_of, within)
            if newest_run(current, each) is None and not missing:
                missing = not_run(_why_missing(current, each), suite.name, each.name)
    found = lost_scenarios(version, others, campaign)
    figures: dict[str, Any] = dict.fromkeys((MISSING, PASSED_MISSING), missing.as_json()) if missing else {}
    if found is not None:
        figures |= {
            "scenarios_lost": len(found.lost),
            "scenarios_lost_names": found.lost,
            "scenarios_compared": found.compared,
        }
        if found.passed is not None:
            figures["scenarios_passed"] = found.passed
    return figures


def not_run(why: Sentence, suite: str = "", version: str = "") -> Sentence:
    """Why lost scenarios are not known, and what to do."""
    if not suite:
        return Sentence(_("Its suites were not run: %(reason)s Evaluate it again."), {"reason": why})
    values = {"suite": suite, "version": version, "reason": why}
    return Sentence(
        _("The suite %(suite)s was not run on %(version)s: %(reason)s Evaluate again once it was run."), values
    )


def _ensure_run(
    suite_version: SuiteVersion,
    version: ModelVersion,
    now: datetime,
    source_of: SourceOf,
    within: Callable[[], bool],
) -> None:
    """Runs a version on a suite, unless a run with all answers exists. A run of a living worker is not waited for.

    Raises VersionDamaged.
    """
    if newest_run(suite_version, version) is not None:
        return
    run = active_run(suite_version, version)  # queued, or of an evaluation whose worker died: it is taken up
    with suppress(JobActive):
        run = run or start_suite_run(
            suite_version=suite_version, version=version, acting_user=None, now=now, hand_to_worker=False
        )
        # Where memory is short it stays queued, and the sweep hands it to a worker: this evaluation goes on without it.
        run_suite_job(run.pk, source_of=source_of, patience=PATIENCE_SECONDS, within=within)


def _why_missing(suite_version: SuiteVersion, version: ModelVersion) -> Sentence:
    run = SuiteRun.objects.filter(suite_version=suite_version, version=version).order_by("-pk").first()
    if run is not None and run.error:
        return Sentence.of(run.error)
    if run is not None and run.is_active:
        return Sentence(_("The run is not finished."))
    if run is not None and run.status == JobStatus.CANCELLED:
        return Sentence(_("The run was cancelled."))
    return Sentence(_("There is no run with the default settings and seed 0."))
