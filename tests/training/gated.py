"""Finished runs and measured figures before a gate, from rows alone."""

from typing import Any

from labeling.models import Campaign
from tests.training.conftest import NOW
from training.actions.runs import RunSpec, start_run
from training.actions.versions import record_evaluation
from training.models import JobStatus, ModelVersion, Run
from training.queries.gates import MEASURED

GOOD: dict[str, Any] = {
    "pairs": 60,
    "accuracy": 0.7,
    "accuracy_low": 0.57,
    "accuracy_high": 0.8,
    "difference_to_parent": 0.2,
    "difference_to_parent_low": 0.07,
    "difference_to_parent_high": 0.3,
    "base": "tiny-base",
    "parent": "tiny-base",
    "serving": "tiny-base",
}
BAD = {**GOOD, "accuracy": 0.0, "accuracy_low": 0.0, "accuracy_high": 0.06}


def finished_run(campaign: Campaign, base: ModelVersion, trigger: str = "schedule") -> tuple[Run, ModelVersion]:
    """A finished run, and its version (whose files are the base's)."""
    run = start_run(campaign=campaign, acting_user=None, now=NOW, spec=RunSpec(trigger=trigger))
    Run.objects.filter(pk=run.pk).update(status=JobStatus.FINISHED, finished_at=NOW)
    version = ModelVersion.objects.create(
        name="tiny-v1", base_dir=base.base_dir, content_hash=base.content_hash, parent=base, run=run, created_at=NOW
    )
    run.refresh_from_db()
    return run, version


def measured(version: ModelVersion, figures: dict[str, Any]) -> None:
    assert version.run is not None
    record_evaluation(
        version=version, kind=MEASURED, results=figures, acting_user=None, now=NOW, snapshot=version.run.snapshot
    )
