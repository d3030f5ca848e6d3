"""Measuring versions for the promotion gate, and asking it about runs of the schedule."""

import logging
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop as _

from common.sentences import Sentence, sentence_of
from labeling.exchange import TEST, SnapshotDamaged, read_pairs, verify_snapshot
from training.actions.gate import decide_by_rule
from training.actions.versions import record_evaluation
from training.claims import Clock
from training.errors import ServerNotReady, VersionDamaged
from training.jobs.engine import EngineFailed, score_pairs
from training.jobs.gate_figures import Margins, base_margins, gate_figures
from training.jobs.gate_suites import suite_figures
from training.models import Evaluation, GateDecision, JobStatus, ModelVersion, Run, Snapshot
from training.queries.gates import MEASURED, campaigns_concerned, snapshot_to_measure
from training.queries.retraining import awaits_gate
from training.queries.serving import current_deployment
from training.versions import files, servers

logger = logging.getLogger(__name__)

# Servers that made room for the run start again, which takes a minute on a CPU.
SERVERS_COME_BACK_SECONDS = 300.0

FAILURES = (EngineFailed, VersionDamaged, SnapshotDamaged, OSError)


def margins_of(version: ModelVersion, snapshot: Snapshot) -> Margins:
    """The margins of a version against its base on the held-out pairs of a snapshot.

    Raises EngineFailed, VersionDamaged. Pairs that are too long for the model are missing.
    """
    pairs = list(read_pairs(Path(snapshot.directory), TEST))
    if not version.adapter_dir:
        return base_margins([pair.id for pair in pairs])
    files.check_version(version)
    return {scored["id"]: float(scored["margin"]) for scored in score_pairs(version, pairs)}


def measure_on(version: ModelVersion, snapshot: Snapshot, serving: ModelVersion | None) -> dict[str, Any]:
    """The figures of a version on one snapshot's held-out pairs: see `gate_figures`, and what they are against.

    Its parent and the serving version are measured on the same pairs, each against their common base. A serving
    version with another base cannot be compared; it is left out. Raises EngineFailed, VersionDamaged, SnapshotDamaged.
    """
    verify_snapshot(Path(snapshot.directory))
    compared = {"parent": version.parent, "serving": serving}
    measured: dict[int | None, Margins] = {}
    others: dict[str, Margins] = {}
    for name, other in compared.items():
        if other is None or other.base_dir != version.base_dir:
            continue
        if other.pk not in measured:
            measured[other.pk] = margins_of(other, snapshot)
        others[name] = measured[other.pk]
    figures = gate_figures(margins_of(version, snapshot), others)
    kl = kl_per_token(version) if version.run and version.run.snapshot_id == snapshot.pk else None
    return {
        **figures,
        **({} if kl is None else {"kl_per_token": kl}),
        "base": version.base().name,
        "parent": version.parent.name if version.parent else None,
        "serving": serving.name if serving else None,
        "snapshot": snapshot.content_hash,
    }


def kl_per_token(version: ModelVersion) -> float | None:
    """The KL to its parent on its own samples, nats per token, as its run measured it; None: it had no probes."""
    value = version.metrics.get("kl_per_token")
    return None if value is None else float(value)


def measure_for_gate(version: ModelVersion, *, clock: Clock = timezone.now) -> list[Evaluation]:
    """Measures a run's version for its campaign's gate and those of the others that it would write for.

    Where that fails, the reason is stored in place of the figures. Another campaign without held-out pairs is left out.
    """
    deployment = current_deployment()
    serving = deployment.version if deployment else None
    evaluations = []
    for campaign in campaigns_concerned(version):
        snapshot = snapshot_to_measure(campaign, version)
        if snapshot is None:
            continue
        try:
            figures = measure_on(version, snapshot, serving)
            figures |= suite_figures(version, serving, campaign, clock=clock)
        except FAILURES as error:
            logger.warning("%s could not be measured for %s: %s", version, campaign.slug, error)
            reason = Sentence(_("It could not be measured: %(reason)s"), {"reason": sentence_of(error)})
            figures = {"trouble": reason.as_json()}
        evaluations.append(
            record_evaluation(
                version=version,
                kind=MEASURED,
                results=figures,
                acting_user=None,
                now=clock(),
                against=serving,
                snapshot=snapshot,
            )
        )
    return evaluations


def run_gate(run_id: int, *, clock: Clock = timezone.now) -> GateDecision | None:
    """Measures a finished run's version, and asks the gate about it if the schedule started the run.

    None where a person decides. A second call measures again only where nothing was measured.
    """
    runs = Run.objects.select_related("campaign", "snapshot", "parent", "version__parent")
    run = runs.filter(pk=run_id, status=JobStatus.FINISHED, version__isnull=False).first()
    if run is None:
        return None
    version, awaits = run.version, awaits_gate(run)
    if awaits or not version.evaluations.filter(kind=MEASURED).exists():
        measure_for_gate(version, clock=clock)
    if not awaits:
        return None
    with suppress(ServerNotReady):  # then the decision will say so
        servers.prepare(version, patience_seconds=SERVERS_COME_BACK_SECONDS)
    return decide_by_rule(run=run, version=version, now=clock())
