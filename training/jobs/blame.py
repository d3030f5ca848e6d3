"""Running a search for doubtful pairs: the engine's `blame` on a snapshot, with its gradients kept for the next one."""

import json
import tempfile
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from labeling.exchange import PreferencePair, SnapshotDamaged
from training import claims, memory
from training.actions.scratch import GRADIENTS, forget_scratch
from training.claims import Clock
from training.errors import VersionDamaged
from training.jobs.engine import EngineFailed, engine_command, run_engine
from training.models import BlameJob, JobStatus
from training.queries.blame import result_of
from training.versions import files


def run_blame_job(job_id: int, *, clock: Clock = timezone.now) -> BlameJob | None:
    """Runs a search to its end and returns it; None if this worker cannot claim it."""
    claim = memory.claim(BlameJob, job_id, now=clock())
    if claim is None:
        return None
    with claims.ending(claim, clock, gives_up_on=(EngineFailed, VersionDamaged, SnapshotDamaged)):
        result = BlameWork(claim, clock).work()
        claim.finish(JobStatus.FINISHED, now=clock(), result=result)
    claim.job.refresh_from_db()
    return claim.job


class BlameWork:
    """A claimed search at work."""

    def __init__(self, claim: "claims.Claim[BlameJob]", clock: Clock) -> None:
        self.claim, self.clock = claim, clock
        self.job = BlameJob.objects.select_related("version", "snapshot__campaign").get(pk=claim.job.pk)
        self.progress: dict[str, Any] = {}
        self.last_beat = 0.0
        self.stopping = False

    def work(self) -> dict[str, Any]:
        """The result, see training.queries.blame."""
        files.check_version(self.job.version)
        self.job.snapshot.verified()
        forget_scratch(now=self.clock())  # the sweep may run on another machine
        with tempfile.TemporaryDirectory(prefix="blame-") as place:
            folder = Path(place)
            run_engine(self._command(folder), should_stop=self._should_stop, on_message=self._take)
            if self.stopping:
                raise claims.Stopped
            lines = [json.loads(line) for line in (folder / "out.jsonl").read_text(encoding="utf-8").splitlines()]
        return result_of(self.job.snapshot, lines)

    def _command(self, folder: Path) -> list[str]:
        (folder / "config.json").write_text(json.dumps(self.job.config), encoding="utf-8")
        command = engine_command("blame", self.job.version.base(), reference=self.job.version)
        command += ["--data", self.job.snapshot.directory, "--out", str(folder / "out.jsonl")]
        command += ["--config", str(folder / "config.json"), "--gradients", str(settings.VAR_DIR / GRADIENTS)]
        if self.job.query is None:
            return command
        query = PreferencePair.from_dict(self.job.query)
        (folder / "queries.jsonl").write_bytes(query.canonical_json() + b"\n")
        return [*command, "--queries", str(folder / "queries.jsonl")]

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("event") == "gradients":
            self.progress = {"done": message["done"], "total": message["of"]}

    def _should_stop(self) -> bool:
        now = time.monotonic()
        if now - self.last_beat >= claims.HEARTBEAT_SECONDS:
            self.last_beat = now
            if self.progress and self.progress["done"] > self.claim.job.done:
                self.claim.write(**self.progress, worker_deaths=0)
            self.stopping = self.claim.beat(self.clock())
        return self.stopping
