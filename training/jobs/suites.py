"""Running a suite: a version answers its scenarios one by one, and each answer is checked as it comes.

Every answer is written with its checks under the claim's lock, so a worker that takes over asks only for the rest.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from common.sentences import Sentence, sentence_of
from labeling.actions.prompts import storable, unstorable
from training import claims, memory
from training.claims import Clock
from training.errors import VersionDamaged
from training.evaluation.suites import outcomes_of, overall, parse_check
from training.generation import (
    GeneratedCompletion,
    GenerationFailure,
    GenerationRequest,
    GeneratorUnavailable,
    ModelNotUsable,
    SamplingSettings,
)
from training.jobs import handover
from training.jobs.candidates import MAX_TRIES
from training.jobs.drafts import draft_as_json, draft_of_generated
from training.jobs.judging import JudgeOf, Judging, open_judge
from training.jobs.pair_judging import PairJudging
from training.jobs.sampler import SamplerDied, SourceOf, open_source
from training.models import JobStatus, ScenarioResult, SuiteRun

logger = logging.getLogger(__name__)

Status = ScenarioResult.Status
MAX_DEATHS = 3  # of the sampler in a row, with nothing written in between
LONGEST_PAUSE_SECONDS = 60.0


def run_suite_job(
    run_id: int,
    *,
    clock: Clock = timezone.now,
    source_of: SourceOf = open_source,
    judge_of: JudgeOf = open_judge,
    patience: float = math.inf,
    within: Callable[[], bool] = lambda: False,
) -> SuiteRun | None:
    """Runs a suite run to its end and returns it; None if this worker cannot claim it.

    patience: the seconds that it waits for a server that is away; then the run fails. within: of the job that this run
    is a part of: called at least every second; true: that job stops, and this run with it.
    """
    claim = memory.claim(SuiteRun, run_id, now=clock())
    if claim is None:
        return None
    gives_up_on = (VersionDamaged, SamplerDied, ModelNotUsable, GeneratorUnavailable)
    with claims.ending(claim, clock, gives_up_on=gives_up_on), handover.generating(claim, clock):
        SuiteWork(claim, clock, source_of, judge_of, patience, within).work()
    claim.job.refresh_from_db()
    return claim.job


class SuiteWork:
    """A claimed run at work."""

    def __init__(
        self,
        claim: "claims.Claim[SuiteRun]",
        clock: Clock,
        source_of: SourceOf,
        judge_of: JudgeOf,
        patience: float,
        within: Callable[[], bool],
    ) -> None:
        self.claim, self.clock, self.patience, self.within = claim, clock, patience, within
        self.source_of, self.judge_of = source_of, judge_of
        self.run = claim.job
        self.scenarios = self.run.suite_version.scenarios
        self.settings = SamplingSettings(**self.run.settings)
        self.waiting: dict[str, ScenarioResult] = {}
        self.deaths = self.answers = 0
        self.last_beat = self.last_answer = time.monotonic()
        self.stop: type[Exception] | None = None

    def work(self) -> None:
        """Asks until no scenario waits for an answer."""
        shortest = pause = min(1.0, LONGEST_PAUSE_SECONDS)
        while self._read_waiting():
            before = self.answers
            self._ask()
            if self.stop is not None:
                raise self.stop
            if self.answers > before:
                pause = shortest
                continue
            self._wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        judges = Judging if self.run.compared_run is None else PairJudging
        judging = judges(self.claim, self.clock, self.judge_of, self._tick)
        trouble = judging.ask()
        if self.stop is claims.ClaimLost:
            raise self.stop
        # All answers are there, so a run is finished even if somebody stopped the judge, and finishes only once.
        if self.run.finished_at is None:
            self.claim.finish(JobStatus.FINISHED, now=self.clock(), error=trouble)
        else:
            self.claim.leave(status=JobStatus.FINISHED, error=trouble, now=self.clock())

    def _read_waiting(self) -> bool:
        results = self.run.results.filter(status=Status.WAITING)
        self.waiting = {str(result.number): result for result in results}
        return bool(self.waiting)

    def _ask(self) -> None:
        before = self.answers
        try:
            with self.source_of(self.run.version) as source:
                for outcome in source.generate(self._requests(), should_stop=self._tick):
                    self._take(outcome)
        except claims.ClaimLost:
            self.stop = claims.ClaimLost
        except SamplerDied as death:
            self.deaths = self.deaths + 1 if self.answers == before else 1
            if self.deaths >= MAX_DEATHS:
                raise
            logger.warning("the sampler of suite run %s died: %s", self.run.pk, death)
        except GeneratorUnavailable as absence:
            if time.monotonic() - self.last_answer > self.patience:
                raise
            # A server that restarts comes back: the run waits for it until somebody cancels, and says so.
            logger.warning("suite run %s waits for its server: %s", self.run.pk, absence)
            waits = Sentence(_("Waiting for the server. %(reason)s"), {"reason": sentence_of(absence)})
            self.claim.write(error=waits)

    def _requests(self) -> Iterator[GenerationRequest]:
        for key, result in list(self.waiting.items()):
            messages = self.scenarios[result.number]["messages"]
            yield GenerationRequest(key, messages, self.run.seed, self.settings)

    def _take(self, outcome: GeneratedCompletion | GenerationFailure) -> None:
        """Writes an answer with its checks, or notes a failure; the generator's failure is none of the version's."""
        result = self.waiting[outcome.key]
        if isinstance(outcome, GenerationFailure):
            result.tries += 1
            result.reason = Sentence(outcome.reason)
            if not outcome.retryable or result.tries >= MAX_TRIES:
                result.status = Status.FAILED
        else:
            checks = tuple(parse_check(check) for check in self.scenarios[result.number]["checks"])
            is_storable = not unstorable(outcome.text)
            text = storable(outcome.text)
            found = outcomes_of(checks, text)
            result.status, result.reason, result.text = Status.WRITTEN, Sentence(), text
            result.completion = draft_as_json(draft_of_generated(outcome)) if is_storable else None
            result.checks = [one.as_json() for one in found]
            result.outcome = ScenarioResult.Outcome(overall([one.outcome for one in found]))
        ended = int(result.status != Status.WAITING)
        self.answers += ended
        self.last_answer = time.monotonic()
        with transaction.atomic():
            self.claim.lock()
            result.save(update_fields=["status", "tries", "reason", "text", "completion", "checks", "outcome"])
            self.claim.write(done=self.run.done + ended, heartbeat_at=self.clock(), worker_deaths=0, error="")

    def _tick(self) -> bool:
        """Sends a heartbeat when it is time; returns whether to stop. Called at least every second."""
        now = time.monotonic()
        if self.stop is None and self.within():
            self.stop = claims.Stopped
        if self.stop is None and now - self.last_beat >= claims.HEARTBEAT_SECONDS:
            self.last_beat = now
            try:
                self.stop = claims.Stopped if self.claim.beat(self.clock()) else None
            except claims.ClaimLost:
                self.stop = claims.ClaimLost
        return self.stop is not None

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(min(1.0, seconds))
            if self._tick() and self.stop is not None:
                raise self.stop
