"""Measuring versions on held-out pairs."""

from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop as _

from common.sentences import Sentence
from labeling.exchange import TEST
from training.actions.versions import record_evaluation
from training.claims import Clock
from training.jobs.engine import EngineFailed, engine_command, run_engine
from training.models import Evaluation, ModelVersion, Snapshot
from training.versions import files


def measure(version: ModelVersion, snapshot: Snapshot, *, reference: ModelVersion | None = None) -> dict[str, Any]:
    """The engine's figures of a version on a snapshot's test pairs, against a reference (None: the base).

    Raises EngineFailed, VersionDamaged.
    """
    for each in filter(None, (version, reference)):
        files.check_version(each)
    command = engine_command("evaluate", version, reference=reference)
    return run_engine([*command, "--data", str(Path(snapshot.directory) / TEST)])


def evaluate_version(
    version: ModelVersion,
    *,
    snapshot: Snapshot | None = None,
    reference: ModelVersion | None = None,
    clock: Clock = timezone.now,
) -> Evaluation:
    """Measures a version on the test pairs of a snapshot (None: its run's) and stores the figures.

    reference: None: its parent. Raises EngineFailed, VersionDamaged.
    """
    snapshot = snapshot or (version.run.snapshot if version.run else None)
    if snapshot is None:
        text = _("%(name)s comes from no run: name the campaign whose test pairs are to be used.")
        raise EngineFailed(Sentence(text, {"name": version.name}))
    reference = reference or version.parent
    figures = measure(version, snapshot, reference=reference)
    return record_evaluation(
        version=version,
        kind="held_out",
        results=figures,
        acting_user=None,
        now=clock(),
        against=reference,
        snapshot=snapshot,
    )
