"""The rows that rounds and their cost consist of, read for many rounds with a fixed number of statements."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from django.db.models import (
    Case,
    Count,
    FloatField,
    IntegerField,
    Min,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from labeling.models import Judgment
from training.models import (
    Deployment,
    EvaluationJob,
    GateDecision,
    GenerationJob,
    ModelVersion,
    PeopleGate,
    Round,
    Run,
    RunMetric,
    SuiteRun,
)
from training.queries.loop import loop_runs
from training.queries.people_gate_supply import cast_so_far
from training.queries.retraining import runs_awaiting_gate

Span = tuple[datetime | None, datetime | None]
"""From the first time, which does not belong to it, to the second, which does; None: without an end."""

BY_PEOPLE = Q(annotator__is_simulated=False, annotator__outside_campaign=None)
"""Without simulated annotators, and without votes that were imported: nobody here spent time on them."""

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Labels:
    """The judgments in a span. judgments, annotators, first: those that stand. seconds, untimed: all by people."""

    span: Span
    judgments: int = 0
    annotators: int = 0
    first: datetime | None = None
    seconds: float = 0.0
    untimed: int = 0


@dataclass(frozen=True, slots=True)
class Time:
    """Time that people spent: seconds, and the number of judgments whose time is not known."""

    seconds: float = 0.0
    untimed: int = 0


@dataclass(frozen=True, slots=True)
class Learned:
    """The pairs and tokens that the steps of a run learned from; those of two epochs count twice."""

    pairs: int = 0
    tokens: int = 0


class RoundRows:
    """The rows of some rounds of one campaign, in dictionaries by the key of what they belong to, oldest first."""

    def __init__(self, rounds: Sequence[Round]) -> None:
        self.campaign = rounds[0].campaign
        following = Round.objects.filter(campaign=self.campaign, number__in=[one.number + 1 for one in rounds])
        self.followers = {one.number - 1: one for one in following}
        self.keys = [one.pk for one in rounds]
        both = {*self.keys, *(one.pk for one in self.followers.values())}
        self.generations = by(
            "round_id", GenerationJob.objects.filter(round__in=both).select_related("created_by").order_by("pk")
        )
        runs = Run.objects.filter(round__in=self.keys).select_related("created_by", "parent", "snapshot")
        self.runs = by("round_id", runs.order_by("pk"))
        self.versions: dict[int, list[ModelVersion]] = defaultdict(list)
        made = ModelVersion.objects.filter(run__round__in=self.keys).select_related("run", "parent").order_by("pk")
        self.version_keys = []
        for version in made:
            assert version.run is not None
            assert version.run.round_id is not None
            self.versions[version.run.round_id].append(version)
            self.version_keys.append(version.pk)
        evaluations = EvaluationJob.objects.filter(version__in=self.version_keys, campaign=self.campaign)
        evaluations = evaluations.select_related("created_by").defer("report", "parts")
        self.evaluations = by("version_id", evaluations.order_by("pk"))
        gates = PeopleGate.objects.filter(candidate__in=self.version_keys)
        self.gates = by("candidate_id", gates.select_related("job", "serving", "opened_by").order_by("pk"))
        self.cast = cast_so_far([gate for some in self.gates.values() for gate in some if gate.is_open])
        decisions = GateDecision.objects.filter(version__in=self.version_keys)
        self.decisions = by("version_id", decisions.select_related("by").order_by("pk"))
        awaiting = runs_awaiting_gate().filter(round__in=self.keys)
        self.awaiting_gate = set(awaiting.values_list("pk", flat=True))
        self.labels = _labels_of_rounds(rounds, self.runs)

    @cached_property
    def promotions(self) -> dict[int, list[Deployment]]:
        """The promotions of each version."""
        promoted = Deployment.objects.filter(version__in=self.version_keys, kind=Deployment.Kind.PROMOTION)
        return by("version_id", promoted.select_related("by", "version").order_by("pk"))

    @cached_property
    def replaced_by(self) -> dict[int, Deployment]:
        """The deployment that followed in the same channel on the last promotion of each version, by version."""
        last = [promotions[-1].pk for promotions in self.promotions.values()]
        later = Deployment.objects.filter(channel=OuterRef("channel"), pk__gt=OuterRef("pk")).order_by("pk")
        following = Deployment.objects.filter(pk__in=last).annotate(next=Subquery(later.values("pk")[:1]))
        keys = dict(following.values_list("version", "next"))
        found = Deployment.objects.select_related("by", "version").in_bulk(set(keys.values()) - {None})
        return {version: found[key] for version, key in keys.items() if key is not None}

    @cached_property
    def suite_runs(self) -> dict[int, list[SuiteRun]]:
        """The runs of suites by version, in this campaign."""
        return by("version_id", SuiteRun.objects.filter(version__in=self.version_keys, campaign=self.campaign))

    @cached_property
    def learned(self) -> dict[int, Learned]:
        """By run."""
        return learned_by(Run.objects.filter(round__in=self.keys))

    @cached_property
    def gate_time(self) -> dict[int, Time]:
        """The time of people in the blind test of each gate by people."""
        tests = {gate.blind_test_id for some in self.gates.values() for gate in some}
        votes = Judgment.objects.filter(BY_PEOPLE, campaign__in=tests).values("campaign")
        sums = votes.annotate(timed=Sum("seconds"), untimed=Count("pk", filter=Q(seconds=None))).order_by("campaign")
        return {one["campaign"]: Time(one["timed"] or 0.0, one["untimed"]) for one in sums}


def by(name: str, rows: Iterable[M]) -> dict[int, list[M]]:
    """Rows by one of their columns, in their order."""
    found: dict[int, list[M]] = defaultdict(list)
    for row in rows:
        found[getattr(row, name)].append(row)
    return found


def in_span(span: Span) -> Q:
    """The condition of rows that were created within a span."""
    since, until = span
    after = Q(created_at__gt=since) if since is not None else Q()
    return after & Q(created_at__lte=until) if until is not None else after


def _labels_of_rounds(rounds: Sequence[Round], runs: dict[int, list[Run]]) -> dict[int, Labels]:
    """The labels of each round: from the run before its own to its own last one.

    The runs of a round follow one another without another round's in between, so spans do not overlap.
    """
    campaign = rounds[0].campaign
    all_runs = list(loop_runs(campaign).order_by("pk").values_list("pk", "created_at"))
    spans: dict[int, Span] = {}
    for one in rounds:
        own = runs.get(one.pk, [])
        earlier = [at for key, at in all_runs if not own or key < own[0].pk]  # also those from before rounds
        spans[one.pk] = (earlier[-1] if earlier else None, own[-1].created_at if own else None)
    which = Case(
        *(When(in_span(span) & Q(pk__gt=0), then=Value(key)) for key, span in spans.items()),
        output_field=IntegerField(),
    )
    stands = Q(superseded_at=None)
    sums = (
        Judgment.objects.filter(in_span(_around(list(spans.values()))), campaign=campaign)
        .annotate(of_round=which)
        .exclude(of_round=None)
        .values("of_round")
        .annotate(
            judgments=Count("pk", filter=stands),
            people=Count("annotator", distinct=True, filter=stands),
            first=Min("created_at", filter=stands),
            timed=Sum("seconds", filter=BY_PEOPLE),
            untimed=Count("pk", filter=BY_PEOPLE & Q(seconds=None)),
        )
        .order_by("of_round")
    )
    found = {one["of_round"]: one for one in sums}
    return {key: _labels(span, found.get(key)) for key, span in spans.items()}


def _around(spans: Sequence[Span]) -> Span:
    """The span that begins with the first of these and ends with the last: an index then finds the rows."""
    begins, ends = [since for since, _ in spans if since], [until for _, until in spans if until]
    whole = len(spans)
    return (min(begins) if len(begins) == whole else None, max(ends) if len(ends) == whole else None)


def _labels(span: Span, sums: Mapping[str, Any] | None) -> Labels:
    if sums is None:
        return Labels(span)
    return Labels(span, sums["judgments"], sums["people"], sums["first"], sums["timed"] or 0.0, sums["untimed"])


def learned_by(runs: QuerySet[Run]) -> dict[int, Learned]:
    """The pairs and tokens of the steps of each run, of those that recorded them."""
    steps = RunMetric.objects.filter(run__in=runs, event="progress").values("run")
    sums = steps.annotate(
        pairs=Sum(Cast(KT("values__pairs"), FloatField())), tokens=Sum(Cast(KT("values__tokens"), FloatField()))
    )
    return {one["run"]: Learned(int(one["pairs"] or 0), int(one["tokens"] or 0)) for one in sums.order_by("run")}
