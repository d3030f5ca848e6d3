"""Writing the completions of a generation job: version by version, batch by batch, each pair exactly once.

Finished pairs are written together with the job's progress, in one transaction under the claim's lock. After a kill the
next worker finds every pair either in the campaign or still waiting, with one half perhaps in its row.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from common.sentences import Sentence, sentence_of
from labeling.actions.comparisons import add_comparisons
from training import claims, memory
from training.claims import Clock
from training.errors import VersionDamaged
from training.generation import (
    GeneratedCompletion,
    GenerationFailure,
    GenerationRequest,
    GeneratorUnavailable,
    InvalidRequest,
    ModelNotUsable,
    SamplingSettings,
)
from training.jobs import handover
from training.jobs.candidates import Candidates, Status, slots_of
from training.jobs.engine import EngineFailed
from training.jobs.rewards import candidate_rewards, reward_name
from training.jobs.sampler import SamplerDied, Source, open_source
from training.models import CandidateStrategy, GenerationItem, GenerationJob, JobStatus, ModelVersion

logger = logging.getLogger(__name__)


PAIRS_PER_WRITE = 384
SECONDS_PER_WRITE = 3.0
ITEMS_PER_READ = 200
ITEMS_PER_SCORING = 200
MAX_DEATHS = 3  # of the sampler in a row, with nothing written in between
LONGEST_PAUSE_SECONDS = 60.0
TEXTS = ("first", "second", "candidates", "seed_first", "seed_second")
COLUMNS = (*TEXTS, "resampled", "tries", "status", "reason", "comparison")


def run_generation_job(
    job_id: int,
    *,
    clock: Clock = timezone.now,
    source_of: Callable[[ModelVersion], AbstractContextManager[Source]] = open_source,
) -> GenerationJob | None:
    """Runs a generation job to its end and returns it; None if this worker cannot claim it."""
    claim = memory.claim(GenerationJob, job_id, now=clock())
    if claim is None:
        return None
    gives_up_on = (VersionDamaged, SamplerDied, ModelNotUsable, EngineFailed)
    with claims.ending(claim, clock, gives_up_on=gives_up_on, rate=None), handover.generating(claim, clock):
        GenerationWork(claim, clock, source_of).work()
    claim.job.refresh_from_db()
    return claim.job


class GenerationWork:
    """A claimed job at work. Holds only what lies between the generator and the next write."""

    def __init__(
        self,
        claim: "claims.Claim[GenerationJob]",
        clock: Clock,
        source_of: Callable[[ModelVersion], AbstractContextManager[Source]],
    ) -> None:
        self.claim, self.clock, self.source_of = claim, clock, source_of
        self.job = claim.job
        first = SamplingSettings(**self.job.settings)
        self.settings = {
            "first": first,
            "second": SamplingSettings(**{**self.job.settings, **self.job.second_settings}),
        }
        self.slots = slots_of(self.job)
        self.items = GenerationItem.objects.filter(job=self.job)
        self.requested: dict[str, Candidates] = {}  # the candidates of open requests, by key
        self.complete: list[Candidates] = []  # both texts exist
        self.changed: list[Candidates] = []  # something else changed: a part of a pair, a failure, a drop
        self.resting: dict[int, float] = {}  # when to retry, by item
        self.tokens: Counter[str] = Counter()
        self.deaths = 0
        self.last_write = self.last_beat = self.started = time.monotonic()
        self.completions = 0
        self.stop: type[Exception] | None = None  # the reason to stop, once there is one

    # --- The passes ---

    def work(self) -> None:
        """Passes over the waiting items, version by version, until none waits."""
        shortest = min(1.0, LONGEST_PAUSE_SECONDS)
        pause = shortest
        while True:
            before = self.completions
            versions = self._versions_waiting()
            for version in versions:
                self._write_for(version)
            if self._choose_best_and_worst():
                continue
            if not versions:
                break
            if self.completions > before and not self.resting:
                pause = shortest
                continue
            self._wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        self.claim.finish(JobStatus.FINISHED, now=self.clock(), rate=None)

    def _versions_waiting(self) -> list[ModelVersion]:
        waiting = self.items.filter(status=Status.WAITING)
        versions = set(waiting.filter(first__isnull=True).values_list("version_first", flat=True).distinct())
        if "second" in self.slots:
            versions |= set(waiting.filter(second__isnull=True).values_list("version_second", flat=True).distinct())
        return list(ModelVersion.objects.filter(pk__in=versions).order_by("pk"))

    def _write_for(self, version: ModelVersion) -> None:
        """Requests everything that a version still has to write, and writes it."""
        self.requested.clear()
        before = self.completions
        try:
            with self.source_of(version) as source:
                for outcome in source.generate(self._requests(version), should_stop=self._tick):
                    self._take(outcome)
        except SamplerDied as death:
            # Killed for its memory, most likely. Its completions are kept; the rest is requested again.
            self.deaths = self.deaths + 1 if self.completions == before else 1
            if self.deaths >= MAX_DEATHS:
                raise
            logger.warning("the sampler of generation %s died: %s", self.job.pk, death)
        except GeneratorUnavailable as absence:
            # A server that restarts comes back: the job waits for it until somebody cancels, and says so.
            logger.warning("generation %s waits for its server: %s", self.job.pk, absence)
            self._write()
            waits = Sentence(_("Waiting for the server. %(reason)s"), {"reason": sentence_of(absence)})
            self.claim.write(error=waits)
        self._write()
        if self.stop is not None:
            raise self.stop

    def _requests(self, version: ModelVersion) -> Iterator[GenerationRequest]:
        last = 0
        missing = Q(version_first=version, first__isnull=True)
        if "second" in self.slots:
            missing |= Q(version_second=version, second__isnull=True)
        while True:
            waiting = self.items.filter(missing, status=Status.WAITING, pk__gt=last)
            batch = list(waiting.select_related("prompt", "imported").order_by("pk")[:ITEMS_PER_READ])
            if not batch:
                return
            for item in batch:
                if self.resting.get(item.pk, 0.0) <= time.monotonic():
                    yield from self._requests_of(Candidates(self.job, item, self.slots), version)
            last = batch[-1].pk

    def _requests_of(self, candidates: Candidates, version: ModelVersion) -> Iterator[GenerationRequest]:
        """Requests for the texts that a version has to write; a prompt that no generator takes fails its pair."""
        self.resting.pop(candidates.item.pk, None)
        for slot in candidates.missing(version.pk):
            try:
                request = candidates.request(slot, self.settings)
            except InvalidRequest as error:
                candidates.give_up(Status.FAILED, sentence_of(error))
                self.changed.append(candidates)
                return
            self.requested[request.key] = candidates
            yield request

    def _take(self, outcome: GeneratedCompletion | GenerationFailure) -> None:
        candidates = self.requested.pop(outcome.key)
        if isinstance(outcome, GenerationFailure):
            if candidates.take_failure(outcome):
                pause = min(2.0**candidates.item.tries, LONGEST_PAUSE_SECONDS)
                self.resting[candidates.item.pk] = time.monotonic() + pause
            self.changed.append(candidates)
            return
        self.completions += 1
        self.tokens.update(read=outcome.tokens_read, written=outcome.tokens_written)
        candidates.take(outcome.key.partition(":")[2], outcome)
        self._keep(candidates)

    def _keep(self, candidates: Candidates) -> None:
        (self.complete if candidates.is_complete else self.changed).append(candidates)

    def _choose_best_and_worst(self) -> bool:
        """Ranks the candidates of items that have all of theirs; returns whether there were any."""
        if self.job.strategy != CandidateStrategy.BEST_WORST:
            return False
        related = ("prompt", "version_first", "imported")
        drawn = list(self.items.filter(status=Status.DRAWN).select_related(*related).order_by("pk")[:ITEMS_PER_SCORING])
        if not drawn:
            return False
        rewards = candidate_rewards(self.job, drawn, should_stop=self._tick)
        if self.stop is not None:
            raise self.stop
        by = reward_name(self.job)
        for item in drawn:
            candidates = Candidates(self.job, item, self.slots)
            candidates.choose(rewards.get(item.pk, {}), by)
            self._keep(candidates)
        self._write()
        return True

    # --- Writing, and heartbeats ---

    def _tick(self) -> bool:
        """Writes, and sends a heartbeat, when it is time; returns whether to stop. Called at least every second."""
        if self.stop is not None:
            return True
        now = time.monotonic()
        due = bool(self.complete or self.changed) and now - self.last_write >= SECONDS_PER_WRITE
        try:
            if len(self.complete) >= PAIRS_PER_WRITE or due:
                self._write()
            if now - self.last_beat >= claims.HEARTBEAT_SECONDS:
                self.last_beat = now
                self.stop = claims.Stopped if self.claim.beat(self.clock()) else None
        except claims.ClaimLost:
            self.complete, self.changed = [], []
            self.stop = claims.ClaimLost
        return self.stop is not None

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(min(1.0, seconds))
            if self._tick() and self.stop is not None:
                raise self.stop

    def _write(self) -> None:
        """Writes everything since the last write, all of it or nothing."""
        self.last_write = time.monotonic()
        if not self.complete and not self.changed:
            return
        # The candidates of an item may have changed twice since the last write: it is one row.
        touched = list({each.item.pk: each for each in (*self.changed, *self.complete)}.values())
        with transaction.atomic():
            self.claim.lock()
            self._add(self.complete)
            _finish_at_once([each.item for each in touched if each.came_at_once])
            others = [each.item for each in touched if not each.came_at_once]
            GenerationItem.objects.bulk_update(others, COLUMNS, batch_size=100)
            self.claim.write(
                heartbeat_at=self.clock(), worker_deaths=0, rate=self._rate(), error="", **self._totals(touched)
            )
        for each in touched:
            each.mark_written()
        self.complete, self.changed = [], []
        self.tokens.clear()

    def _add(self, complete: list[Candidates]) -> None:
        """Adds the pairs to the campaign as comparisons; exact copies of existing ones are dropped."""
        if not complete:
            return
        added = add_comparisons(
            campaign=self.job.campaign,
            drafts=[each.comparison_draft() for each in complete],
            source=f"generation {self.job.pk}",
            acting_user=None,
            now=self.clock(),
        )
        for each, comparison in zip(complete, added.comparisons, strict=True):
            each.mark_added(comparison)

    def _totals(self, touched: list[Candidates]) -> dict[str, Any]:
        """The job's totals with the changes since the last write: no row is counted twice or read again."""
        job = self.job
        changed = [each for each in touched if each.item.status != each.counted_status]
        diversity = Counter({name: float(value) for name, value in job.diversity.items()})
        for each in touched:
            if each.item.status == Status.DONE:
                diversity.update(each.diversity)
        return {
            "done": job.done + sum(each.progress - each.counted for each in touched),
            "failed": job.failed + sum(each.item.status == Status.FAILED for each in changed),
            "dropped": job.dropped + sum(each.item.status == Status.DROPPED for each in changed),
            "redrawn": job.redrawn + sum(each.item.resampled and not each.counted_redrawn for each in touched),
            "tokens_read": job.tokens_read + self.tokens["read"],
            "tokens_written": job.tokens_written + self.tokens["written"],
            "diversity": dict(diversity),
        }

    def _rate(self) -> float:
        return self.completions / max(time.monotonic() - self.started, 1e-3)


def _finish_at_once(items: list[GenerationItem]) -> None:
    """Finishes items that have nothing else to store, as most have. A tenth of the time of a full `bulk_update`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE training_generationitem AS item SET status = %s, comparison_id = made.comparison "
            "FROM unnest(%s::bigint[], %s::bigint[]) AS made (item, comparison) WHERE item.id = made.item",
            [Status.DONE, [item.pk for item in items], [item.comparison_id for item in items]],
        )
