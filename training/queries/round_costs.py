"""The cost of rounds: time of people and machines, tokens, pairs learned from, and money by the rates of a lead."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum

from labeling.models import Campaign, Judgment
from training.models import (
    EvaluationJob,
    GenerationJob,
    PeopleGate,
    PriceJob,
    Round,
    RoundPlan,
    Run,
    SelectionJob,
    SuiteRun,
    worked_since,
)
from training.queries.round_rows import BY_PEOPLE, Learned, RoundRows, Span, Time, in_span, learned_by

JOBS: tuple[type[GenerationJob | Run | EvaluationJob | SuiteRun | PriceJob | SelectionJob], ...] = (
    GenerationJob,
    Run,
    EvaluationJob,
    SuiteRun,
    PriceJob,
    SelectionJob,
)


@dataclass(frozen=True, slots=True)
class Cost:
    """Times in seconds. untimed: judgments of people whose time is not known. money: None: a rate is not set."""

    human_seconds: float
    untimed: int
    machine_seconds: float
    tokens_generated: int
    pairs_learned: int
    tokens_learned: int
    money: Decimal | None
    currency: str

    @property
    def machine_minutes(self) -> int:
        return round(self.machine_seconds / 60)

    def as_dict(self) -> dict[str, Any]:
        """JSON values. Money is a text, so that no cent is lost."""
        return {
            "human_minutes": round(self.human_seconds / 60, 1),
            "judgments_without_time": self.untimed,
            "machine_minutes": round(self.machine_seconds / 60, 1),
            "tokens_generated": self.tokens_generated,
            "pairs_learned": self.pairs_learned,
            "tokens_learned": self.tokens_learned,
            "money": None if self.money is None else str(self.money),
            "currency": self.currency,
        }


def plan_of(campaign: Campaign) -> RoundPlan:
    """The plan of a campaign's rounds; where none was ever saved, the default one."""
    return RoundPlan.objects.filter(campaign=campaign).first() or RoundPlan(campaign=campaign)


def cost_of_round(one: Round, rows: RoundRows, plan: RoundPlan, *, now: datetime) -> Cost:
    """The cost of one round so far. rows: of this round, and perhaps of others.

    It includes the votes and the texts of gates by people about its versions.
    """
    versions = [version.pk for version in rows.versions.get(one.pk, [])]
    gates = [gate for version in versions for gate in rows.gates.get(version, [])]
    runs = rows.runs.get(one.pk, [])
    written = {job.pk: job for job in rows.generations.get(one.pk, [])} | {gate.job_id: gate.job for gate in gates}
    jobs: list[Any] = [*written.values(), *runs]
    for version in versions:
        jobs += [*rows.evaluations.get(version, []), *rows.suite_runs.get(version, [])]
    labels, votes = rows.labels[one.pk], [rows.gate_time.get(gate.blind_test_id, Time()) for gate in gates]
    learned = [rows.learned.get(run.pk, Learned()) for run in runs]
    return _cost(
        Time(labels.seconds + sum(one.seconds for one in votes), labels.untimed + sum(one.untimed for one in votes)),
        sum(_worked((None, now), *(getattr(job, name) for name in WORKED)) for job in jobs),
        sum(job.tokens_written for job in written.values()),
        Learned(sum(one.pairs for one in learned), sum(one.tokens for one in learned)),
        plan,
    )


def spent(plan: RoundPlan, since: datetime | None, *, now: datetime) -> Cost:
    """The cost of the whole campaign since a time; None: since its beginning."""
    tests = PeopleGate.objects.filter(campaign=plan.campaign_id).values("blind_test")
    campaigns = [plan.campaign_id, *tests.values_list("blind_test", flat=True)]
    span = (since, now)
    judgments = Judgment.objects.filter(in_span(span), BY_PEOPLE, campaign__in=campaigns)
    sums = judgments.aggregate(timed=Sum("seconds"), untimed=Count("pk", filter=Q(seconds=None)))
    machine, tokens, learned = 0.0, 0, Learned()
    for model in JOBS:
        begun = model.objects.filter(campaign__in=campaigns).exclude(started_at=None)
        if since is not None:
            begun = begun.filter(Q(finished_at=None) | Q(finished_at__gt=since) | ~Q(claimed_at=None))
        machine += sum(_worked(span, *values) for values in begun.values_list(*WORKED))
        if model is GenerationJob:
            tokens = begun.aggregate(tokens=Sum("tokens_written"))["tokens"] or 0
        if model is Run:
            of_runs = learned_by(begun).values()  # type: ignore[arg-type]
            learned = Learned(sum(one.pairs for one in of_runs), sum(one.tokens for one in of_runs))
    return _cost(Time(sums["timed"] or 0.0, sums["untimed"]), machine, tokens, learned, plan)


def _cost(human: Time, machine: float, tokens: int, learned: Learned, plan: RoundPlan) -> Cost:
    in_money = money(plan, human.seconds, machine)
    return Cost(human.seconds, human.untimed, machine, tokens, learned.pairs, learned.tokens, in_money, plan.currency)


WORKED = ("worked_seconds", "claimed_at", "started_at", "finished_at")


def _worked(
    span: Span, before: float, claimed: datetime | None, started: datetime | None, finished: datetime | None
) -> float:
    """The seconds in which workers had a job, within a span: earlier claims, and the present one until now.

    Of earlier claims only their sum is known: of a job that began before the span, they count as late as possible.
    """
    since, until = span
    if claimed is not None and finished is not None and finished >= claimed:
        # A worker of an earlier version ended it, and left its claim.
        until = finished if until is None else min(until, finished)
    present = worked_since(claimed if claimed is None or since is None else max(claimed, since), until)
    if since is not None and started is not None and started < since:
        before = min(before, worked_since(since, claimed or finished or until))
    return before + present


def money(plan: RoundPlan, human_seconds: float, machine_seconds: float) -> Decimal | None:
    """The cost in money; None where no rate is set."""
    if plan.human_hour is None and plan.machine_hour is None:
        return None
    human = Decimal(human_seconds) / 3600 * (plan.human_hour or 0)
    machine = Decimal(machine_seconds) / 3600 * (plan.machine_hour or 0)
    return (human + machine).quantize(Decimal("0.01"))
