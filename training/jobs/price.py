"""Measuring a learning curve: short runs of the engine on nested subsets, each measured on the same held-out pairs.

Every finished short run is kept in the row, so that the next worker goes on from there. The time is limited: when it is
used up, the short runs so far are the result.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from common.sentences import Sentence
from labeling.exchange import TRAIN, SnapshotDamaged
from labeling.stats.learning_curve import FEWEST_DRAWS
from training import claims, memory
from training.actions.scratch import SHORT_RUNS
from training.claims import Clock
from training.errors import VersionDamaged
from training.evaluation.short_runs import order_of, short_runs
from training.jobs import handover
from training.jobs.engine import EngineFailed
from training.jobs.short_training import FEWEST_PROMPTS, Measured, ShortRun, trained_shortly, write_held_out
from training.models import JobStatus, PriceJob, worked_since
from training.queries.price import curve_of
from training.versions import files

FAILURES = (EngineFailed, VersionDamaged, SnapshotDamaged, handover.HandoverFailed)


def run_price_job(price_job_id: int, *, clock: Clock = timezone.now) -> PriceJob | None:
    """Runs a measurement to its end and returns it; None if this worker cannot claim it."""
    claim = memory.claim(PriceJob, price_job_id, now=clock())
    if claim is None:
        return None
    with claims.ending(claim, clock, gives_up_on=FAILURES), handover.training(claim, clock):
        PriceWork(claim, clock).work()
    claim.job.refresh_from_db()
    return claim.job


class PriceWork:
    """A claimed measurement at work."""

    def __init__(self, claim: "claims.Claim[PriceJob]", clock: Clock) -> None:
        self.claim, self.clock = claim, clock
        self.job = PriceJob.objects.select_related("snapshot", "base", "campaign").get(pk=claim.job.pk)
        self.trainings: list[dict[str, Any]] = list(self.job.trainings)
        self.last_beat = 0.0
        self.stopping = False
        self.begun_at = clock()

    def work(self) -> None:
        """Does the short runs that are missing, as far as the time goes."""
        self.begun_at = self.clock()  # the wait for the machine is no work
        files.check_version(self.job.base)
        self.job.snapshot.verified()
        snapshot = Path(self.job.snapshot.directory)
        lines = (snapshot / TRAIN).read_bytes().splitlines(keepends=True)
        done = {(one["draw"], one["labels"]) for one in self.trainings}
        # One that was queued when a single repetition was allowed: of one alone there is no curve.
        planned = list(short_runs(len(lines), max(self.job.draws, FEWEST_DRAWS)))
        self.claim.write(total=len(planned))
        with tempfile.TemporaryDirectory(prefix="price-", dir=_folder()) as place:
            held_out = Path(place) / "test.jsonl"
            if write_held_out(snapshot, held_out) < FEWEST_PROMPTS:
                raise EngineFailed(Sentence(_("All held-out pairs are on one prompt: label pairs on more prompts.")))
            for draw, size in planned:
                if (draw, size) in done:
                    continue
                subset = Path(place) / "train.jsonl"
                subset.write_bytes(b"".join(lines[number] for number in sorted(order_of(len(lines), draw)[:size])))
                measured = self._train(subset, held_out, Path(place) / f"{draw}-{size}", draw)
                if measured is None:
                    break
                self._keep({"draw": draw, "labels": size, "right": measured.right}, measured.prompts)
        if curve_of(self.job) is None:
            raise EngineFailed(
                Sentence(_("The time was used up before three sizes were measured twice: allow more minutes."))
            )
        self.claim.finish(JobStatus.FINISHED, now=self.clock())

    def _train(self, subset: Path, held_out: Path, out: Path, draw: int) -> Measured | None:
        """Trains on a subset. None: the time is used up."""
        measured = trained_shortly(
            ShortRun(self.job.base, self.job.config, draw), subset, held_out, out, should_stop=self._should_stop
        )
        if self.stopping:
            raise claims.Stopped
        return measured

    def _keep(self, training: dict[str, Any], prompts: list[int]) -> None:
        self.trainings.append(training)
        self.job.trainings, self.job.prompts = self.trainings, prompts
        values = {"done": len(self.trainings), "worker_deaths": 0, "heartbeat_at": self.clock()}
        self.claim.write(trainings=self.trainings, prompts=prompts, **values)

    def _should_stop(self) -> bool:
        """Whether somebody cancels, or the time is used up."""
        now = time.monotonic()
        if not self.last_beat or now - self.last_beat >= claims.HEARTBEAT_SECONDS:
            self.last_beat = now
            self.stopping = self.claim.beat(self.clock())
        job = self.claim.job
        worked = job.worked_seconds + worked_since(self.begun_at, self.clock())
        return self.stopping or worked > 60 * self.job.minutes


def _folder() -> Path:
    folder: Path = settings.VAR_DIR / SHORT_RUNS
    folder.mkdir(parents=True, exist_ok=True)
    return folder
