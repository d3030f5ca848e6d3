"""The prompts that versions have learned from: what is measured on them says nothing about what they can do."""

from collections.abc import Callable, Iterable, Sequence

from labeling.exchange import Message, Split, folded_hash
from training.models import ModelVersion, Snapshot
from training.queries.snapshots import SnapshotGone, read_side
from training.queries.splits import split_in

AT_ONCE = 500

IsLearned = Callable[[Sequence[Message]], bool]


def learned_by(versions: Iterable[ModelVersion], *, meanwhile: Callable[[], None]) -> IsLearned:
    """Whether any of these versions or of their ancestors has learned from a prompt, in any campaign, as a function.

    Of a snapshot whose files are gone, every prompt that its split did not hold out counts. meanwhile: called every few
    hundred pairs; whatever it raises ends this.
    """
    runs = {one.run_id for version in versions for one in version.line() if one.run_id}
    learned, gone = set[str](), list[Split]()
    for snapshot in Snapshot.objects.filter(runs__in=runs).distinct().order_by("pk"):
        try:
            for number, pair in enumerate(read_side(snapshot, "train")):
                if number % AT_ONCE == 0:
                    meanwhile()
                learned.add(folded_hash(pair.prompt))
        except SnapshotGone:
            gone.append(split_in(snapshot))

    def is_learned(messages: Sequence[Message]) -> bool:
        return folded_hash(messages) in learned or not all(split.holds_out(messages) for split in gone)

    return is_learned
