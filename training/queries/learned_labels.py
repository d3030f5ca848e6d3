"""The labels that a version, or one that it comes from, has learned in a campaign: a run may leave them out."""

from collections.abc import Callable

from labeling.exchange import VerdictRecord
from labeling.models import Campaign
from training.models import ModelVersion, Snapshot, SnapshotPart
from training.queries.loop import loop_snapshots
from training.queries.splits import split_in

IsLearned = Callable[[VerdictRecord], bool]


def labels_learned_by(version: ModelVersion, campaign: Campaign) -> IsLearned | None:
    """Whether a verdict was among the training pairs of the version's line. None: the line learned nothing here.

    A verdict that was settled again since is another one. What a group of annotators wanted is no label of everybody.
    """
    runs = [one.run_id for one in version.line() if one.run_id is not None]
    snapshots = loop_snapshots(campaign).filter(runs__in=runs).distinct().order_by("pk")
    learned = [_in(snapshot) for snapshot in snapshots]
    return (lambda verdict: any(one(verdict) for one in learned)) if learned else None


def _in(snapshot: Snapshot) -> IsLearned:
    rows = SnapshotPart.objects.filter(snapshot=snapshot).values_list("number", "bits")
    parts = {number: bytes(bits) for number, bits in rows}
    split, until = split_in(snapshot), snapshot.last_verdict_at

    def is_learned(verdict: VerdictRecord) -> bool:
        if verdict.comparison is None or verdict.settled_at is None:
            return False
        if until is None or verdict.settled_at > until.timestamp():
            return False
        number, bit = divmod(verdict.comparison, SnapshotPart.SPAN)
        bits = parts.get(number)
        if bits is None or not bits[bit // 8] >> bit % 8 & 1:
            return False
        return not split.holds_out(verdict.prompt)

    return is_learned
