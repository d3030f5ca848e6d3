"""Writing the completions of a generation job: version by version, batch by batch, each pair exactly once.

What is finished is written together with the job's progress in one transaction under the claim's lock: after a kill the
next worker finds every pair either whole in the campaign or still waiting, and half a pair in its row.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from labeling.actions import ComparisonDraft, CompletionDraft, add_comparisons
from training import queue, storage
from training.actions.generation import derive_seed
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
from training.jobs.sampler import SamplerDied, SamplerProcess, Source, as_json
from training.models import GenerationItem, GenerationJob, JobStatus, ModelVersion

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Status = GenerationItem.Status
SIDES = ("first", "second")

PAIRS_PER_WRITE = 16
SECONDS_PER_WRITE = 3.0
ITEMS_PER_READ = 200
MAX_TRIES = 5  # of one completion, where trying again may help
MAX_DEATHS = 3  # of the sampler in a row, with nothing written in between
LONGEST_PAUSE_SECONDS = 60.0


def open_source(version: ModelVersion) -> AbstractContextManager[Source]:
    """What writes for a version: the server that GENERATOR_URL names, else the embedded sampler.

    Raises VersionDamaged where the version's files are not those that were registered.
    """
    adapter = Path(version.adapter_dir) if version.adapter_dir else None
    if settings.GENERATOR_URL:
        from training.generation import OpenAIGenerator  # loads an HTTP client: only where there is a server

        storage.check_adapter(version)
        url, key = settings.GENERATOR_URL, settings.GENERATOR_API_KEY
        return nullcontext(OpenAIGenerator(url, model=version.name, adapter_dir=adapter, api_key=key))
    storage.check_version(version)
    return SamplerProcess(Path(version.base_dir), adapter_dir=adapter, identifier=version.name)


def run_generation_job(
    job_id: int,
    *,
    clock: Clock = timezone.now,
    source_of: Callable[[ModelVersion], AbstractContextManager[Source]] = open_source,
) -> GenerationJob | None:
    """Does a generation job to its end and returns it; None if there was nothing for this worker to claim."""
    claim = queue.claim(GenerationJob, job_id, now=clock())
    if claim is None:
        return None
    with queue.ending(claim, clock, gives_up_on=(VersionDamaged, SamplerDied, ModelNotUsable), rate=None):
        GenerationWork(claim, clock, source_of).work()
    claim.job.refresh_from_db()
    return claim.job


class GenerationWork:
    """One claimed job. Holds only what is between the generator and the next write."""

    def __init__(
        self,
        claim: "queue.Claim[GenerationJob]",
        clock: Clock,
        source_of: Callable[[ModelVersion], AbstractContextManager[Source]],
    ) -> None:
        self.claim, self.clock, self.source_of = claim, clock, source_of
        self.job = claim.job
        self.settings = SamplingSettings(**self.job.settings)
        self.items = GenerationItem.objects.filter(job=self.job)
        self.asked: dict[str, GenerationItem] = {}  # requests that are out, by key
        self.pairs: list[GenerationItem] = []  # both sides are there
        self.changed: list[GenerationItem] = []  # something else changed: half a pair, a failure, a drop
        self.deaths = 0
        self.last_write = self.last_beat = time.monotonic()
        self.answers = 0
        self.stop: type[Exception] | None = None  # why to stop, once there is a reason
        self.started = time.monotonic()

    def work(self) -> None:
        """Passes over what waits, version by version, until nothing does."""
        pause = 1.0
        while versions := self._versions_waiting():
            before = self.answers
            for version in versions:
                self._write_for(version)
            if self.answers > before:
                pause = 1.0
                continue
            self._wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        self.claim.finish(JobStatus.FINISHED, now=self.clock(), rate=None)

    def _versions_waiting(self) -> list[ModelVersion]:
        waiting = self.items.filter(status=Status.WAITING)
        wanted = set(waiting.filter(first__isnull=True).values_list("version_first", flat=True).distinct())
        wanted |= set(waiting.filter(second__isnull=True).values_list("version_second", flat=True).distinct())
        return list(ModelVersion.objects.filter(pk__in=wanted).order_by("pk"))

    def _write_for(self, version: ModelVersion) -> None:
        """Asks for everything this version still has to write, and writes what comes."""
        self.asked.clear()
        answers = self.answers
        try:
            with self.source_of(version) as source:
                for outcome in source.generate(self._requests(version), should_stop=self._tick):
                    self._take(outcome)
        except SamplerDied as death:
            # Killed for its memory, most likely. What it had answered is kept; the rest is asked for again.
            self.deaths = self.deaths + 1 if self.answers == answers else 1
            if self.deaths >= MAX_DEATHS:
                raise
            logger.warning("the sampler of generation %s died: %s", self.job.pk, death)
        except GeneratorUnavailable as absence:
            # A server that restarts comes back: the job waits for it, as long as nobody cancels, and says so.
            logger.warning("generation %s waits for its server: %s", self.job.pk, absence)
            self.claim.write(error=f"Waiting for the server. {absence}")
        self._write()
        if self.stop is not None:
            raise self.stop

    def _requests(self, version: ModelVersion) -> Iterator[GenerationRequest]:
        last = 0
        missing = Q(version_first=version, first__isnull=True) | Q(version_second=version, second__isnull=True)
        while True:
            waiting = self.items.filter(missing, status=Status.WAITING, pk__gt=last).select_related("prompt")
            batch = list(waiting.order_by("pk")[:ITEMS_PER_READ])
            if not batch:
                return
            for item in batch:
                for side in self._sides_of(item, version):
                    request = self._request(item, side)
                    if request is not None:
                        self.asked[request.key] = item
                        yield request
            last = batch[-1].pk

    def _request(self, item: GenerationItem, side: str) -> GenerationRequest | None:
        """What to ask for one side; None where the prompt is one that no generator could take: then the item fails."""
        seed = item.seed_first if side == "first" else item.seed_second
        try:
            return GenerationRequest(f"{item.pk}:{side}", item.prompt.messages, seed, self.settings)
        except InvalidRequest as error:
            self._fail(item, str(error))
            return None

    @staticmethod
    def _sides_of(item: GenerationItem, version: ModelVersion) -> list[str]:
        """Which sides of a pair this version still has to write."""
        by = {"first": item.version_first_id, "second": item.version_second_id}
        return [side for side in SIDES if by[side] == version.pk and getattr(item, side) is None]

    def _take(self, outcome: GeneratedCompletion | GenerationFailure) -> None:
        item = self.asked.pop(outcome.key)
        if isinstance(outcome, GenerationFailure):
            self._take_failure(item, outcome)
            return
        self.answers += 1
        if item.status != Status.WAITING:  # its other side failed: this one is of no use
            return
        setattr(item, outcome.key.partition(":")[2], as_json(outcome))
        if item.first is None or item.second is None:
            self.changed.append(item)
        else:
            self._settle(item)

    def _take_failure(self, item: GenerationItem, failure: GenerationFailure) -> None:
        item.tries += 1
        if not failure.retryable or item.tries >= MAX_TRIES:
            self._fail(item, failure.reason)
            return
        item.reason = failure.reason
        self.changed.append(item)

    def _fail(self, item: GenerationItem, reason: str) -> None:
        item.status, item.reason = Status.FAILED, reason
        item.first = item.second = None
        self.changed.append(item)

    def _settle(self, item: GenerationItem) -> None:
        """A pair with both sides: kept, drawn again once where nothing could be compared, or dropped."""
        if not self._cannot_be_compared(item):
            self.pairs.append(item)
            return
        if item.resampled:
            item.status, item.reason = Status.DROPPED, self._cannot_be_compared(item)
            item.first = item.second = None
        else:
            self._draw_again(item)
        self.changed.append(item)

    @staticmethod
    def _cannot_be_compared(item: GenerationItem) -> str:
        """Why not, in a sentence; empty if it can."""
        if _is_empty(item.first) or _is_empty(item.second):
            return "A text was empty."
        same = item.first["text"].strip() == item.second["text"].strip()  # type: ignore[index]
        return "Both texts were the same." if same else ""

    def _draw_again(self, item: GenerationItem) -> None:
        """Empties the sides to be written again, with another seed: the empty ones, else the second."""
        item.resampled = True
        empty = [side for side in SIDES if _is_empty(getattr(item, side))]
        for side in empty or ["second"]:
            setattr(item, side, None)
            setattr(item, f"seed_{side}", self._another_seed(item, side))

    def _another_seed(self, item: GenerationItem, side: str) -> int:
        return derive_seed(self.job.seed, item.prompt.messages_hash, item.number, f"{side} again")

    def _tick(self) -> bool:
        """Writes and shows a sign of life when it is time; returns whether to stop. Called at least every second."""
        if self.stop is not None:
            return True
        now = time.monotonic()
        due = bool(self.pairs or self.changed) and now - self.last_write >= SECONDS_PER_WRITE
        try:
            if len(self.pairs) >= PAIRS_PER_WRITE or due:
                self._write()
            if now - self.last_beat >= queue.HEARTBEAT_SECONDS:
                self.last_beat = now
                self.stop = queue.Stopped if self.claim.beat(self.clock()) else None
        except queue.ClaimLost:
            self.pairs, self.changed = [], []
            self.stop = queue.ClaimLost
        return self.stop is not None

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(min(1.0, seconds))
            if self._tick() and self.stop is not None:
                raise self.stop

    def _write(self) -> None:
        """Everything since the last write, at once or not at all."""
        self.last_write = time.monotonic()
        if not self.pairs and not self.changed:
            return
        pairs, changed = self.pairs, self.changed
        with transaction.atomic():
            self.claim.lock()
            self._add(pairs)
            # An item may have changed twice since the last write: as itself, and it is one row.
            rows = {item.pk: item for item in (*changed, *pairs)}
            fields = ("first", "second", "resampled", "tries", "status", "reason", "comparison")
            GenerationItem.objects.bulk_update(rows.values(), (*fields, "seed_first", "seed_second"), batch_size=100)
            self.claim.write(heartbeat_at=self.clock(), losses=0, rate=self._rate(), error="", **self._progress())
        self.pairs, self.changed = [], []

    def _add(self, pairs: list[GenerationItem]) -> None:
        """The pairs become comparisons of the campaign; an exact copy of one that is there is dropped."""
        if not pairs:
            return
        added = add_comparisons(
            campaign=self.job.campaign,
            drafts=[_draft(item) for item in pairs],
            source=f"generation {self.job.pk}",
            acting_user=None,
            now=self.clock(),
        )
        for item, comparison in zip(pairs, added.comparisons, strict=True):
            item.comparison = comparison
            item.status = Status.DONE if comparison else Status.DROPPED
            item.reason = "" if comparison else "The campaign has this very comparison already."
            item.first = item.second = None

    def _progress(self) -> dict[str, int]:
        over = ~Q(status=Status.WAITING)
        counts = self.items.aggregate(
            over=Count("pk", filter=over),
            halves=Count("pk", filter=Q(status=Status.WAITING) & (Q(first__isnull=False) | Q(second__isnull=False))),
            failed=Count("pk", filter=Q(status=Status.FAILED)),
            dropped=Count("pk", filter=Q(status=Status.DROPPED)),
        )
        done = 2 * counts["over"] + counts["halves"]
        return {"done": done, "failed": counts["failed"], "dropped": counts["dropped"]}

    def _rate(self) -> float:
        return self.answers / max(time.monotonic() - self.started, 1e-3)


def _draft(item: GenerationItem) -> ComparisonDraft:
    return ComparisonDraft(prompt=item.prompt, first=_completion(item.first), second=_completion(item.second))


def _completion(values: Any) -> CompletionDraft:
    """values: what `as_json` wrote."""
    return CompletionDraft(
        text=values["text"],
        model_version=values["model"],
        seed=values["seed"],
        sampling=values["settings"],
        # A server that does not tell gives no ids; then the text is what is trained on.
        prompt_token_ids=values["prompt_ids"] or None,
        token_ids=values["completion_ids"] or None,
        finish_reason=values["finish_reason"],
        logprob_sum=values["logprob_sum"],
        server=values["server"],
    )


def _is_empty(values: Any) -> bool:
    return not values["text"].strip()
