"""The cost of rounds: time of people and machines, tokens, pairs learned from, and money by the rates of a lead."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, FloatField, Q, QuerySet, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Greatest

from labeling.models import Campaign, Judgment
from training.models import (
    EvaluationJob,
    GenerationJob,
    JobStatus,
    PeopleGate,
    Round,
    RoundPlan,
    Run,
    RunMetric,
    SuiteRun,
)

Span = tuple[datetime | None, datetime | None]
"""From the first time, which does not belong to it, to the second, which does; None: without an end."""

JOBS: tuple[type[GenerationJob | Run | EvaluationJob | SuiteRun], ...] = (GenerationJob, Run, EvaluationJob, SuiteRun)


@dataclass(frozen=True, slots=True)
class Cost:
    """Times in seconds. untimed: judgments of people whose time is not known. money: None: a rate is not set."""

    human_seconds: float
    untimed: int
    machine_seconds: float
    tokens_generated: int
    pairs_learned: int
    money: Decimal | None
    currency: str

    def as_dict(self) -> dict[str, Any]:
        """JSON values. Money is a text, so that no cent is lost."""
        return {
            "human_minutes": round(self.human_seconds / 60, 1),
            "judgments_without_time": self.untimed,
            "machine_minutes": round(self.machine_seconds / 60, 1),
            "tokens_generated": self.tokens_generated,
            "pairs_learned": self.pairs_learned,
            "money": None if self.money is None else str(self.money),
            "currency": self.currency,
        }


def plan_of(campaign: Campaign) -> RoundPlan:
    """The plan of a campaign's rounds; where none was ever saved, the default one."""
    return RoundPlan.objects.filter(campaign=campaign).first() or RoundPlan(campaign=campaign)


def cost_of_round(one: Round, labels: Span, plan: RoundPlan, *, now: datetime) -> Cost:
    """The cost of one round so far. labels: the span in which its labels were made.

    It includes the votes and the texts of gates by people about its version.
    """
    gates = list(PeopleGate.objects.filter(candidate__run__round=one).values_list("blind_test", "job"))
    judgments = _by_people(Judgment.objects.filter(in_span(labels), campaign=one.campaign_id))
    votes = _by_people(Judgment.objects.filter(campaign__in=[test for test, _job in gates]))
    generations = GenerationJob.objects.filter(Q(round=one) | Q(pk__in=[job for _test, job in gates]))
    jobs: Sequence[QuerySet[Any]] = (
        generations,
        Run.objects.filter(round=one),
        EvaluationJob.objects.filter(version__run__round=one, campaign=one.campaign_id),
        SuiteRun.objects.filter(version__run__round=one, campaign=one.campaign_id),
    )
    return _cost((judgments, votes), jobs, plan, (None, now))


def spent(plan: RoundPlan, since: datetime | None, *, now: datetime) -> Cost:
    """The cost of the whole campaign since a time; None: since its beginning."""
    tests = PeopleGate.objects.filter(campaign=plan.campaign_id).values("blind_test")
    campaigns = [plan.campaign_id, *tests.values_list("blind_test", flat=True)]
    span = (since, now)
    judgments = _by_people(Judgment.objects.filter(in_span(span), campaign__in=campaigns))
    jobs = [model.objects.filter(campaign__in=campaigns) for model in JOBS]
    return _cost((judgments,), jobs, plan, span)


def in_span(span: Span) -> Q:
    """The condition of rows that were created within a span."""
    since, until = span
    after = Q(created_at__gt=since) if since is not None else Q()
    return after & Q(created_at__lte=until) if until is not None else after


def _by_people(judgments: QuerySet[Judgment]) -> QuerySet[Judgment]:
    """Without simulated annotators, and without votes that were imported: nobody here spent time on them."""
    return judgments.filter(annotator__is_simulated=False, annotator__outside_campaign=None)


def _cost(judgments: Iterable[QuerySet[Judgment]], jobs: Iterable[QuerySet[Any]], plan: RoundPlan, span: Span) -> Cost:
    human, untimed, machine, tokens, learned = 0.0, 0, 0.0, 0, 0
    for votes in judgments:
        sums = votes.aggregate(timed=Sum("seconds"), untimed=Count("pk", filter=Q(seconds=None)))
        human, untimed = human + (sums["timed"] or 0.0), untimed + sums["untimed"]
    for rows in jobs:
        begun = rows.exclude(started_at=None).exclude(status=JobStatus.QUEUED)  # resumed, and not begun again
        if span[0] is not None:
            begun = begun.filter(Q(finished_at=None) | Q(finished_at__gt=span[0]))
        last_start = Greatest("started_at", "enqueued_at")  # a job that was resumed keeps its first start
        for started, finished in begun.values_list(last_start, "finished_at"):
            machine += _seconds_within(span, started, finished)
        if rows.model is GenerationJob:
            tokens += begun.aggregate(tokens=Sum("tokens_written"))["tokens"] or 0
        if rows.model is Run:
            learned += _pairs_learned(begun)
    return Cost(human, untimed, machine, tokens, learned, money(plan, human, machine), plan.currency)


def _seconds_within(span: Span, started: datetime, finished: datetime | None) -> float:
    """The part of a job's time that lies in a span. It counts from its last start to its end."""
    since, until = span
    begin = started if since is None else max(started, since)
    end = finished or until
    if end is None:
        return 0.0
    return max(0.0, ((end if until is None else min(end, until)) - begin).total_seconds())


def _pairs_learned(runs: QuerySet[Run]) -> int:
    """How many pairs the steps of runs learned from; a pair of two epochs counts twice."""
    steps = RunMetric.objects.filter(run__in=runs, event="progress")
    total = steps.aggregate(pairs=Sum(Cast(KT("values__pairs"), FloatField())))["pairs"]
    return int(total or 0)


def money(plan: RoundPlan, human_seconds: float, machine_seconds: float) -> Decimal | None:
    """The cost in money; None where no rate is set."""
    if plan.human_hour is None and plan.machine_hour is None:
        return None
    human = Decimal(human_seconds) / 3600 * (plan.human_hour or 0)
    machine = Decimal(machine_seconds) / 3600 * (plan.machine_hour or 0)
    return (human + machine).quantize(Decimal("0.01"))
