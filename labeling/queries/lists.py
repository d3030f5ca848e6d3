"""Lists of prompts and of comparisons for leads: filtered and counted. Counts stop at MOST_COUNTED."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Self

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import MD5, Cast, Upper
from django.utils.dateparse import parse_datetime

from labeling.models import (
    Campaign,
    Comparison,
    Completion,
    ImportBatch,
    Judgment,
    Prompt,
    User,
    prompt_text,
)
from labeling.queries.judged_by import judged_by_group, with_agreement
from labeling.queries.metadata_search import comparisons_with_metadata, prompts_with_metadata
from labeling.queries.prompt_search import completions_with, prompts_with, written

MOST_COUNTED = 10_000
FEW = 1000

TIMES = ("since", "until", "settled_since", "settled_until")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Of a set of rows: two sets of the same ids have the same one, and others do not."""

    count: int
    ids: str

    def __str__(self) -> str:
        return f"{self.count}-{self.ids}"


@dataclass(frozen=True, slots=True)
class Filter:
    """Values that a row must have; empty or None: any. Times: since is inclusive, until is not.

    metadata: key=value; see `labeling.queries.metadata_search`.
    """

    text: str = ""
    tag: str = ""
    model_version: str = ""
    batch: int | None = None
    act: int | None = None
    metadata: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """The values that limit something, as JSON."""
        defaults = {field.name: field.default for field in fields(self)}
        values = {name: value for name, value in asdict(self).items() if value != defaults[name]}
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        known = {field.name for field in fields(cls)}
        typed: dict[str, Any] = {name: value for name, value in values.items() if name in known}
        for name in TIMES:
            if name in typed:
                typed[name] = parse_datetime(typed[name])
        return cls(**typed)


@dataclass(frozen=True, slots=True)
class JudgedFilter(Filter):
    """Values of a comparison, or of one of a prompt's comparisons. source: where it comes from. annotator: pseudonyms,
    with commas: judged by one of them. group: judged by somebody of it (see GROUPS). flagged: anybody ever flagged it.
    confidence: of its verdict."""

    source: str = ""
    annotator: str = ""
    group: str = ""
    flagged: bool = False
    confidence_at_least: float | None = None
    confidence_at_most: float | None = None


@dataclass(frozen=True, slots=True)
class PromptFilter(JudgedFilter):
    """state: active or retired. compared: whether it has comparisons. text: in its messages. tag: one of its tags.
    model_version: has a completion by it."""

    state: str = ""
    compared: bool | None = None

    @property
    def of_comparison(self) -> "ComparisonFilter":
        """The values that one of its comparisons must have, all of them at once."""
        return ComparisonFilter(**{name: getattr(self, name) for name in _JUDGED_FIELDS})


@dataclass(frozen=True, slots=True)
class ComparisonFilter(JudgedFilter):
    """text: in its prompt or in a completion. prompt: its id. judged: whether it has current judgments. settled: its
    verdict. agreement: the share of judgments that agree with the verdict. criterion: a judgment answers it.
    guideline_version: the number of one under which it was judged."""

    status: str = ""
    external_id: str = ""
    judged: bool | None = None
    prompt: int | None = None
    criterion: str = ""
    guideline_version: int | None = None
    agreement_at_least: float | None = None
    agreement_at_most: float | None = None
    settled_since: datetime | None = None
    settled_until: datetime | None = None


_JUDGED_FIELDS = {field.name for field in fields(JudgedFilter)} - {field.name for field in fields(Filter)}


def filtered_prompts(campaign: Campaign, where: PromptFilter) -> QuerySet[Prompt]:
    """The prompts that match, not yet ordered."""
    rows = _common(campaign.prompts.all(), where)
    if where.text:
        rows = rows.filter(pk__in=prompts_with(where.text))
    if where.tag:
        rows = rows.filter(tags__contains=[where.tag])
    if where.model_version:
        written = Completion.objects.filter(prompt=OuterRef("pk"), model_version=where.model_version)
        rows = rows.filter(Exists(written))
    if where.batch is not None:
        rows = rows.filter(batch=where.batch)
    if where.metadata:
        rows = prompts_with_metadata(campaign, rows, where.metadata)
    if where.state:
        rows = rows.filter(retired_at__isnull=where.state == "active")
    if where.compared is not None:
        has_some = Exists(Comparison.objects.filter(prompt=OuterRef("pk")))
        rows = rows.filter(has_some if where.compared else ~has_some)
    if where.of_comparison != ComparisonFilter():
        rows = rows.filter(pk__in=filtered_comparisons(campaign, where.of_comparison).values("prompt"))
    return rows


def filtered_comparisons(campaign: Campaign, where: ComparisonFilter) -> QuerySet[Comparison]:
    """The comparisons that match, not yet ordered."""
    rows = _common(campaign.comparisons.all(), where)
    equal = {"status": where.status, "source": where.source, "external_id": where.external_id, "prompt": where.prompt}
    rows = rows.filter(**{name: value for name, value in equal.items() if value not in ("", None)})
    if where.text:
        rows = _with_text(campaign, rows, where.text)
    if where.tag:
        rows = rows.filter(prompt__tags__contains=[where.tag])
    if where.model_version:
        name = where.model_version
        rows = rows.filter(Q(completion_a__model_version=name) | Q(completion_b__model_version=name))
    if where.batch is not None:
        batch = ImportBatch.objects.filter(campaign=campaign, pk=where.batch).first()
        rows = rows.filter(batch=batch, **batch.id_range) if batch else rows.none()
    if where.judged is not None:
        rows = rows.filter(judged__gt=0) if where.judged else rows.filter(judged=0)
    if where.flagged:
        rows = rows.filter(
            Exists(Judgment.objects.filter(comparison=OuterRef("pk"), superseded_at=None).exclude(flag=""))
        )
    if where.metadata:
        rows = comparisons_with_metadata(campaign, rows, where.metadata)
    if where.annotator:
        people = User.objects.filter(pseudonym__in=[name.strip() for name in where.annotator.split(",")])
        judged = Judgment.objects.filter(campaign=campaign, superseded_at=None, annotator__in=people)
        rows = rows.filter(pk__in=judged.values("comparison"))
    if where.group:
        rows = judged_by_group(campaign, rows, where.group)
    if where.criterion:
        rows = rows.filter(Exists(_current_judgments().filter(criteria__has_key=where.criterion)))
    if where.guideline_version is not None:
        rows = rows.filter(Exists(_current_judgments().filter(guideline_version__number=where.guideline_version)))
    rows = with_agreement(rows, where.agreement_at_least, where.agreement_at_most)
    limits = {
        "confidence__gte": where.confidence_at_least,
        "confidence__lte": where.confidence_at_most,
        "settled_at__gte": where.settled_since,
        "settled_at__lt": where.settled_until,
    }
    return rows.filter(**{f"verdict__{limit}": value for limit, value in limits.items() if value is not None})


def _current_judgments() -> QuerySet[Judgment]:
    """Those of a comparison in an outer query."""
    return Judgment.objects.filter(comparison=OuterRef("pk"), superseded_at=None)


def limited_count(rows: QuerySet[Any]) -> int:
    """How many rows there are, counted up to one more than MOST_COUNTED."""
    return rows.order_by().values("pk")[: MOST_COUNTED + 1].count()


def fingerprint(rows: QuerySet[Any]) -> Fingerprint:
    """How many rows there are, and a digest of their ids."""
    # One scan without a limit: the act visits every row anyway.
    ids = StringAgg(Cast("pk", TextField()), delimiter=",", order_by="pk")
    figures = rows.order_by().aggregate(count=Count("pk"), ids=MD5(ids))
    return Fingerprint(figures["count"], figures["ids"] or "")


def _common(rows: QuerySet[Any], where: Filter) -> QuerySet[Any]:
    limits = {"gte": where.since, "lt": where.until}
    rows = rows.filter(**{f"created_at__{end}": value for end, value in limits.items() if value is not None})
    return rows if where.act is None else rows.filter(bulk_items__act=where.act)


def _with_text(campaign: Campaign, rows: QuerySet[Comparison], text: str) -> QuerySet[Comparison]:
    """The rows whose prompt or one of whose completions contains a text.

    A rare text is found by the indexes. A frequent one is on any page soon enough: its rows are read in their order.
    """
    by_prompt = prompts_with(text).filter(campaign=campaign).values_list("pk", flat=True)[: FEW + 1]
    in_campaign = completions_with(text).filter(prompt__campaign=campaign)
    by_completion = in_campaign.values_list("prompt", flat=True)[: FEW + 1]
    prompts = [list(by_prompt), list(by_completion)]
    if max(map(len, prompts)) <= FEW:
        rows = rows.filter(prompt__in={key for keys in prompts for key in keys})
    in_prompt = Q(written__contains=written(text))
    in_a, in_b = Q(completion_a__text__icontains=text), Q(completion_b__text__icontains=text)
    return rows.alias(written=Upper(prompt_text("prompt__messages"))).filter(in_prompt | in_a | in_b)
