"""The price of a better model: a campaign's learning curve, and what more labels cost and bring."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from math import isfinite
from typing import Any

import numpy as np

from labeling.models import Campaign
from labeling.queries.statistics import Counted
from labeling.queries.verdicts import count_pairs
from labeling.stats import Estimate, LearningCurve, Range, ShortTraining, learning_curve, proportion
from labeling.stats import quantiles as middle_of
from labeling.stats.learning_curve import FARTHEST, WORTH
from training.models import JobStatus, ModelVersion, PriceJob, RoundPlan
from training.queries.loop import loop_versions
from training.queries.price_effort import Effort, effort_of
from training.queries.price_worth import OverlapWorth, VoteWorth, overlap_worths, vote_worths
from training.queries.round_costs import plan_of
from training.queries.round_targets import target_figures

RIGHT = {"1": 1.0, "h": 0.5, "0": 0.0}
SHARES = (0.25, 0.5, 1.0)
"""The offers, in multiples of the labels so far. A farther forecast was not tested (benchmarks.price)."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A lead's questions. votes: how many more; target: an accuracy from 0.5 to 1. None: not asked."""

    votes: int | None = None
    target: float | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """More votes, their price, and the accuracy of a run after them. hours, money: None: not known."""

    votes: int
    labels: int
    hours: float | None
    money: float | None
    then: Range
    gain: Range
    is_far: bool
    is_asked: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """When a target is reached. chance: the share of the curves that reach it. votes, days: further ones; may be inf.

    days: None: there is no pace.
    """

    accuracy: float
    chance: float
    votes: Range
    days: Range | None

    @property
    def is_likely(self) -> bool:
        """Whether the middle curve reaches it."""
        return isfinite(self.votes.value)

    @property
    def about(self) -> int | None:
        """The votes in round numbers; None: never."""
        return _rounded(self.votes.value) if self.is_likely else None


@dataclass(frozen=True, slots=True)
class RealPoint:
    """A version of the campaign: the labels it learned from, its held-out accuracy, and people's win rate if known."""

    version: str
    labels: int
    accuracy: Range
    win_rate: Range | None


@dataclass(frozen=True, slots=True)
class Price:
    """Everything on the page. job: the newest measurement; measured: the one behind the curve. labels: the pairs that a
    run of today would learn from, where the forecast begins; 0 without a curve."""

    job: PriceJob | None
    measured: PriceJob | None
    curve: LearningCurve | None
    labels: int
    effort: Effort
    offers: list[Offer]
    target: Target | None
    overlaps: list[OverlapWorth]
    votes: list[VoteWorth]
    real: list[RealPoint]

    @property
    def finding(self) -> str:
        """exhausted: twice the labels bring nothing worth it; pays: they bring a point at least; else unclear."""
        if self.curve is None:
            return "unknown"
        if self.curve.is_exhausted(self.labels):
            return "exhausted"
        gain = self.curve.gain_between(self.labels, self.labels)
        return "pays" if gain.low >= WORTH else "unclear"

    def as_json(self) -> dict[str, Any]:
        """JSON values; what is infinite (never, at this pace or with such labels) is null."""
        points = [asdict(one) for one in self.curve.points] if self.curve else []
        found = {
            "finding": self.finding,
            "labels": self.labels if self.curve else None,
            "measured_labels": self.curve.labels if self.curve else None,
            "held_out_pairs": held_out_pairs(self.measured),
            "points": points,
            "effort": self.effort.as_json(),
            "offers": [asdict(one) for one in self.offers],
            "target": asdict(self.target) if self.target else None,
            "overlaps": [asdict(one) for one in self.overlaps],
            "annotators": [one.as_json() for one in self.votes],
            "versions": [asdict(one) for one in self.real],
        }
        return dict(_finite(found))


def price_of(campaign: Campaign, wish: Wish, counted: Counted | None, *, now: datetime) -> Price:
    """The price page's figures. counted: people's votes; None: they are being counted."""
    jobs = list(PriceJob.objects.filter(campaign=campaign).select_related("snapshot", "base").order_by("-pk")[:5])
    measured, curve = _measured(jobs)
    plan = plan_of(campaign)
    effort = effort_of(campaign, plan, measured.snapshot if measured else None, now=now)
    offers, target, overlaps, labels = list[Offer](), None, list[OverlapWorth](), 0
    if curve is not None and measured is not None:
        labels = _labels_now(measured, curve)
        offers = _offers(curve, effort, wish, labels)
        wanted = wish.target or (plan.target if plan.target_by == RoundPlan.TargetBy.EVALUATION else None)
        target = _target(curve, effort, float(wanted), labels) if wanted else None
        overlaps = overlap_worths(curve, effort, counted, labels)
    newest = jobs[0] if jobs else None
    worths = vote_worths(counted)
    return Price(newest, measured, curve, labels, effort, offers, target, overlaps, worths, _real(campaign))


def _measured(jobs: Sequence[PriceJob]) -> tuple[PriceJob, LearningCurve] | tuple[None, None]:
    """The newest measurement with a curve. One that was not finished counts only where there is no other."""
    for one in sorted(jobs, key=lambda job: job.status != JobStatus.FINISHED):
        curve = curve_of(one)
        if curve is not None:
            return one, curve
    return None, None


def _labels_now(measured: PriceJob, curve: LearningCurve) -> int:
    """The pairs that a run of today would learn from: those of the measurement's snapshot, and of those settled since
    as large a part as it took of its own."""
    snapshot = measured.snapshot
    pairs = snapshot.train_pairs + snapshot.test_pairs
    since = snapshot.last_verdict_at
    fresh = count_pairs(snapshot.campaign, since=since) * snapshot.train_pairs / pairs if since and pairs else 0.0
    return max(curve.labels, snapshot.train_pairs) + round(fresh)


def curve_of(job: PriceJob) -> LearningCurve | None:
    """The curve through the short runs of a measurement so far; None: they are too few."""
    rows = [
        ShortTraining(one["labels"], one["draw"], np.array([RIGHT[mark] for mark in one["right"]]))
        for one in job.trainings
    ]
    return learning_curve(rows, job.prompts or None)


def held_out_pairs(job: PriceJob | None) -> int | None:
    """The held-out pairs behind a measurement."""
    return len(job.trainings[0]["right"]) if job and job.trainings else None


def _offers(curve: LearningCurve, effort: Effort, wish: Wish, now: int) -> list[Offer]:
    wanted = [effort.further_votes(now * share) for share in SHARES]
    found = [_offer(curve, effort, _rounded(votes), now) for votes in wanted]
    if wish.votes is not None:
        found.insert(0, _offer(curve, effort, wish.votes, now, is_asked=True))
    return found


def _offer(curve: LearningCurve, effort: Effort, votes: int, now: int, *, is_asked: bool = False) -> Offer:
    labels = min(effort.further_labels(votes), curve.labels * FARTHEST)
    return Offer(
        votes=votes,
        labels=round(labels),
        hours=effort.hours(votes),
        money=effort.money(votes),
        then=curve.next_accuracy(now + labels),
        gain=curve.gain_between(now, labels),
        is_far=now + labels > 2.1 * curve.labels,
        is_asked=is_asked,
    )


def _rounded(votes: float) -> int:
    """To two digits: a forecast is no more exact."""
    step = 10 ** max(0, len(str(int(votes))) - 2)
    return max(1, int(round(votes / step) * step))


def _target(curve: LearningCurve, effort: Effort, accuracy: float, now: int) -> Target:
    labels = np.maximum(0.0, curve.labels_for(accuracy) - now)
    votes = np.array([effort.further_votes(one) for one in labels])
    paces = effort.paces(len(votes))
    days = None
    if paces is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            days = middle_of(np.where(votes > 0, votes / paces, 0.0))
    return Target(accuracy, float(np.isfinite(labels).mean()), middle_of(votes), days)


def _real(campaign: Campaign) -> list[RealPoint]:
    """The campaign's versions with their accuracy over the base model, oldest first; without those of groups."""
    rows = loop_versions(campaign).filter(run__status=JobStatus.FINISHED)
    versions = list(rows.select_related("run__snapshot", "parent").order_by("pk"))
    measured = target_figures(versions, RoundPlan.TargetBy.EVALUATION, campaign)
    by_people = target_figures(versions, RoundPlan.TargetBy.PEOPLE, campaign)
    found = []
    for version in versions:
        figure, people = measured.get(version.pk), by_people.get(version.pk)
        accuracy = Range(figure.value, figure.low, figure.high) if figure else _own_accuracy(version)
        if accuracy is not None:
            assert version.run is not None
            win_rate = Range(people.value, people.low, people.high) if people else None
            learned = version.run.snapshot.train_pairs + version.run.snapshot.learned_before
            found.append(RealPoint(version.name, learned, accuracy, win_rate))
    return found


def _own_accuracy(version: ModelVersion) -> Range | None:
    """The held-out accuracy of a run that started from the base model: its reference is that base too."""
    share, pairs = version.metrics.get("reward_accuracy"), version.metrics.get("pairs")
    if share is None or not pairs or version.parent is None or version.parent.parent_id is not None:
        return None
    assert version.run is not None
    independent = version.run.snapshot.independent(pairs)
    found: Estimate = proportion(share * independent, independent)
    assert found.low is not None
    assert found.high is not None
    return Range(share, found.low, found.high)


def _finite(value: Any) -> Any:
    """The same values with null for what is infinite."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _finite(one) for name, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, Sequence) and not isinstance(value, str) else value
