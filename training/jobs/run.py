"""Running a training run: the engine as a child process, its progress in the row, its adapter as a new version.

Whatever is killed, the next start resumes from the engine's last checkpoint.
"""

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from common import processes
from common.sentences import Sentence
from common.storage import artifacts
from labeling.exchange import SnapshotDamaged
from training import claims, memory
from training.actions.versions import register_version
from training.claims import Clock
from training.engine.errors import EXIT_DIVERGED, EXIT_FINISHED, EXIT_INPUT
from training.errors import VersionDamaged
from training.jobs import handover, hosts
from training.jobs.engine import EngineFailed
from training.jobs.run_copies import RunCopies
from training.models import JobStatus, Run, RunMetric
from training.versions import files

logger = logging.getLogger(__name__)


TICK_SECONDS = 1.0
SECONDS_PER_WRITE = 1.0
LOG_LINES = 40
METRIC_EVENTS = ("progress", "evaluated")
# The run is given up after this many deaths of its engine process without a step in between.
MAX_ENGINE_DEATHS = 3
_REPLACE: dict[str, Any] = {
    "update_conflicts": True,
    "unique_fields": ["run", "event", "step"],
    "update_fields": ["values"],
}


def run_training_job(
    run_id: int, *, clock: Clock = timezone.now, on_finished: Callable[[Run], None] = lambda run: None
) -> Run | None:
    """Runs a training run to its end and returns it; None if this worker cannot claim it.

    on_finished: called in the transaction that finishes the run, with its version registered.
    """
    claim = memory.claim(Run, run_id, now=clock())
    if claim is None:
        return None
    work = RunWork(claim, clock, on_finished)
    gives_up_on = (EngineFailed, VersionDamaged, SnapshotDamaged, handover.HandoverFailed)
    with claims.ending(claim, clock, gives_up_on=gives_up_on), handover.training(claim, clock):
        work.work()
    claim.job.refresh_from_db()
    return claim.job


class RunWork:
    """A claimed run at work."""

    def __init__(self, claim: "claims.Claim[Run]", clock: Clock, on_finished: Callable[[Run], None]) -> None:
        self.claim, self.clock, self.on_finished = claim, clock, on_finished
        self.run = Run.objects.select_related("campaign", "snapshot", "parent").get(pk=claim.job.pk)
        self.out = Path(self.run.directory)
        self.copies = RunCopies(self.out)
        self.log = self.out.with_name(f"{self.out.name}.log")
        self.metrics: dict[tuple[str, int], RunMetric] = {}  # not written yet, by event and step
        self.first_step: int | None = None  # of the present engine process
        self.latest: dict[str, Any] = {}
        self.progress: dict[str, Any] = {}
        self.written = self.latest
        self.failure = ""
        self.is_rewound = False
        self.last_write = self.last_beat = time.monotonic()
        self.stopping = False

    def work(self) -> None:
        """Runs the engine, again after a loss, until it is done, has failed, or was stopped."""
        files.check_version(self.run.parent)
        self.run.snapshot.verified()
        if processes.end_identified(self.run.engine):
            logger.warning("run %s: ended the engine that a dead worker had left", self.run.pk)
        self.copies.bring()
        engine_deaths = 0
        while True:
            step = self.claim.job.done
            code = self._engine()
            if code == EXIT_FINISHED:
                self._finish()
                return
            if self.stopping:
                self.copies.keep_newest()
                raise claims.Stopped
            if code in (EXIT_INPUT, EXIT_DIVERGED):
                raise EngineFailed(self.failure or processes.tail(self.log, 3))
            engine_deaths = engine_deaths + 1 if self.claim.job.done == step else 1
            if engine_deaths >= MAX_ENGINE_DEATHS:
                details = {"times": engine_deaths, "code": code, "log": self.failure or processes.tail(self.log, 3)}
                raise EngineFailed(Sentence(_("The engine ended %(times)s times with code %(code)s: %(log)s"), details))
            logger.warning("run %s: the engine ended with code %s; it goes on from its checkpoint", self.run.pk, code)

    def command(self) -> list[str]:
        """The engine's command line; other hosts have been called to take part, where there are some."""
        config = self.out.with_name(f"{self.out.name}.json")
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(json.dumps(self.run.config), encoding="utf-8")
        return [*hosts.run_command(self.run), *hosts.call_the_others(self.claim)]

    def _engine(self) -> int:
        """Runs the engine once; returns its exit code. The engine never outlives this call."""
        self.failure = ""
        self.first_step, self.is_rewound = None, False
        for place in (self.run.snapshot.directory, self.run.parent.base_dir, self.run.parent.adapter_dir):
            artifacts.fetch(Path(place))  # copies that nothing used for hours may have made room for others
        with processes.LineChild(self.command(), log=self.log) as child:
            self.claim.write(engine=child.identity)
            while not child.ended_output:
                for message in child.messages(TICK_SECONDS):
                    self._take(message)
                self._tick(child)
            code = child.wait()
        self._write(engine="", rendezvous="")
        return code

    def _take(self, message: dict[str, Any]) -> None:
        event = message.get("event")
        if event in METRIC_EVENTS:
            metric = _metric(self.run, message)
            self.metrics[metric.event, metric.step] = metric
            if self.first_step is None:
                self.first_step = metric.step
        if event == "reading":
            done = {"pairs": message.get("lines", 0), "of": message.get("of", 0)}
            self.latest = {"what": f"reading_{message.get('what', '')}", **done, "at": self.clock().isoformat()}
        if event in ("progress", "scoring"):
            self.latest = {**message, "at": self.clock().isoformat()}
        if event == "progress":
            self.progress = message
        elif event == "started":
            self.claim.write(total=int(message.get("steps", 0)), unused=message.get("dropped", {}))
        elif event == "failed":
            # Of several processes the first one knows why; others may see it go.
            self.failure = self.failure or str(message.get("error", ""))

    def _tick(self, child: processes.LineChild) -> None:
        self.copies.offer()
        now = time.monotonic()
        if self.latest is not self.written and now - self.last_write >= SECONDS_PER_WRITE:
            self._write()
        if now - self.last_beat >= claims.HEARTBEAT_SECONDS or not self.last_beat:
            self.last_beat = now
            if self.claim.beat(self.clock()) and not self.stopping:
                self.stopping = True
                child.process.terminate()  # it writes a checkpoint and ends by itself

    def _write(self, **values: Any) -> None:
        """Writes what is new since the last write: points of the curve, the latest progress, the end of the log."""
        self.last_write = time.monotonic()
        with transaction.atomic():
            self._write_metrics()
            if self.latest:
                values = {**values, "latest": self.latest}
            if self.progress:
                step = int(self.progress["step"])
                moved = {"worker_deaths": 0} if step > self.claim.job.done else {}
                values = {**values, **moved, "done": step, "total": int(self.progress["steps"])}
            self.claim.write(log_tail=processes.tail(self.log, LOG_LINES), heartbeat_at=self.clock(), **values)
        self.metrics = {}
        self.written = self.latest

    def _write_metrics(self) -> None:
        """The figures of an engine that resumed win: what an earlier process wrote of later steps goes."""
        if self.first_step is not None and not self.is_rewound:
            self.run.metrics.filter(step__gt=self.first_step).delete()
            self.is_rewound = True
        RunMetric.objects.bulk_create(self.metrics.values(), batch_size=500, **_REPLACE)

    def _finish(self) -> None:
        """Registers the adapter as a version and finishes the run, both or neither."""
        meta = json.loads((self.out / "meta.json").read_text(encoding="utf-8"))
        self._read_metrics()
        artifacts.store_ahead(self.out / "adapter")
        with transaction.atomic():
            self.claim.lock()
            register_version(run=self.run, adapter=self.out / "adapter", metrics=meta.get("test", {}), now=self.clock())
            self.claim.finish(JobStatus.FINISHED, now=self.clock(), done=meta["steps"], total=meta["steps"])
            self.on_finished(self.run)
        self.copies.finish(meta["steps"])

    def _read_metrics(self) -> None:
        """Takes the curve from the engine's own file: it has the lines that no worker read, and none of a step that was
        given up."""
        with open(self.out / "metrics.jsonl", encoding="utf-8") as lines:
            messages = [json.loads(line) for line in lines]
        metrics = {(message["event"], int(message["step"])): _metric(self.run, message) for message in messages}
        with transaction.atomic():
            given_up = [one.pk for one in self.run.metrics.all() if (one.event, one.step) not in metrics]
            self.run.metrics.filter(pk__in=given_up).delete()
            RunMetric.objects.bulk_create(metrics.values(), batch_size=500, **_REPLACE)
        progress = [message for message in messages if message["event"] == "progress"]
        if progress:
            self.claim.write(latest=progress[-1])


def _metric(run: Run, message: dict[str, Any]) -> RunMetric:
    values = {name: value for name, value in message.items() if name not in ("event", "step")}
    return RunMetric(run=run, event=message["event"], step=int(message["step"]), values=values)
