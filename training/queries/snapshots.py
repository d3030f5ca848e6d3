"""Snapshots as things: their pairs, the comparisons behind these, and what changed from one to another."""

import heapq
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from common.errors import Conflict
from common.sentences import Sentence, sentence_of
from labeling.exchange import (
    TEST,
    TRAIN,
    Manifest,
    PreferencePair,
    SnapshotDamaged,
    folded_hash,
    messages_hash,
    pair_id,
    read_pairs,
)
from labeling.models import Comparison
from training.models import Snapshot

SIDES = {"train": TRAIN, "test": TEST}
KINDS = ("added", "removed", "turned", "moved", "confidence")
ROWS_SHOWN = 20
"""Of each kind of change, so many rows are listed; all are counted."""


class SnapshotGone(Conflict):
    type = "snapshot-damaged"
    sentence = _("The files of this snapshot are missing, or are not those that were hashed.")


class Row(NamedTuple):
    """A pair with its side and the comparison that it comes from, if that is still in the campaign.

    confidence_before: in the earlier of two snapshots, if it was another one.
    """

    pair: PreferencePair
    side: str
    comparison: int | None = None
    confidence_before: float | None = None


@dataclass(slots=True)
class Changes:
    """The changes from one snapshot to another. Lists hold the first ROWS_SHOWN of each kind; counts all of them.

    turned: pairs whose chosen and rejected completions changed places. moved: from one side of the split to the other.
    """

    same: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    rows: dict[str, list[Row]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    def add(self, kind: str, row: Row) -> None:
        """Counts a pair, and keeps it if there is room."""
        self.counts[kind] += 1
        if len(self.rows[kind]) < ROWS_SHOWN:
            self.rows[kind].append(row)


def verified(snapshot: Snapshot) -> Manifest:
    """The manifest, after every byte of the files was compared with it. Raises SnapshotGone."""
    try:
        manifest = snapshot.verified()
    except SnapshotDamaged as error:
        raise SnapshotGone(sentence_of(error)) from error
    if manifest.sha256 != snapshot.content_hash:
        raise SnapshotGone(str(Sentence(gettext_noop("Its folder holds another snapshot."))))
    return manifest


def pairs_of(snapshot: Snapshot, side: str, *, start: int, size: int) -> list[Row]:
    """Pairs of a side ("train" or "test") in the order of the file. Raises SnapshotGone."""
    pairs = list(itertools.islice(read_side(snapshot, side), start, start + size))
    numbers = comparisons_of(snapshot, pairs)
    return [Row(pair, side, number) for pair, number in zip(pairs, numbers, strict=True)]


def comparisons_of(snapshot: Snapshot, pairs: list[PreferencePair]) -> list[int | None]:
    """The comparison that each pair comes from; None: it is no longer in the campaign, or its text was improved."""
    hashes = [messages_hash(pair.prompt) for pair in pairs]
    rows = Comparison.objects.filter(campaign=snapshot.campaign_id, prompt__messages_hash__in=set(hashes))
    texts = rows.values_list("pk", "prompt__messages_hash", "completion_a__text", "completion_b__text")
    known = {(digest, frozenset((one, other))): pk for pk, digest, one, other in texts}
    return [
        known.get((digest, frozenset((pair.chosen, pair.rejected)))) for digest, pair in zip(hashes, pairs, strict=True)
    ]


def snapshot_before(snapshot: Snapshot) -> Snapshot:
    """The campaign's snapshot before this one; the first one itself."""
    earlier = (
        Snapshot.objects.filter(campaign=snapshot.campaign_id, group_name=snapshot.group_name, pk__lt=snapshot.pk)
        .order_by("-pk")
        .first()
    )
    return earlier or snapshot


def changes_between(before: Snapshot, after: Snapshot) -> Changes:
    """Compares the pairs of two snapshots as streams, in constant memory. Raises SnapshotGone."""
    changes = Changes()
    for _key, found in itertools.groupby(heapq.merge(_keyed(before, 0), _keyed(after, 1)), key=lambda one: one.key):
        _compare(list(found), changes)
    return changes


class _Keyed(NamedTuple):
    key: tuple[str, str, str]
    which: int
    number: int
    row: Row


def _compare(found: list[_Keyed], changes: Changes) -> None:
    """Sorts the pairs of the same two completions into the kinds of changes."""
    old = next((one.row for one in found if one.which == 0), None)
    new = next((one.row for one in found if one.which == 1), None)
    if old is None and new is not None:
        changes.add("added", new)
    elif new is None and old is not None:
        changes.add("removed", old)
    elif old is not None and new is not None:
        _compare_both(old, new, changes)


def _compare_both(old: Row, new: Row, changes: Changes) -> None:
    if old.pair.chosen != new.pair.chosen:
        changes.add("turned", new)
    elif old.side != new.side:
        changes.add("moved", new)
    elif old.pair.confidence != new.pair.confidence:
        changes.add("confidence", new._replace(confidence_before=old.pair.confidence))
    else:
        changes.same += 1


def _keyed(snapshot: Snapshot, which: int) -> Iterator[_Keyed]:
    """The pairs of both sides in the order of their prompts, then of their two texts, whichever was chosen."""
    numbers = itertools.count()

    def keyed(side: str) -> Iterator[_Keyed]:
        for pair in read_side(snapshot, side):
            yield _Keyed(_key_of(pair), which, next(numbers), Row(pair, side))

    return heapq.merge(*(_by_texts(keyed(side)) for side in SIDES))


def _by_texts(rows: Iterable[_Keyed]) -> Iterator[_Keyed]:
    """The files are in the order of their prompts; the pairs of one prompt are few, and sorted here."""
    for _prompt, found in itertools.groupby(rows, key=lambda one: one.key[:2]):
        yield from sorted(found)


def _key_of(pair: PreferencePair) -> tuple[str, str, str]:
    one, other = sorted((pair.chosen, pair.rejected))
    return folded_hash(pair.prompt), messages_hash(pair.prompt), pair_id(pair.prompt, one, other)


def read_side(snapshot: Snapshot, side: str) -> Iterator[PreferencePair]:
    """The pairs of a side ("train" or "test") in the order of the file. Raises SnapshotGone."""
    try:
        yield from read_pairs(snapshot.folder, SIDES[side])
    except OSError as error:
        raise SnapshotGone(f"{SIDES[side]}: {error.strerror}") from error
