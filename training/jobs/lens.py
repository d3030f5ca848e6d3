"""The lens at work: the engine scores the pair token by token, under the version and under the one
before it, and an explicit reward model says what it thinks where there is one."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from labeling.exchange import PreferencePair
from training import claims
from training.errors import VersionDamaged
from training.jobs.engine import EngineFailed, score
from training.models import JobStatus, LensJob, ModelVersion
from training.versions import files

Clock = Callable[[], datetime]
HEAD_FILE = "reward_head.safetensors"  # of the engine's reward models; its module loads torch
# Exact to the last digits that are shown, whatever runs were trained in.
PRECISE = ["--set", "dtype=float32"]


def run_lens_job(lens_job_id: int, *, clock: Clock = timezone.now) -> LensJob | None:
    """Does a lens job to its end, if this worker can claim it; returns it, or None if there was nothing to claim."""
    claim = claims.claim(LensJob, lens_job_id, now=clock())
    if claim is None:
        return None
    with claims.ending(claim, clock, gives_up_on=(EngineFailed, VersionDamaged)):
        result = LensWork(claim, clock).work()
        claim.finish(JobStatus.FINISHED, now=clock(), result=result, done=1, total=1)
    claim.job.refresh_from_db()
    return claim.job


class LensWork:
    """One claimed lens job."""

    def __init__(self, claim: "claims.Claim[LensJob]", clock: Clock) -> None:
        self.claim, self.clock = claim, clock
        everything = LensJob.objects.select_related("version", "before", "reference")
        self.job = everything.get(pk=claim.job.pk)
        self.last_beat = 0.0
        self.stopping = False

    def work(self) -> dict[str, Any]:
        """after, before (null: zero by definition): {version, chosen, rejected}, each side a list of [text, log-
        probability under the version, the same under the reference], in nats; reward_model: {name, chosen, rejected,
        margin}, or null where there is none."""
        job = self.job
        for version in filter(None, (job.version, job.before, job.reference)):
            files.check_version(version)
        return {
            "after": self._tokens(job.version),
            "before": self._tokens(job.before) if job.before else None,
            "reward_model": self._opinion(),
        }

    def _tokens(self, version: ModelVersion) -> dict[str, Any]:
        scores = self._score(version, reference=self.job.reference, options=["--tokens"])
        return {
            "version": version.name,
            "chosen": _rounded(scores["chosen_tokens"]),
            "rejected": _rounded(scores["rejected_tokens"]),
        }

    def _opinion(self) -> dict[str, Any] | None:
        folder = newest_reward_model()
        if folder is None:
            return None
        try:
            scores = self._score(self.job.version.base(), options=["--reward-model", str(folder)])
        except EngineFailed as error:  # of another base, most likely: the lens works without it
            return {"name": folder.name, "error": str(error)}
        names = {"chosen": "chosen_reward", "rejected": "rejected_reward", "margin": "margin"}
        return {"name": folder.name, **{name: scores[column] for name, column in names.items()}}

    def _score(
        self, version: ModelVersion, *, reference: ModelVersion | None = None, options: list[str]
    ) -> dict[str, Any]:
        pair = PreferencePair.from_dict(self.job.pair)
        scores = score(
            version, [pair], reference=reference, options=[*options, *PRECISE], should_stop=self._should_stop
        )
        if self.stopping:
            raise claims.Stopped
        return scores[0]

    def _should_stop(self) -> bool:
        now = time.monotonic()
        if now - self.last_beat >= claims.HEARTBEAT_SECONDS:
            self.last_beat = now
            self.stopping = self.claim.beat(self.clock())
        return self.stopping


def newest_reward_model() -> Path | None:
    """The explicit reward model that was last put into var/reward_models; None where there is none."""
    found = (settings.VAR_DIR / "reward_models").glob(f"*/{HEAD_FILE}")
    newest = max(found, key=lambda path: path.stat().st_mtime, default=None)
    return newest.parent if newest else None


def _rounded(tokens: list[list[Any]]) -> list[list[Any]]:
    """To what is shown and a little more: a long pair's row stays small."""
    return [[text, round(mine, 5), round(theirs, 5)] for text, mine, theirs in tokens]
