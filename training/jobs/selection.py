"""A choice of the comparisons that come next; before it, the arm that is due is measured by short runs.

Every finished short run is kept in the row, so that the next worker goes on from there. The time is limited: when it is
used up, the arm is measured again at twice its labels, and the choice is made without a model.
"""

import itertools
import logging
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
from django.conf import settings
from django.utils import timezone

from labeling.actions.comparison_drafts import draft_of_stored
from labeling.events.record import record
from labeling.exchange import TRAIN, SnapshotDamaged
from labeling.judging.dealing import deal, front_of_queue
from labeling.models import Comparison, Verdict
from labeling.queries.splits import split_of
from labeling.stats import Range
from labeling.stats.arm_worth import FIRST_LOOK, MOST_EARLIER, PARTS, equal_parts, gain_of
from training import claims, memory
from training.actions.scratch import SHORT_RUNS
from training.actions.selection import record_worth
from training.actions.snapshots import take_snapshot
from training.claims import Clock
from training.errors import TooFewPairs, VersionDamaged
from training.evaluation.arms import BY_TEXT, RANDOM, Candidate, choose, lot_of
from training.jobs import handover
from training.jobs.drafts import pair_to_score
from training.jobs.engine import EngineFailed, score_pairs
from training.jobs.short_training import FEWEST_PROMPTS, ShortRun, trained_shortly, write_held_out
from training.models import JobStatus, ModelVersion, SelectionJob, SelectionTrial, TrialArm, worked_since
from training.queries.held_prompts import held_of
from training.queries.price import RIGHT
from training.queries.selection import BATCH, POOL, Chosen, chosen_by_arm, may_choose, shares_now
from training.queries.snapshots import comparisons_of, read_side
from training.versions import files

logger = logging.getLogger(__name__)

FAILURES = (EngineFailed, VersionDamaged, SnapshotDamaged, handover.HandoverFailed)
KNOWN = 1000
"""The newest labeled pairs from which novelty is counted."""
AT_ONCE = 500
SIDES = ("arm", "chance")
Place = tuple[str, int]
"""A side and the number of its part."""
Obstacle = TrialArm.Obstacle


class CannotMeasure(Exception):
    """An arm cannot be measured now."""

    def __init__(self, obstacle: TrialArm.Obstacle) -> None:
        super().__init__(obstacle)
        self.obstacle = obstacle


def run_selection_job(job_id: int, *, clock: Clock = timezone.now) -> SelectionJob | None:
    """Runs a choice to its end and returns it; None if this worker cannot claim it."""
    claim = memory.claim(SelectionJob, job_id, now=clock())
    if claim is None:
        return None
    with claims.ending(claim, clock, gives_up_on=FAILURES):
        work = SelectionWork(claim, clock)
        with handover.training(claim, clock) if work.needs_model else nullcontext():
            work.work()
    claim.job.refresh_from_db()
    return claim.job


class SelectionWork:
    """A claimed choice at work."""

    def __init__(self, claim: "claims.Claim[SelectionJob]", clock: Clock) -> None:
        self.claim, self.clock = claim, clock
        rows = SelectionJob.objects.select_related("snapshot", "version__parent", "campaign")
        self.job = rows.get(pk=claim.job.pk)
        self.campaign = self.job.campaign
        self.generator = np.random.default_rng(self.job.pk)
        self.last_beat = 0.0
        self.stopping = False
        self.begun_at = clock()

    @property
    def needs_model(self) -> bool:
        """Whether short runs or implicit rewards are needed; a choice by texts alone leaves the servers alone."""
        trial = SelectionTrial.objects.filter(campaign=self.campaign).prefetch_related("arms").first()
        by_model = trial is not None and any(arm not in BY_TEXT for arm in shares_now(trial))
        return bool(self.job.arm) or (by_model and self.job.version.parent_id is not None)

    def work(self) -> None:
        """Measures, then chooses."""
        self.begun_at = self.clock()  # the wait for the machine is no work
        if self.job.arm:
            self._measure_or_go_on()
        chosen = self._choose()
        self.claim.finish(JobStatus.FINISHED, now=self.clock(), chosen=chosen)

    # --- What the arm is worth ---

    def _measure_or_go_on(self) -> None:
        """Measures. A failure there keeps nobody from their next comparisons: each later job would meet it again."""
        gain, obstacle = None, ""
        try:
            gain = self._gain()
        except CannotMeasure as error:
            obstacle = error.obstacle
        except FAILURES:
            logger.exception("The arm %s of %s could not be measured", self.job.arm, self.campaign)
            obstacle = Obstacle.FAILED
        record_worth(job=self.job, gain=gain, obstacle=obstacle, now=self.clock())

    def _gain(self) -> Range:
        """The gain of the arm of the job. Raises CannotMeasure; then it is due again at twice its labels."""
        found = self._trained(self._parts())
        arm, chance = (np.array([_marks(found[side, part]) for part in range(PARTS)]) for side in SIDES)
        return gain_of(arm, chance, self.job.prompts or None)

    def _parts(self) -> dict[Place, list[int]]:
        """The training lines of each short run. Raises CannotMeasure where there are too few."""
        self._beat()
        try:
            snapshot = self.job.snapshot or take_snapshot(
                campaign=self.campaign, acting_user=None, now=self.clock(), meanwhile=self._beat
            )
        except TooFewPairs as error:
            raise CannotMeasure(Obstacle.CHANCE) from error
        self._beat()
        snapshot.verified()
        self.job.snapshot = snapshot
        self.claim.write(snapshot=snapshot, total=PARTS * len(SIDES))
        by_arm = self._lines_by_arm()
        ours, theirs, earlier = (by_arm.get(arm, []) for arm in (self.job.arm, RANDOM, ""))
        for side, obstacle in ((ours, Obstacle.LABELS), (theirs, Obstacle.CHANCE)):
            if len(side) < FIRST_LOOK:
                raise CannotMeasure(obstacle)
        earlier = [earlier[int(place)] for place in self.generator.permutation(len(earlier))[:MOST_EARLIER]]
        counts = chosen_by_arm(self.campaign)
        costs = [counts.get(arm, Chosen()).votes_per_label or 1.0 for arm in (self.job.arm, RANDOM)]
        sides = zip(SIDES, equal_parts(ours, theirs, self.generator, (costs[0], costs[1])), strict=True)
        return {
            (side, part): sorted([*earlier, *numbers]) for side, parts in sides for part, numbers in enumerate(parts)
        }

    def _trained(self, parts: dict[Place, list[int]]) -> dict[Place, str]:
        """The result of each short run. Raises CannotMeasure."""
        assert self.job.snapshot is not None
        folder, base = Path(self.job.snapshot.directory), self.job.version.base()
        lines = (folder / TRAIN).read_bytes().splitlines(keepends=True)
        found = {(one["side"], one["part"]): one["right"] for one in self.job.trainings}
        if len(found) < len(parts):
            files.check_version(base)
        place = settings.VAR_DIR / SHORT_RUNS
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="arm-", dir=place) as made:
            data, held_out = Path(made) / "train.jsonl", Path(made) / "test.jsonl"
            if write_held_out(folder, held_out) < FEWEST_PROMPTS:
                raise CannotMeasure(Obstacle.HELD_OUT)
            for (side, part), numbers in parts.items():
                if (side, part) in found:
                    continue
                data.write_bytes(b"".join(lines[number] for number in numbers))
                run, out = ShortRun(base, self.job.config, part), Path(made) / f"{side}-{part}"
                measured = trained_shortly(run, data, held_out, out, should_stop=self._should_stop)
                if self.stopping:
                    raise claims.Stopped
                if measured is None:
                    raise CannotMeasure(Obstacle.TIME)
                found[side, part] = measured.right
                self._keep({"side": side, "part": part, "right": measured.right}, measured.prompts)
        return found

    def _lines_by_arm(self) -> dict[str, list[int]]:
        """The numbers of the training lines of the snapshot, by the arm that chose their comparison."""
        assert self.job.snapshot is not None
        found: dict[str, list[int]] = {}
        pairs, start = read_side(self.job.snapshot, "train"), 0
        while batch := list(itertools.islice(pairs, AT_ONCE)):
            self._beat()
            numbers = comparisons_of(self.job.snapshot, batch)
            arms = dict(Comparison.objects.filter(pk__in=[one for one in numbers if one]).values_list("pk", "arm"))
            for place, number in enumerate(numbers, start):
                if number in arms:
                    found.setdefault(arms[number], []).append(place)
            start += len(batch)
        return found

    def _keep(self, training: dict[str, object], prompts: list[int]) -> None:
        self.job.trainings.append(training)
        self.job.prompts = prompts
        values = {"done": len(self.job.trainings), "worker_deaths": 0, "heartbeat_at": self.clock()}
        self.claim.write(trainings=self.job.trainings, prompts=prompts, **values)

    # --- The choice ---

    def _choose(self) -> dict[str, int]:
        """Chooses and deals; returns how many comparisons of each arm."""
        trial = SelectionTrial.objects.filter(campaign=self.campaign, is_on=True).prefetch_related("arms").first()
        front = front_of_queue(self.campaign, POOL)
        if trial is None or front.ready >= BATCH or not front.free:
            return {}
        shares = shares_now(trial) if may_choose(self.campaign) else {}
        candidates = self._candidates(front.free, needs_margins=any(arm not in BY_TEXT for arm in shares))
        split = split_of(self.campaign)
        chosen = choose(
            candidates,
            shares,
            BATCH - front.ready,
            held_out=split.test_share,
            known=_known_texts(self.campaign.pk) if set(BY_TEXT) & set(shares) else [],
            generator=self.generator,
        )
        dealt = deal(self.campaign, chosen, front=front.free)
        record(
            "selection.chosen",
            self.job,
            acting_user=None,
            now=self.clock(),
            campaign=self.campaign,
            after={"chosen_by": dealt},
        )
        return dealt

    def _candidates(self, ids: Sequence[int], *, needs_margins: bool) -> list[Candidate]:
        rows = Comparison.objects.filter(pk__in=ids).select_related("prompt", "completion_a", "completion_b")
        comparisons = {one.pk: one for one in rows}
        split, is_held = split_of(self.campaign), held_of(self.campaign)
        found = [
            Candidate(
                one.pk,
                lot_of(one.pair_hash),
                split.holds_out(one.prompt.messages) or (is_held is not None and is_held(one.prompt.messages)),
                text_of(one),
            )
            for one in (comparisons[pk] for pk in ids if pk in comparisons)
        ]
        version = self.job.version
        if not needs_margins or version.parent_id is None:
            return found
        free = [comparisons[one.key] for one in found if not one.is_held_out]
        margins = self._margins(version, free)
        parent = version.parent
        before = self._margins(parent, free) if parent and parent.parent_id is not None else {}
        return [replace(one, margin=margins.get(one.key), before=before.get(one.key)) for one in found]

    def _margins(self, version: ModelVersion, comparisons: Sequence[Comparison]) -> dict[int, float]:
        """The implicit reward of a less that of b, over the base model, by comparison; too long ones are left out."""
        files.check_version(version)
        pairs = [
            pair_to_score(
                str(one.pk),
                one.prompt.messages,
                draft_of_stored(one.completion_a),
                draft_of_stored(one.completion_b),
                with_ids=False,
            )
            for one in comparisons
            if one.completion_a.text.strip() != one.completion_b.text.strip()
        ]
        if not pairs:
            return {}
        scores = score_pairs(version, pairs, should_stop=self._should_stop)
        if self.stopping:
            raise claims.Stopped
        return {int(one["id"]): float(one["margin"]) for one in scores}

    def _beat(self) -> None:
        """Keeps the claim. Raises Stopped once somebody has cancelled."""
        self._should_stop()
        if self.stopping:
            raise claims.Stopped

    def _should_stop(self) -> bool:
        """Whether somebody cancels, or the time is used up."""
        now = time.monotonic()
        if not self.last_beat or now - self.last_beat >= claims.HEARTBEAT_SECONDS:
            self.last_beat = now
            self.stopping = self.claim.beat(self.clock())
        worked = self.claim.job.worked_seconds + worked_since(self.begun_at, self.clock())
        return self.stopping or worked > 60 * self.job.minutes


def text_of(comparison: Comparison) -> str:
    """The words of a comparison, for its novelty."""
    said = " ".join(str(turn["content"]) for turn in comparison.prompt.messages)
    return f"{said} {comparison.completion_a.text} {comparison.completion_b.text}"


def _known_texts(campaign_id: int) -> list[str]:
    rows = Verdict.objects.filter(campaign=campaign_id, winner__in=("a", "b")).order_by("-settled_at")
    compared = rows.select_related("comparison__prompt", "comparison__completion_a", "comparison__completion_b")
    return [text_of(one.comparison) for one in compared[:KNOWN]]


def _marks(right: str) -> list[float]:
    return [RIGHT[mark] for mark in right]
