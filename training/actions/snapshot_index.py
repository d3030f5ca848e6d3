"""The index of a snapshot: which comparisons its pairs come from, and a summary of the judgments behind them."""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import numpy as np
from django.db import connection, transaction

from labeling.models import User
from training.models import Snapshot, SnapshotPart
from training.queries.snapshots import SIDES, comparisons_of, read_side

BATCH = 500
PARTS_AT_ONCE = 200

# Joined by the number of a part, so that a million judgments are one hash join.
SUMMARY = """
SELECT g.number, j.annotator_id, count(*)
FROM labeling_judgment j
JOIN training_snapshotpart p ON p.number = j.comparison_id / %(span)s AND p.snapshot_id = %(snapshot)s
LEFT JOIN labeling_guidelineversion g ON g.id = j.guideline_version_id
LEFT JOIN labeling_importbatch b ON b.id = j.batch_id
WHERE j.campaign_id = %(campaign)s AND j.kind = 'normal' AND j.choice <> 'skip'
    AND COALESCE(b.imported_at, b.created_at, j.created_at) <= %(until)s
    AND (j.superseded_at IS NULL OR j.superseded_at > %(since)s)
    AND j.annotator_id <> ALL(%(left_out)s)
    AND get_bit(p.bits, j.comparison_id %% %(span)s) = 1
GROUP BY 1, 2
"""


def index_snapshot(
    snapshot: Snapshot, comparisons: Iterable[int], *, read_until: datetime, left_out: Sequence[User] = ()
) -> None:
    """Writes the index and the summary. A snapshot that was taken before gets the later time and a new summary."""
    numbers = np.unique(np.fromiter(comparisons, dtype=np.int64))
    span = SnapshotPart.SPAN
    with transaction.atomic():
        # Two runs that start at once take the same snapshot: the second one waits here, and then replaces the parts.
        Snapshot.objects.select_for_update(no_key=True).values_list("pk").get(pk=snapshot.pk)
        SnapshotPart.objects.filter(snapshot=snapshot).delete()
        starts = np.flatnonzero(np.diff(numbers // span, prepend=-1))
        parts = [_part(snapshot, ids) for ids in np.split(numbers, starts[1:])] if len(numbers) else []
        SnapshotPart.objects.bulk_create(parts, batch_size=PARTS_AT_ONCE)
        snapshot.read_until = read_until
        snapshot.basis = _summary(snapshot, len(numbers), left_out)
        snapshot.save(update_fields=["read_until", "basis"])


def index_earlier_snapshots() -> int:
    """Indexes snapshots that have no index and whose files are there; returns how many.

    Their pairs are found by their texts. A pair with an improved text is not: its comparison has the original ones.
    """
    count = 0
    for snapshot in Snapshot.objects.filter(basis__isnull=True).order_by("pk"):
        if all((snapshot.folder / name).exists() for name in SIDES.values()):
            index_snapshot(snapshot, _by_texts(snapshot), read_until=snapshot.created_at)
            count += 1
    return count


def _part(snapshot: Snapshot, ids: "np.typing.NDArray[np.int64]") -> SnapshotPart:
    bits = np.zeros(SnapshotPart.SPAN, dtype=np.uint8)
    bits[ids % SnapshotPart.SPAN] = 1
    number = int(ids[0]) // SnapshotPart.SPAN
    return SnapshotPart(snapshot=snapshot, number=number, bits=np.packbits(bits, bitorder="little").tobytes())


def _summary(snapshot: Snapshot, comparisons: int, left_out: Sequence[User]) -> dict[str, Any]:
    values: dict[str, Any] = {
        "span": SnapshotPart.SPAN,
        "snapshot": snapshot.pk,
        "campaign": snapshot.campaign_id,
        "since": snapshot.created_at,
        "until": snapshot.read_until,
        "left_out": [person.pk for person in left_out],
    }
    with connection.cursor() as cursor:
        cursor.execute(SUMMARY, values)
        rows = cursor.fetchall()
    guidelines, people = Counter[int](), {annotator for _number, annotator, _judgments in rows}
    for number, _annotator, judgments in rows:
        guidelines[number or 0] += judgments
    return {
        "comparisons": comparisons,
        "judgments": guidelines.total(),
        "annotators": len(people),
        "simulated_annotators": User.objects.filter(pk__in=people, is_simulated=True).count(),
        "guidelines": {str(number): guidelines[number] for number in sorted(guidelines)},
        "left_out": sorted(person.pseudonym for person in left_out),
    }


def _by_texts(snapshot: Snapshot) -> "array[int]":
    numbers = array("q")
    for side in SIDES:
        pairs = read_side(snapshot, side)
        while batch := list(islice(pairs, BATCH)):
            numbers.extend(number for number in comparisons_of(snapshot, batch) if number is not None)
    return numbers
