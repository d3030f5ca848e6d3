"""Measuring versions on held-out pairs, for people and for the promotion gate."""

import logging
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop as _

from common.sentences import Sentence, sentence_of
from labeling.exchange import TEST
from training.actions.gate import GateMeasurement, decide_promotion, hold_back
from training.actions.versions import record_evaluation
from training.claims import Clock
from training.errors import ServerNotReady, VersionDamaged
from training.jobs.engine import EngineFailed, engine_command, run_engine
from training.models import Evaluation, ModelVersion, Run, Snapshot
from training.queries.retraining import awaits_gate
from training.versions import files, servers

logger = logging.getLogger(__name__)

# Servers that made room for the run start again, which takes a minute on a CPU.
SERVERS_COME_BACK_SECONDS = 300.0


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


def measure_for_gate(run: Run, version: ModelVersion) -> GateMeasurement:
    """Measures a run's new version and its parent on the run's test pairs, both against their base."""
    new = measure(version, run.snapshot)
    parent = 0.5  # the base against itself ties on every pair
    if run.parent.adapter_dir:
        parent = float(measure(run.parent, run.snapshot)["reward_accuracy"])
    accuracy = float(new["reward_accuracy"])
    return GateMeasurement(accuracy=accuracy, parent_accuracy=parent, pairs=int(new["pairs"]))


def run_gate(run_id: int, *, clock: Clock = timezone.now) -> dict[str, Any] | None:
    """Asks the promotion gate about a finished run of the schedule; None if there is nothing to decide."""
    run = Run.objects.select_related("campaign", "snapshot", "parent").filter(pk=run_id).first()
    if run is None or not awaits_gate(run):
        return None
    version = ModelVersion.objects.get(run=run)
    try:
        measured = measure_for_gate(run, version)
    except (EngineFailed, VersionDamaged) as error:
        logger.warning("the gate of run %s could not measure: %s", run.pk, error)
        text = _("Held back: it could not be measured: %(reason)s")
        return hold_back(run=run, reason=Sentence(text, {"reason": sentence_of(error)}), now=clock())
    with suppress(ServerNotReady):  # then the decision will say so
        servers.prepare(version, patience_seconds=SERVERS_COME_BACK_SECONDS)
    return decide_promotion(run=run, version=version, measured=measured, now=clock())
