"""Running a lab session: the engine's `lab` command as a child process that takes a step whenever one is asked for.

The session's row holds the steps asked for (`total`) and the steps taken (`points`). The engine stays until nobody has
asked for a while. After that, or after a crash, the next engine repeats the earlier steps, with the same result.
"""

import json
import tempfile
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from common import processes
from common.sentences import Sentence
from labeling.exchange import Message, PreferencePair
from training import claims
from training.claims import Clock
from training.errors import VersionDamaged
from training.jobs.engine import EngineFailed, engine_command
from training.models import JobStatus, LabSession, LensJob
from training.versions import files

LOOK_SECONDS = 0.25
IDLE_SECONDS = 120.0  # an engine waits so long for the next request
IDLE_SECONDS_IF_OTHERS_WAIT = 5.0
EVENTS = ("point", "wrote")


def run_lab_job(
    session_id: int, *, clock: Clock = timezone.now, idle_seconds: float = IDLE_SECONDS
) -> LabSession | None:
    """Runs a session until nobody asks for more steps; returns it, or None if this worker cannot claim it."""
    claim = claims.claim(LabSession, session_id, now=clock())
    if claim is None:
        return None
    with claims.ending(claim, clock, gives_up_on=(EngineFailed, VersionDamaged)):
        LabWork(claim, clock, idle_seconds).work()
    claim.job.refresh_from_db()
    return claim.job


class LabWork:
    """A claimed session at work."""

    def __init__(self, claim: "claims.Claim[LabSession]", clock: Clock, idle_seconds: float) -> None:
        self.claim, self.clock, self.idle_seconds = claim, clock, idle_seconds
        self.session = LabSession.objects.select_related("version").get(pk=claim.job.pk)
        self.points: list[dict[str, Any]] = list(self.session.points)
        self.wrote: list[dict[str, Any]] = list(self.session.wrote)
        self.requested = 0  # steps requested of the engine
        self.sampled = -1  # the step after which it last sampled: it does so after the last step requested
        self.failure = ""
        self.changed = False
        self.last_request = self.last_beat = self.last_look = time.monotonic()

    def work(self) -> None:
        """Runs one engine from its start to its end."""
        files.check_version(self.session.version)
        with tempfile.TemporaryDirectory(prefix="lab-") as folder:
            log = settings.VAR_DIR / "log" / "lab.log"
            with processes.LineChild(self._command(Path(folder)), log=log, feedable=True) as child:
                while not self._is_over(child):
                    for message in child.messages(LOOK_SECONDS):
                        self._take(message)
                    self._write()
                    if child.ended_output:
                        ended = Sentence(_("The lab's engine ended: %(log)s"), {"log": child.log_tail(3)})
                        raise EngineFailed(self.failure or ended)
                child.close_stdin()

    def _command(self, folder: Path) -> list[str]:
        lesson = self.session.lesson
        prompt, watched = [Message(role="user", content=lesson["prompt"])], list(lesson["watched"])
        pairs = [PreferencePair("lesson", prompt, lesson["chosen"], lesson["rejected"])]
        if watched:  # the engine reads pairs; one text alone is watched beside one of the lesson's
            pairs.append(PreferencePair("watched", prompt, watched[0], [*watched, lesson["rejected"]][1]))
        for pair in pairs:
            (folder / f"{pair.id}.jsonl").write_bytes(pair.canonical_json() + b"\n")
        config = folder / "config.json"
        config.write_text(json.dumps(self.session.config), encoding="utf-8")
        command = [*engine_command("lab", self.session.version), "--config", str(config)]
        command += ["--data", str(folder / "lesson.jsonl")]
        return command + (["--watch", str(folder / "watched.jsonl")] if watched else [])

    def _is_over(self, child: processes.LineChild) -> bool:
        """Passes new requests on to the engine; returns whether nobody has asked for long enough."""
        now = time.monotonic()
        if now - self.last_beat >= claims.HEARTBEAT_SECONDS:
            self.last_beat = now
            self.claim.beat(self.clock())
        status, total = LabSession.objects.filter(pk=self.session.pk).values_list("status", "total").get()
        if status == JobStatus.CANCELLING:
            raise claims.Stopped
        if total > self.requested:
            child.write(json.dumps({"steps": total - self.requested}).encode() + b"\n")
            self.requested, self.last_request = total, now
        if self.sampled < self.requested:
            self.last_request = now
            return False
        return now - self.last_request > self._patience() and self._finish()

    def _patience(self) -> float:
        waiting = any(model.objects.filter(status=JobStatus.QUEUED).exists() for model in (LabSession, LensJob))
        return min(self.idle_seconds, IDLE_SECONDS_IF_OTHERS_WAIT) if waiting else self.idle_seconds

    def _finish(self) -> bool:
        """Ends the session; False if another step was asked for just now."""
        with transaction.atomic():
            self.claim.lock()
            if LabSession.objects.filter(pk=self.session.pk, total__gt=self.requested).exists():
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
        if (
            not kept or kept[-1]["step"] < message["step"]
        ):  # else an earlier engine took this step, with the same result
            kept.append(_rounded(message))
            self.changed = True
        if event == "wrote":
            self.sampled = int(message["step"])

    def _write(self) -> None:
        if self.changed:
            self.changed = False
            done = self.points[-1]["step"] if self.points else 0
            moved = {"worker_deaths": 0} if done > self.claim.job.done else {}
            self.claim.write(points=self.points, wrote=self.wrote, done=done, heartbeat_at=self.clock(), **moved)


def _rounded(value: Any) -> Any:
    """Rounds numbers to six decimals, a few more than the page shows."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else value
