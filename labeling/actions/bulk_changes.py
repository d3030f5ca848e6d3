"""The changes that one chunk of a bulk act makes. Rows are locked in the order of their ids, as everywhere."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from labeling.actions.relabeling import FRONT, MOST_JUDGMENTS
from labeling.judging.queue import queue_position
from labeling.judging.settling import settle, verdict_as_json
from labeling.models import BulkAct, BulkActItem, Comparison, Gold, Prompt, Verdict
from labeling.queries.flags import with_unreviewed_flags
from labeling.tally import Tally, tally_of

Kind = BulkAct.Kind
Status = Comparison.Status


@dataclass(slots=True)
class Changes:
    """The changes of a chunk. count: how many of the chosen rows changed. front: the first queue position that
    annotators must not have passed; None: they may have passed all."""

    items: list[BulkActItem] = field(default_factory=list)
    totals: Tally = field(default_factory=Tally)
    count: int = 0
    front: float | None = None

    def to_front(self, position: float) -> None:
        """Notes that a comparison now stands there."""
        self.front = position if self.front is None else min(self.front, position)


def change_comparisons(act: BulkAct, ids: Sequence[int], now: datetime) -> Changes:
    """Does an act on these comparisons. Those that it cannot change are left alone."""
    changes = Changes()
    rows = _locked(act, Comparison.objects.filter(pk__in=ids))
    if act.kind == Kind.RETIRE:
        _retire(act, rows, changes, with_prompt=False)
    elif act.kind == Kind.RESTORE:
        _restore(act, [one for one in rows if not one.retired_with_prompt], changes, now)
    elif act.kind == Kind.ASK_AGAIN:
        _ask_again(act, rows, changes)
    elif act.kind == Kind.OVERLAP:
        _set_overlap(act, rows, changes)
    else:
        _move_in_queue(act, rows, changes)
    changes.count = len(changes.items)
    return changes


def change_prompts(act: BulkAct, ids: Sequence[int], now: datetime) -> Changes:
    """Retires or restores these prompts, each with its comparisons."""
    changes = Changes()
    retires = act.kind == Kind.RETIRE
    prompts = Prompt.objects.filter(pk__in=ids, retired_at__isnull=retires).order_by("pk")
    changed = list(prompts.select_for_update(no_key=True).values_list("pk", flat=True))
    Prompt.objects.filter(pk__in=changed).update(retired_at=now if retires else None)
    changes.items = [BulkActItem(act=act, prompt_id=key) for key in changed]
    changes.count = len(changed)
    changes.totals += Tally(prompts=-len(changed) if retires else len(changed))
    rows = _locked(act, Comparison.objects.filter(prompt__in=changed))
    if retires:
        _retire(act, rows, changes, with_prompt=True)
    else:
        _restore(act, [one for one in rows if one.retired_with_prompt], changes, now)
    return changes


def _locked(act: BulkAct, rows: Any) -> list[Comparison]:
    locked = rows.select_related("campaign__annotator_estimates").order_by("pk")
    return list(locked.select_for_update(no_key=True, of=("self",)))


def _retire(act: BulkAct, rows: Iterable[Comparison], changes: Changes, *, with_prompt: bool) -> None:
    """Retires comparisons, except those in practice: a lead takes them out of practice first."""
    changed = [one for one in rows if one.status not in (Status.RETIRED, Status.PRACTICE)]
    for one in changed:
        changes.items.append(BulkActItem(act=act, comparison=one, before={"status": str(one.status)}))
        changes.totals -= tally_of(one)
        one.status, one.retired_with_prompt = Status.RETIRED, with_prompt
    Comparison.objects.bulk_update(changed, ["status", "retired_with_prompt"])


def _restore(act: BulkAct, rows: Iterable[Comparison], changes: Changes, now: datetime) -> None:
    """Returns comparisons to their unreviewed flag, to gold, to their verdict, or to the state of their votes under the
    present rule."""
    changed = [one for one in rows if one.status == Status.RETIRED]
    golds = set(Gold.objects.filter(comparison__in=changed).values_list("comparison", flat=True))
    settled = set(Verdict.objects.filter(comparison__in=changed).values_list("comparison", flat=True))
    flagged = with_unreviewed_flags(act.campaign, changed)
    for one in changed:
        changes.items.append(BulkActItem(act=act, comparison=one, before={"status": str(one.status)}))
        one.retired_with_prompt = False
        if one.pk in flagged:
            one.status = Status.FLAGGED
        else:
            one.status = Status.GOLD if one.pk in golds else Status.SETTLED if one.pk in settled else Status.OPEN
        if one.status == Status.OPEN:
            settle(one, one.campaign, now)
        changes.totals += tally_of(one)
        changes.to_front(one.position)
    Comparison.objects.bulk_update(changed, ["status", "overlap", "retired_with_prompt"])


def _ask_again(act: BulkAct, rows: Iterable[Comparison], changes: Changes) -> None:
    """Opens settled comparisons and conflicts for more judgments. The item keeps the verdict that is deleted."""
    asked = [one for one in rows if one.status in (Status.SETTLED, Status.CONFLICT)]
    changed = [one for one in asked if one.taken + act.more <= MOST_JUDGMENTS]
    verdicts = {one.comparison_id: one for one in Verdict.objects.filter(comparison__in=changed)}
    for one in changed:
        before = {"status": str(one.status), "verdict": verdict_as_json(verdicts.get(one.pk))}
        changes.items.append(BulkActItem(act=act, comparison=one, before=before))
        changes.totals -= tally_of(one)
        one.status, one.overlap, one.priority = Status.OPEN, one.taken + act.more, max(one.priority, FRONT)
        one.position = queue_position(one.priority)
        changes.totals += tally_of(one)
        changes.to_front(one.position)
    Verdict.objects.filter(pk__in=[one.pk for one in verdicts.values()]).delete()
    Comparison.objects.bulk_update(changed, ["status", "overlap", "priority", "position"])


def _set_overlap(act: BulkAct, rows: Iterable[Comparison], changes: Changes) -> None:
    """Gives comparisons the campaign's present overlap, except those that somebody holds or has judged."""
    wanted = [(one, act.campaign.overlap_of(one.pair_hash)) for one in rows if one.status == Status.OPEN]
    changed = [(one, overlap) for one, overlap in wanted if not one.taken and one.overlap != overlap]
    for one, overlap in changed:
        changes.items.append(BulkActItem(act=act, comparison=one, before={"overlap": one.overlap}))
        changes.totals -= tally_of(one)
        one.overlap = overlap
        changes.totals += tally_of(one)
    Comparison.objects.bulk_update([one for one, _ in changed], ["overlap"])


def _move_in_queue(act: BulkAct, rows: Iterable[Comparison], changes: Changes) -> None:
    """Puts comparisons before all others of the campaign, or back among them."""
    priority = FRONT if act.kind == Kind.PRIORITISE else 0
    changed = [one for one in rows if one.status != Status.RETIRED and one.priority != priority]
    for one in changed:
        changes.items.append(BulkActItem(act=act, comparison=one, before={"priority": one.priority}))
        one.priority, one.position = priority, queue_position(priority, one.campaign.order, one.pk)
        changes.to_front(one.position)
    Comparison.objects.bulk_update(changed, ["priority", "position"])
