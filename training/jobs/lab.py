"""Staying with a lab session: the engine's `lab` as a child process that takes a step whenever somebody asks for one.

Its rows say what is wanted (`total`) and what was done (`points`). The engine stays until nobody has asked for a while;
after that, or after a crash, another one takes the same steps first, which come out the same, and then goes on.
"""

import json
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from common import processes
from training import claims
from training.errors import VersionDamaged
from training.jobs.engine import EngineFailed, engine_command
from training.models import JobStatus, LabSession, LensJob
from training.versions import files

Clock = Callable[[], datetime]

LOOK_SECONDS = 0.25
IDLE_SECONDS = 120.0  # an engine waits so long for the next wish
IDLE_SECONDS_IF_OTHERS_WAIT = 5.0
EVENTS = ("point", "wrote")


def run_lab_job(
    session_id: int, *, clock: Clock = timezone.now, idle_seconds: float = IDLE_SECONDS
) -> LabSession | None:
    """Stays with a session until nobody wants anything more; returns it, or None if there was nothing to claim."""
    claim = claims.claim(LabSession, session_id, now=clock())
    if claim is None:
        return None
    with claims.ending(claim, clock, gives_up_on=(EngineFailed, VersionDamaged)):
        LabWork(claim, clock, idle_seconds).work()
    claim.job.refresh_from_db()
    return claim.job


class LabWork:
    """One claimed session."""

    def __init__(self, claim: "claims.Claim[LabSession]", clock: Clock, idle_seconds: float) -> None:
        self.claim, self.clock, self.idle_seconds = claim, clock, idle_seconds
        self.session = LabSession.objects.select_related("version").get(pk=claim.job.pk)
        self.points: list[dict[str, Any]] = list(self.session.points)
        self.wrote: list[dict[str, Any]] = list(self.session.wrote)
        self.told = 0  # steps that the engine was told to take
        self.answered = -1  # the step after which it last said what it writes: then it has done all it was told
        self.failure = ""
        self.changed = False
        self.last_wish = self.last_beat = self.last_look = time.monotonic()

    def work(self) -> None:
        """One life of the engine."""
        files.check_version(self.session.version)
        with tempfile.TemporaryDirectory(prefix="lab-") as folder:
            log = settings.VAR_DIR / "log" / "lab.log"
            with processes.LineChild(self._command(Path(folder)), log=log, feedable=True) as child:
                while not self._is_over(child):
                    for message in child.messages(LOOK_SECONDS):
                        self._take(message)
                    self._write()
                    if child.ended_output:
                        raise EngineFailed(self.failure or f"The lab's engine ended: {child.log_tail(3)}")
                child.close_stdin()

    def _command(self, folder: Path) -> list[str]:
        lesson, prompt = self.session.lesson, self.session.lesson["prompt"]
        files = {"lesson.jsonl": (lesson["chosen"], lesson["rejected"])}
        watched = list(lesson["watched"])
        if watched:  # the engine reads pairs; one text alone is watched beside one of the lesson's
            files["watched.jsonl"] = (watched[0], watched[1] if len(watched) > 1 else lesson["rejected"])
        for name, (chosen, rejected) in files.items():
            record = {"id": name.partition(".")[0], "prompt": prompt, "chosen": chosen, "rejected": rejected}
            (folder / name).write_text(json.dumps(record) + "\n", encoding="utf-8")
        config = folder / "config.json"
        config.write_text(json.dumps(self.session.config), encoding="utf-8")
        command = [*engine_command("lab", self.session.version), "--config", str(config)]
        command += ["--data", str(folder / "lesson.jsonl")]
        return command + (["--watch", str(folder / "watched.jsonl")] if watched else [])

    def _is_over(self, child: processes.LineChild) -> bool:
        """Tells the engine what is wanted; whether nobody has wanted anything for long enough."""
        now = time.monotonic()
        if now - self.last_beat >= claims.HEARTBEAT_SECONDS:
            self.last_beat = now
            self.claim.beat(self.clock())
        status, wanted = LabSession.objects.filter(pk=self.session.pk).values_list("status", "total").get()
        if status == JobStatus.CANCELLING:
            raise claims.Stopped
        if wanted > self.told:
            child.write(json.dumps({"steps": wanted - self.told}).encode() + b"\n")
            self.told, self.last_wish = wanted, now
        if self.answered < self.told:
            self.last_wish = now
            return False
        return now - self.last_wish > self._patience() and self._finish()

    def _patience(self) -> float:
        waiting = any(model.objects.filter(status=JobStatus.QUEUED).exists() for model in (LabSession, LensJob))
        return min(self.idle_seconds, IDLE_SECONDS_IF_OTHERS_WAIT) if waiting else self.idle_seconds

    def _finish(self) -> bool:
        """The end, unless somebody wanted another step at this very moment."""
        with transaction.atomic():
            self.claim.lock()
            if LabSession.objects.filter(pk=self.session.pk, total__gt=self.told).exists():
                return False
            self.claim.finish(JobStatus.FINISHED, now=self.clock())
        return True

    def _take(self, message: dict[str, Any]) -> None:
        event = message.pop("event", None)
        if event == "failed":
            self.failure = str(message.get("error", ""))
        if event not in EVENTS:
            return
        kept = self.points if event == "point" else self.wrote
        if not kept or kept[-1]["step"] < message["step"]:  # else it was taken before, and is the same
            kept.append(_rounded(message))
            self.changed = True
        if event == "wrote":
            self.answered = int(message["step"])

    def _write(self) -> None:
        if self.changed:
            self.changed = False
            done = self.points[-1]["step"] if self.points else 0
            moved = {"losses": 0} if done > self.claim.job.done else {}
            self.claim.write(points=self.points, wrote=self.wrote, done=done, heartbeat_at=self.clock(), **moved)


def _rounded(value: Any) -> Any:
    """Numbers to six digits after the point: what is shown and a little more."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else value
