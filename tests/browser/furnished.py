"""A campaign that has been round the loop: versions, runs with curves, jobs. Rows only: no model, no worker."""

import math
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from common.sentences import Sentence
from labeling.exchange import PreferencePair, Split, write_snapshot
from labeling.models import Campaign
from tests.people import NOON, Stage, asks
from training.models import (
    Deployment,
    Evaluation,
    Gate,
    GateDecision,
    GenerationJob,
    ModelVersion,
    Round,
    Run,
    RunMetric,
    Snapshot,
    certificate_hash,
    gate_results,
)

STEPS = 24
METRICS: dict[str, Any] = {
    "pairs": 24,
    "loss": 0.601,
    "loss_floor": 0.562,
    "reward_accuracy": 0.792,
    "reward_accuracy_low": 0.595,
    "reward_accuracy_high": 0.908,
    "ties": 0,
    "margin": 1.21,
    "margin_p5": -0.8,
    "margin_p95": 3.4,
    "chosen_logratio": 1.4,
    "rejected_logratio": -7.2,
    "displacement": False,
}

GATE_FIGURES: dict[str, Any] = {
    "pairs": 24,
    "ties": 0,
    "accuracy": 0.792,
    "accuracy_low": 0.595,
    "accuracy_high": 0.908,
    "margin": 1.21,
    "parent_accuracy": 0.708,
    "difference_to_parent": 0.083,
    "difference_to_parent_low": -0.12,
    "difference_to_parent_high": 0.28,
    "base": "base",
}


@dataclass
class Furnished:
    """base served first, `one` serves now, `two` is new. finished made `two`; running is at half its steps.

    decision: about `one`; `two` would meet the gate too. round: of `finished`, which is over.
    """

    base: ModelVersion
    one: ModelVersion
    two: ModelVersion
    finished: Run
    running: Run
    writing: GenerationJob
    decision: GateDecision
    round: Round


def furnish(stage: Stage) -> Furnished:
    """Puts everything into the stage's campaign."""
    campaign, maya = stage.campaign, stage.maya
    base = ModelVersion.objects.create(
        name="base", base_dir="/nowhere", content_hash="9f2c" * 16, lineage={"base_hash": "9f2c" * 16}, created_at=NOON
    )
    first = Deployment.objects.create(version=base, kind="promotion", by=maya, at=NOON, is_current=False)
    one = _version(campaign, 1, base, _run(stage, 1, base, "finished", STEPS))
    Deployment.objects.create(version=one, kind="promotion", by=maya, at=NOON, previous=first, reason="It is better.")
    finished = _run(stage, 2, one, "finished", STEPS)
    two = _version(campaign, 2, one, finished)
    Evaluation.objects.create(version=two, against=one, kind="win_rate", results={"win_rate": 0.66}, created_at=NOON)
    figures = {**GATE_FIGURES, "parent": one.name, "serving": one.name, "snapshot": finished.snapshot.content_hash}
    Evaluation.objects.create(
        version=two, against=one, kind="gate", snapshot=finished.snapshot, results=figures, created_at=NOON
    )
    gate = Gate.objects.create(campaign=campaign, number=1, rules=[{"figure": "pairs", "floor": 10}], at=NOON)
    results = [result.as_json() for result in gate_results(gate.parsed, {**GATE_FIGURES, "parent": "base"})]
    decision = GateDecision(
        gate=gate,
        run=one.run,
        version=one,
        outcome="passed",
        is_automatic=False,
        figures=GATE_FIGURES,
        results=results,
        reason=Sentence("All %(count)s rules of gate %(number)s are met.", {"count": 1, "number": 1}),
        by=maya,
        at=NOON,
    )
    decision.certificate_hash = certificate_hash(decision.certificate())
    decision.save()
    running = _run(stage, 3, one, "running", STEPS // 2)
    writing = GenerationJob.objects.create(
        campaign=campaign,
        status="running",
        strategy="two_seeds",
        done=86,
        total=240,
        rate=2.5,
        created_by=maya,
        created_at=NOON,
        started_at=NOON,
    )
    writing.versions.set([one])
    rounds = _rounds(campaign, [(one.run, "promoted"), (finished, "not_promoted"), (running, "")])
    GenerationJob.objects.filter(pk=writing.pk).update(round=rounds[-1])
    return Furnished(base, one, two, finished, running, writing, decision, rounds[1])


def _rounds(campaign: Campaign, runs: list[tuple[Run | None, str]]) -> list[Round]:
    """A round for each run with its outcome, and one that still collects."""
    rounds = []
    for number, (run, outcome) in enumerate([*runs, (None, "")], start=1):
        made = Round.objects.create(
            campaign=campaign,
            number=number,
            opened_at=NOON,
            collects=run is None,
            closed_at=NOON if outcome else None,
            outcome=outcome,
        )
        if run is not None:
            Run.objects.filter(pk=run.pk).update(round=made)
        rounds.append(made)
    return rounds


def add_metrics(run: Run, first: int, last: int) -> None:
    """The curve of a run from one step to another: a training line each, a held-out line every eighth."""
    lines = []
    for step in range(first, last + 1):
        part = step / STEPS
        values = {
            "loss": 0.562 + 0.131 * math.exp(-3 * part) + 0.4 * max(0.0, part - 0.6) ** 2 + 0.01 * math.sin(step),
            "loss_floor": 0.562,
            "hard_loss": 0.693 * math.exp(-2 * part),
            "reward_accuracy": min(1.0, 0.5 + 0.4 * part),
            "margin": 1.5 * part,
            "chosen_logratio": 2 * part,
            "rejected_logratio": -9 * part,
            "learning_rate": 2e-4 * (1 - part),
            "grad_norm": 1.6 - part,
        }
        lines.append(RunMetric(run=run, event="progress", step=step, values=values))
        if step % 8 == 0:
            held_out = {**values, "loss": 0.58 + 0.113 * math.exp(-part), "split": "test", "pairs": 24, "kl": 3 * part}
            lines.append(RunMetric(run=run, event="evaluated", step=step, values=held_out))
    RunMetric.objects.bulk_create(lines)


def _run(stage: Stage, number: int, parent: ModelVersion, status: str, done: int) -> Run:
    snapshot = Snapshot.objects.create(
        campaign=stage.campaign,
        content_hash=f"{number:02d}ab" * 16,
        directory="/nowhere",
        manifest={"split": {"seed": 0, "test_share": 0.15}, "dropped": {"tie": 6, "both_bad": 2}},
        train_pairs=130,
        test_pairs=24,
        created_by=stage.maya,
        created_at=NOON,
    )
    is_over = status == "finished"
    run = Run.objects.create(
        campaign=stage.campaign,
        snapshot=snapshot,
        parent=parent,
        status=status,
        done=done,
        total=STEPS,
        attempts=1,
        config={"beta": 0.2},
        directory="/nowhere",
        latest={"loss": 0.52, "reward_accuracy": 0.75, "remaining_seconds": 140},
        log_tail="130 pairs to train on\n24 held out",
        created_by=stage.maya,
        created_at=NOON,
        started_at=NOON,
        finished_at=NOON + timedelta(minutes=7) if is_over else None,
    )
    add_metrics(run, 1, done)
    return run


def _version(campaign: Campaign, number: int, parent: ModelVersion, run: Run) -> ModelVersion:
    return ModelVersion.objects.create(
        name=f"{campaign.slug}-v{number}",
        base_dir="/nowhere",
        adapter_dir="/nowhere/adapter",
        content_hash=f"{number:02d}c0" * 16,
        parent=parent,
        run=run,
        metrics=METRICS,
        lineage={"snapshot": run.snapshot.content_hash, "config": run.config, "parent": parent.name},
        created_at=NOON,
    )


def real_snapshot(run: Run) -> Snapshot:
    """The snapshot of a run, with files of two pairs on the disk, which are those of the campaign's others too."""
    pairs = [
        PreferencePair(str(number), asks(f"What is {number} plus one?"), f"It is **{number + 1}**.", "Who knows?")
        for number in (1, 2)
    ]
    folder = Path(tempfile.mkdtemp(prefix="snapshot-")) / "files"
    manifest = write_snapshot(folder, pairs, split=Split(test_share=0.0))
    for other in run.campaign.snapshots.all():  # so that this one can be compared with those before it
        if not Path(other.directory).is_dir():  # one with files of its own keeps them
            other.directory = str(folder)
            other.save(update_fields=["directory"])
    row = run.snapshot
    row.directory, row.content_hash, row.manifest = str(folder), manifest.sha256, manifest.as_dict()
    row.save(update_fields=["directory", "content_hash", "manifest"])
    return row
