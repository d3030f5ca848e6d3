"""Running a lens job: the engine scores the pair token by token, under the version and under the one before it.

If there is an explicit reward model, it scores the pair too.
"""

import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from labeling.exchange import PreferencePair
from training import claims
from training.actions.planning import REWARD_HEAD
from training.claims import Clock
from training.errors import VersionDamaged
from training.jobs.engine import PRECISE, EngineFailed, score_pairs
from training.models import JobStatus, LensJob, ModelVersion
from training.versions import files


def run_lens_job(lens_job_id: int, *, clock: Clock = timezone.now) -> LensJob | None:
    """Runs a lens job to its end and returns it; None if this worker cannot claim it."""
    claim = claims.claim(LensJob, lens_job_id, now=clock())
    if claim is None:
        return None
    with claims.ending(claim, clock, gives_up_on=(EngineFailed, VersionDamaged)):
        result = LensWork(claim, clock).work()
        claim.finish(JobStatus.FINISHED, now=clock(), result=result, done=1, total=1)
    claim.job.refresh_from_db()
    return claim.job


class LensWork:
    """A claimed lens job at work."""

    def __init__(self, claim: "claims.Claim[LensJob]", clock: Clock) -> None:
        self.claim, self.clock = claim, clock
        everything = LensJob.objects.select_related("version", "before", "reference")
        self.job = everything.get(pk=claim.job.pk)
        self.last_beat = 0.0
        self.stopping = False

    def work(self) -> dict[str, Any]:
        """The result: after, before and reward_model.

        after, before: {version, chosen, rejected}, each side a list of [text, log-probability under the version,
        log-probability under the reference], in nats. before is None where it is zero by definition. reward_model:
        {name, chosen, rejected, margin}, {name, error}, or None.
        """
        job = self.job
        for version in filter(None, (job.version, job.before, job.reference)):
            files.check_version(version)
        return {
            "after": self._tokens(job.version),
            "before": self._tokens(job.before) if job.before else None,
            "reward_model": self._reward_model_scores(),
        }

    def _tokens(self, version: ModelVersion) -> dict[str, Any]:
        scores = self._score(version, reference=self.job.reference, options=["--tokens"])
        return {
            "version": version.name,
            "chosen": _rounded(scores["chosen_tokens"]),
            "rejected": _rounded(scores["rejected_tokens"]),
        }

    def _reward_model_scores(self) -> dict[str, Any] | None:
        folder = newest_reward_model()
        if folder is None:
            return None
        try:
            scores = self._score(self.job.version.base(), options=["--reward-model", str(folder)])
        except EngineFailed as error:  # made from another base, most likely; the lens works without it
            return {"name": folder.name, "error": str(error)}
        names = {"chosen": "chosen_reward", "rejected": "rejected_reward", "margin": "margin"}
        return {"name": folder.name, **{name: scores[column] for name, column in names.items()}}

    def _score(
        self, version: ModelVersion, *, reference: ModelVersion | None = None, options: list[str]
    ) -> dict[str, Any]:
        pair = PreferencePair.from_dict(self.job.pair)
        scores = score_pairs(
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
    """The newest reward model in var/reward_models; None if there is none."""
    heads = (settings.VAR_DIR / "reward_models").glob(f"*/{REWARD_HEAD}")
    newest = max(heads, key=lambda path: path.stat().st_mtime, default=None)
    return newest.parent if newest else None


def _rounded(tokens: list[list[Any]]) -> list[list[Any]]:
    """Rounds to a few more digits than the page shows, so that the row of a long pair stays small."""
    return [[text, round(policy, 5), round(reference, 5)] for text, policy, reference in tokens]
