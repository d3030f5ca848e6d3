"""Lists of prompts and of comparisons for leads: filtered, sorted, page by page, at the same cost for any campaign.

A page is found by the key of the row before it (keyset), never by counting rows. Counts stop at MOST_COUNTED.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Self

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, TextField
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
    Verdict,
    prompt_text,
)
from labeling.queries.judged_by import judged_by_group, with_agreement
from labeling.queries.metadata_search import comparisons_with_metadata, prompts_with_metadata
from labeling.queries.prompt_search import completions_with, prompts_with, written
from labeling.queries.records import TOKENS

MOST_COUNTED = 10_000
FEW = 1000

NEWEST, OLDEST, QUEUE = "newest", "oldest", "queue"
LEAST_CERTAIN, MOST_CERTAIN = "least_certain", "most_certain"


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
class PromptFilter(Filter):
    """state: active or retired. compared: whether it has comparisons. text: in its messages. tag: one of its tags.
    model_version: has a completion by it."""

    state: str = ""
    compared: bool | None = None


@dataclass(frozen=True, slots=True)
class ComparisonFilter(Filter):
    """text: in its prompt or in a completion. annotator: pseudonyms, with commas: judged by one of them. group: judged
    by somebody of it (see GROUPS). flagged: anybody ever flagged it. prompt: its id. judged: whether it has current
    judgments. confidence, settled: of its verdict. agreement: the share of judgments that agree with the verdict.
    criterion: a judgment answers it. guideline_version: the number of one under which it was judged."""

    status: str = ""
    source: str = ""
    external_id: str = ""
    annotator: str = ""
    flagged: bool = False
    judged: bool | None = None
    confidence_at_least: float | None = None
    confidence_at_most: float | None = None
    prompt: int | None = None
    group: str = ""
    criterion: str = ""
    guideline_version: int | None = None
    agreement_at_least: float | None = None
    agreement_at_most: float | None = None
    settled_since: datetime | None = None
    settled_until: datetime | None = None


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


def page_of_prompts(rows: QuerySet[Prompt], *, order: str, after: int | None, size: int) -> list[Prompt]:
    """Up to `size` prompts behind the one with the id `after`. order: newest or oldest."""
    return list(_behind(rows, order, after)[:size])


def page_of_comparisons(rows: QuerySet[Comparison], *, order: str, after: int | None, size: int) -> list[Comparison]:
    """Up to `size` comparisons behind the one with the id `after`, with their texts and verdicts.

    order: newest, oldest; queue: those with a free place, in the order in which annotators are given them;
    least_certain, most_certain: by the confidence of their verdicts, those without a verdict last.
    """
    if order == QUEUE:
        keys = list(_in_queue(rows, after).values_list("pk", flat=True)[:size])
    elif order in (LEAST_CERTAIN, MOST_CERTAIN):
        keys = _keys_by_confidence(rows, order, after, size)
    else:
        keys = _keys_by_id(rows, order, after, size)
    beside = ("prompt", "completion_a", "completion_b", "verdict", "gold", "practice")
    full = Comparison.objects.select_related(*beside).defer(
        *(f"completion_{side}__{name}" for side in "ab" for name in TOKENS)
    )
    by_key = full.in_bulk(keys)
    return [by_key[key] for key in keys if key in by_key]


def limited_count(rows: QuerySet[Any]) -> int:
    """How many rows there are, counted up to one more than MOST_COUNTED."""
    return rows.order_by().values("pk")[: MOST_COUNTED + 1].count()


def fingerprint(rows: QuerySet[Any]) -> Fingerprint:
    """How many rows there are, and a digest of their ids."""
    # One scan without a limit: the act visits every row anyway.
    ids = StringAgg(Cast("pk", TextField()), delimiter=",", order_by="pk")
    figures = rows.order_by().aggregate(count=Count("pk"), ids=MD5(ids))
    return Fingerprint(figures["count"], figures["ids"] or "")


def _behind(rows: QuerySet[Any], order: str, after: int | None) -> QuerySet[Any]:
    if order == OLDEST:
        return (rows if after is None else rows.filter(pk__gt=after)).order_by("pk")
    return (rows if after is None else rows.filter(pk__lt=after)).order_by("-pk")


def _keys_by_id(rows: QuerySet[Comparison], order: str, after: int | None, size: int) -> list[int]:
    # Each status has its part of one index in the order of the ids: the first rows of each are read, no others.
    parts = [
        _behind(rows.filter(status=one), order, after).values_list("pk", flat=True)[:size] for one in Comparison.Status
    ]
    return sorted(parts[0].union(*parts[1:], all=True), reverse=order == NEWEST)[:size]


def _keys_by_confidence(rows: QuerySet[Comparison], order: str, after: int | None, size: int) -> list[int]:
    # The verdict's campaign is named, so that its index gives the rows in their order.
    sign, later = ("", "gt") if order == LEAST_CERTAIN else ("-", "lt")
    certain = rows.filter(verdict__campaign=F("campaign"))
    last = Verdict.objects.filter(comparison=after).first() if after is not None else None
    keys: list[int] = []
    if after is None or last is not None:
        if last is not None:
            behind = Q(**{f"verdict__confidence__{later}": last.confidence})
            same = Q(verdict__confidence=last.confidence, **{f"verdict__comparison__{later}": after})
            certain = certain.filter(behind | same, **{f"verdict__confidence__{later}e": last.confidence})
        ordered = certain.order_by(f"{sign}verdict__confidence", f"{sign}verdict__comparison_id")
        keys, after = list(ordered.values_list("pk", flat=True)[:size]), None
    if len(keys) < size:
        keys += _keys_by_id(rows.filter(verdict=None), OLDEST, after, size - len(keys))
    return keys


def _in_queue(rows: QuerySet[Comparison], after: int | None) -> QuerySet[Comparison]:
    rows = rows.filter(status=Comparison.Status.OPEN, taken__lt=F("overlap")).order_by("position", "pk")
    last = Comparison.objects.filter(pk=after).first() if after is not None else None
    if last is None:
        return rows
    return rows.filter(position__gte=last.position).exclude(position=last.position, pk__lte=last.pk)


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
