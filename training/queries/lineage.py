"""Lineage both ways: from a comparison, prompt or judgment to snapshots and versions, and back to the judgments."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F, Func, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Mod
from django.urls import reverse

from labeling.models import Assignment, Choice, Comparison, Judgment, Prompt, User
from labeling.queries.uses import Use
from training.models import ModelVersion, Snapshot, SnapshotPart
from training.queries.splits import split_in

SPAN = SnapshotPart.SPAN

added_at = Coalesce("batch__imported_at", "batch__created_at", "created_at")
"""When a judgment was added here. An imported one states when it was made elsewhere, which may be years before."""

HOLDING = """
SELECT p.snapshot_id, count(*) FROM unnest(%(comparisons)s::bigint[]) AS wanted (id)
JOIN training_snapshotpart p ON p.number = wanted.id / %(span)s
WHERE p.snapshot_id IN (SELECT id FROM training_snapshot WHERE campaign_id = %(campaign)s)
    AND get_bit(p.bits, wanted.id %% %(span)s) = 1
GROUP BY 1
"""
# How many comparisons of each snapshot a person had judged when it was taken.
JUDGED_BY = """
SELECT s.id, count(*)
FROM labeling_judgment j
JOIN training_snapshot s ON s.campaign_id = j.campaign_id
JOIN training_snapshotpart p ON p.snapshot_id = s.id AND p.number = j.comparison_id / %(span)s
JOIN labeling_user u ON u.id = j.annotator_id
LEFT JOIN labeling_importbatch b ON b.id = j.batch_id
WHERE j.annotator_id = %(person)s AND j.kind = 'normal' AND j.choice <> 'skip'
    AND COALESCE(b.imported_at, b.created_at, j.created_at) <= s.read_until
    AND (j.superseded_at IS NULL OR j.superseded_at > s.created_at)
    AND NOT s.basis -> 'left_out' ? u.pseudonym
    AND get_bit(p.bits, j.comparison_id %% %(span)s) = 1
GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions that learned from a snapshot: trained on it, or later from one of those."""

    direct: list[str] = field(default_factory=list)
    later: list[str] = field(default_factory=list)


def uses_of(row: Comparison | Prompt | Judgment) -> list[Use]:
    """The snapshots that hold a pair of it, newest first, with the versions that learned from them."""
    counts = snapshots_with(row)
    return uses_in(row, Snapshot.objects.filter(pk__in=counts).order_by("-pk"), counts)


def snapshots_with(row: Comparison | Prompt | Judgment) -> dict[int, int]:
    """How many comparisons of it each snapshot holds, by the snapshot's id; without snapshots that hold none."""
    comparison = row.comparison if isinstance(row, Judgment) else row
    prompt = comparison if isinstance(comparison, Prompt) else comparison.prompt
    if isinstance(comparison, Prompt):
        ids = list(Comparison.objects.filter(prompt=prompt).values_list("pk", flat=True))
    else:
        ids = [comparison.pk]
    values: dict[str, Any] = {"comparisons": ids, "span": SPAN, "campaign": prompt.campaign_id}
    with connection.cursor() as cursor:
        cursor.execute(HOLDING, values)
        counts = dict(cursor.fetchall())
    if isinstance(row, Judgment):
        snapshots = Snapshot.objects.filter(pk__in=counts)
        counts = {snapshot.pk: counts[snapshot.pk] for snapshot in snapshots if _counted(row, snapshot)}
    return counts


def uses_in(row: Comparison | Prompt | Judgment, snapshots: Iterable[Snapshot], counts: Mapping[int, int]) -> list[Use]:
    """The contents of some snapshots that are about it, in their order. counts: as `snapshots_with` returns them."""
    comparison = row.comparison if isinstance(row, Judgment) else row
    prompt = comparison if isinstance(comparison, Prompt) else comparison.prompt
    snapshots = list(snapshots)
    learned = versions_of(snapshots)
    return [_use(one, prompt, counts[one.pk], learned[one.pk]) for one in snapshots]


def judgments_behind(snapshot: Snapshot) -> QuerySet[Judgment]:
    """The judgments behind the pairs of a snapshot: those that counted when it was taken."""
    bit = Func(F("bits"), Mod(OuterRef("comparison_id"), SPAN), function="get_bit", output_field=IntegerField())
    parts = SnapshotPart.objects.filter(snapshot=snapshot, number=OuterRef("comparison_id") / SPAN)
    rows = (
        Judgment.objects.alias(added_at=added_at)
        .filter(
            Q(superseded_at=None) | Q(superseded_at__gt=snapshot.created_at),
            campaign=snapshot.campaign_id,
            kind=Assignment.Kind.NORMAL,
            added_at__lte=read_until(snapshot),
        )
        .exclude(choice=Choice.SKIP)
    )
    if people := (snapshot.basis or {}).get("left_out"):
        rows = rows.exclude(annotator__pseudonym__in=people)
    return rows.alias(is_in=Coalesce(Subquery(parts.values(bit=bit)[:1]), 0)).filter(is_in=1)


def read_until(snapshot: Snapshot) -> datetime:
    """When the pairs had been read."""
    return snapshot.read_until or snapshot.created_at


def comparisons_judged_by(person: User) -> dict[int, int]:
    """How many comparisons of each snapshot a person had judged when it was taken, by the snapshot's id."""
    with connection.cursor() as cursor:
        cursor.execute(JUDGED_BY, {"person": person.pk, "span": SPAN})
        return dict(cursor.fetchall())


def versions_of(snapshots: Iterable[Snapshot]) -> dict[int, Versions]:
    """The versions that learned from each snapshot, by its id."""
    rows = {one.pk: Versions() for one in snapshots}
    direct = ModelVersion.objects.filter(run__snapshot__in=rows).order_by("pk")
    for name, pk in direct.values_list("name", "run__snapshot"):
        rows[pk].direct.append(name)
    for versions in rows.values():
        versions.later.extend(sorted(with_descendants(set(versions.direct)) - set(versions.direct)))
    return rows


def with_descendants(names: set[str]) -> set[str]:
    """The versions and all that were trained from them: these learned from the same judgments."""
    family, fresh = set(names), set(names)
    while fresh:
        fresh = set(ModelVersion.objects.filter(parent__name__in=fresh).values_list("name", flat=True)) - family
        family |= fresh
    return family


def _counted(judgment: Judgment, snapshot: Snapshot) -> bool:
    """Whether the judgment counted when the snapshot was taken."""
    batch = judgment.batch
    added = (batch.imported_at or batch.created_at) if batch else judgment.created_at
    return (
        judgment.kind == Assignment.Kind.NORMAL
        and judgment.choice != Choice.SKIP
        and added <= read_until(snapshot)
        and (judgment.superseded_at is None or judgment.superseded_at > snapshot.created_at)
        and judgment.annotator.pseudonym not in (snapshot.basis or {}).get("left_out", ())
    )


def _use(snapshot: Snapshot, prompt: Prompt, pairs: int, versions: Versions) -> Use:
    split = split_in(snapshot)
    return Use(
        snapshot=snapshot.content_hash,
        address=reverse("snapshot", args=[snapshot.pk]),
        at=snapshot.created_at,
        comparisons=pairs,
        is_held_out=split.holds_out(prompt.messages),
        versions=[(name, reverse("version", args=[name])) for name in versions.direct],
        later=[(name, reverse("version", args=[name])) for name in versions.later],
    )
