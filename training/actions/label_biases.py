"""The biases of a snapshot's labels, measured once in the background and kept with its row for the pages."""

import itertools
import json
from typing import Any

from labeling.exchange import PreferencePair
from training.evaluation.biases import AxisFigure, LabelledPair, label_biases
from training.models import Snapshot
from training.queries.labels import labels_of
from training.queries.snapshots import SnapshotGone, comparisons_of, read_side

MOST_PAIRS = 5_000
"""Training pairs that are read. They are in the order of a hash, and with so many an interval is within 1.4 points."""


def measure_next_snapshot() -> Snapshot | None:
    """Measures the newest snapshot that is not measured yet; None: there is none. The sweep calls it."""
    snapshot = Snapshot.objects.filter(label_biases__isnull=True).select_related("campaign").order_by("-pk").first()
    if snapshot is not None:
        measure_label_biases(snapshot=snapshot)
    return snapshot


def measure_label_biases(*, snapshot: Snapshot) -> None:
    """Writes `Snapshot.label_biases`. A snapshot whose files are gone has no pairs there."""
    try:
        pairs = list(itertools.islice(read_side(snapshot, "train"), MOST_PAIRS))
    except SnapshotGone:
        pairs = []
    by_id = {pair.id: pair for pair in pairs}
    sides = {pair: label.chosen_on_left for pair, label in labels_of(snapshot, pairs).items()}
    figures = label_biases(
        [
            LabelledPair(pair.id, json.dumps(pair.prompt), pair.chosen, pair.rejected, sides.get(pair.id))
            for pair in pairs
        ]
    )
    axes = [_as_json(snapshot, one, by_id) for one in figures]
    snapshot.label_biases = {"pairs": len(pairs), "axes": axes}
    snapshot.save(update_fields=["label_biases"])


def _as_json(snapshot: Snapshot, figure: AxisFigure, pairs: dict[str, PreferencePair]) -> dict[str, Any]:
    """drivers: the comparisons of the pairs that drive it, where they are still in the campaign; only with an alarm."""
    drivers = comparisons_of(snapshot, [pairs[one] for one in figure.drivers]) if figure.alarm else []
    return {**figure.as_json(), "drivers": [number for number in drivers if number is not None]}
