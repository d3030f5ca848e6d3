"""Bulk acts on prompts and comparisons: each is a row that holds how far it is, one event, and what it changed.

A small act runs at once, a large one in the background. A worker that dies loses nothing: the next one continues after
the last row that was written. Each chunk is its own transaction, so that annotators never wait long.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from common.broker import send
from common.errors import Invalid, NotAllowed
from labeling.access import CampaignArchived, CampaignNotFound, require_may_change
from labeling.actions.blind_test_acts import refuse_in_blind_test
from labeling.actions.bulk_changes import change_comparisons, change_prompts
from labeling.actions.relabeling import MOST_JUDGMENTS
from labeling.actions.validation import checked_reason
from labeling.events.record import record
from labeling.judging.queue import rewind_behind_commit
from labeling.models import BulkAct, BulkActItem, Campaign, Comparison, User
from labeling.queries.judged_by import require_group
from labeling.queries.lists import ComparisonFilter, Filter, PromptFilter, filtered_comparisons, filtered_prompts
from labeling.tally import Tally, add_to_tally, tally_of_all

BULK_ACT = "labeling.tasks.run_bulk_act"
CHUNK = 200
AT_ONCE = 500
"""Up to this many rows are changed before the request is answered."""

LOST_AFTER = timedelta(minutes=2)
"""A worker writes after every chunk. One that has not written for this long is taken for dead."""

MOST_CHOSEN = 1000

Kind, Status, Target = BulkAct.Kind, BulkAct.Status, BulkAct.Target

KINDS = {
    Target.PROMPTS: (Kind.RETIRE, Kind.RESTORE),
    Target.COMPARISONS: (Kind.RETIRE, Kind.RESTORE, Kind.ASK_AGAIN, Kind.PRIORITISE, Kind.NORMAL),
}
WITH_REASON = (Kind.RETIRE, Kind.ASK_AGAIN)


class NothingSelected(Invalid):
    type = "nothing-selected"
    sentence = gettext_lazy("Choose at least one row.")


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows of a campaign: by their ids, or all that match a filter. target: of BulkAct."""

    target: str
    ids: tuple[int, ...] = ()
    where: Filter | None = None

    def as_json(self) -> dict[str, Any]:
        return {"ids": list(self.ids)} if self.where is None else {"filter": self.where.as_json()}

    @classmethod
    def of(cls, act: BulkAct) -> "Selection":
        """The selection of an act."""
        kind = PromptFilter if act.target == Target.PROMPTS else ComparisonFilter
        if "filter" in act.selection:
            return cls(act.target, where=kind.from_json(act.selection["filter"]))
        return cls(act.target, ids=tuple(act.selection["ids"]))

    def rows(self, campaign: Campaign) -> QuerySet[Any]:
        """The rows, not ordered."""
        if self.target == Target.PROMPTS:
            where = self.where if isinstance(self.where, PromptFilter) else PromptFilter()
            found: QuerySet[Any] = filtered_prompts(campaign, where)
        else:
            where_comparison = self.where if isinstance(self.where, ComparisonFilter) else ComparisonFilter()
            found = filtered_comparisons(campaign, where_comparison)
        return found if self.where is not None else found.filter(pk__in=self.ids)


@dataclass(frozen=True, slots=True)
class BulkOrder:
    """The requested act. reason: of retiring and of requests for judgments. more: judgments requested of each."""

    kind: str
    reason: str = ""
    more: int = 0


def start_bulk_act(
    *, campaign: Campaign, selection: Selection, order: BulkOrder, acting_user: User | None, now: datetime
) -> BulkAct:
    """Does an act on many rows: a small one at once, a large one in the background.

    Rows that cannot be changed so are left alone and counted. Raises BendsBlindTest, NotAllowed, Invalid,
    NothingSelected.
    """
    require_may_change(acting_user, campaign)
    act = _checked(campaign, selection, order, acting_user, now)
    refuse_in_blind_test(campaign, act.kind)
    act.save()
    if act.total <= AT_ONCE:
        run_bulk_act(act.pk, clock=lambda: now)
        act.refresh_from_db()
    else:
        transaction.on_commit(lambda: send(BULK_ACT, act.pk))
    return act


def apply_overlap(*, campaign: Campaign, acting_user: User | None, now: datetime) -> BulkAct | None:
    """Gives comparisons that nobody holds yet the campaign's new overlap. Call it within a transaction.

    A small campaign's get it at once, without an act; for those of a large one a worker does it in chunks. So too while
    an earlier change is under way, whose last rows are locked and may still get the earlier overlap.
    """
    acts = BulkAct.objects.filter(campaign=campaign, kind=Kind.OVERLAP, status__in=BulkAct.UNFINISHED)
    if not acts.exists() and _apply_at_once(campaign):
        return None
    selection = Selection(Target.COMPARISONS, where=ComparisonFilter(status=Comparison.Status.OPEN))
    try:
        act = _new_act(campaign, selection, BulkOrder(Kind.OVERLAP), acting_user, now)
    except NothingSelected:
        return None  # none is open
    act.save()
    transaction.on_commit(lambda: send(BULK_ACT, act.pk))
    return act


def _apply_at_once(campaign: Campaign) -> bool:
    """Gives the comparisons of a small campaign the new overlap; returns whether it is a small one."""
    untouched = Comparison.objects.filter(campaign=campaign, status=Comparison.Status.OPEN, taken=0)
    if campaign.overlap_share == 1:
        untouched = untouched.exclude(overlap=campaign.overlap)
    # Locked first: a comparison that is being given out at this moment keeps its overlap.
    locked = list(untouched.order_by("pk").select_for_update(no_key=True, skip_locked=True)[: AT_ONCE + 1])
    if len(locked) > AT_ONCE:
        return False
    totals = Tally() - tally_of_all(locked)
    for one in locked:
        one.overlap = campaign.overlap_of(one.pair_hash)
    Comparison.objects.bulk_update(locked, ["overlap"])
    add_to_tally(campaign.pk, totals + tally_of_all(locked))
    return True


def run_bulk_act(act_id: int, *, clock: Callable[[], datetime] = timezone.now) -> None:
    """Runs an act, or the rest of it. Does nothing if another worker runs it, or it is done.

    It stops if the campaign has been archived meanwhile, or whoever requested it may no longer change it.
    """
    waiting = Q(status=Status.WAITING) | Q(status=Status.RUNNING, beat_at__lt=clock() - LOST_AFTER)
    if not BulkAct.objects.filter(waiting, pk=act_id).update(status=Status.RUNNING, beat_at=clock()):
        return
    try:
        while _run_chunk(act_id, clock()) == CHUNK:
            pass
    except (CampaignArchived, CampaignNotFound, NotAllowed):
        _finish(act_id, Status.STOPPED, clock())
    else:
        _finish(act_id, Status.DONE, clock())


def leave_bulk_act(act_id: int) -> None:
    """Lets another worker go on at once, after this one has lost its connection to the database."""
    BulkAct.objects.filter(pk=act_id, status=Status.RUNNING).update(status=Status.WAITING)


def sweep_bulk_acts(*, now: datetime) -> int:
    """Enqueues the acts that no worker runs; returns how many."""
    lost = BulkAct.objects.filter(status__in=BulkAct.UNFINISHED, beat_at__lt=now - LOST_AFTER)
    identifiers = list(lost.values_list("pk", flat=True))
    send(BULK_ACT, *identifiers)
    return len(identifiers)


def _checked(
    campaign: Campaign, selection: Selection, order: BulkOrder, acting_user: User | None, now: datetime
) -> BulkAct:
    if order.kind not in KINDS[Target(selection.target)]:
        raise Invalid.of("kind", str(gettext_lazy("This cannot be done to these rows.")))
    reason = checked_reason(order.reason) if order.kind in WITH_REASON else ""
    if order.kind == Kind.ASK_AGAIN and not 1 <= order.more <= MOST_JUDGMENTS:
        raise Invalid.of("more", str(gettext_lazy("Ask for 1 to %(most)s more judgments.") % {"most": MOST_JUDGMENTS}))
    if selection.where is None and not 0 < len(selection.ids) <= MOST_CHOSEN:
        raise NothingSelected
    require_group(campaign, selection.where)
    return _new_act(campaign, selection, replace(order, reason=reason), acting_user, now)


def _new_act(
    campaign: Campaign, selection: Selection, order: BulkOrder, acting_user: User | None, now: datetime
) -> BulkAct:
    """An act that waits, not saved. Raises NothingSelected."""
    rows = selection.rows(campaign)
    total = rows.count()
    if not total:
        raise NothingSelected
    return BulkAct(
        campaign=campaign,
        target=selection.target,
        kind=order.kind,
        selection=selection.as_json(),
        reason=order.reason,
        more=order.more if order.kind == Kind.ASK_AGAIN else 0,
        up_to=rows.aggregate(last=Max("pk"))["last"],
        total=total,
        requested_by=acting_user,
        created_at=now,
        beat_at=now,
    )


def _run_chunk(act_id: int, now: datetime) -> int:
    """Does the act on the next rows; returns how many were visited. Raises what `require_may_change` raises."""
    with transaction.atomic():
        acts = BulkAct.objects.select_related("campaign", "requested_by").select_for_update(of=("self",))
        act = acts.get(pk=act_id)
        require_may_change(act.requested_by, act.campaign)
        rows = Selection.of(act).rows(act.campaign).filter(pk__gt=act.last_id, pk__lte=act.up_to).order_by("pk")
        ids = list(rows.values_list("pk", flat=True)[:CHUNK])
        changes = (change_prompts if act.target == Target.PROMPTS else change_comparisons)(act, ids, now)
        BulkActItem.objects.bulk_create(changes.items)
        act.done += len(ids)
        act.changed += changes.count
        act.last_id = ids[-1] if ids else act.up_to
        act.beat_at = now
        act.save(update_fields=["done", "changed", "last_id", "beat_at"])
        add_to_tally(act.campaign_id, changes.totals)
    if changes.front is not None:
        rewind_behind_commit(act.campaign, changes.front)
    return len(ids)


@transaction.atomic
def _finish(act_id: int, status: BulkAct.Status, now: datetime) -> None:
    act = BulkAct.objects.select_related("campaign", "requested_by").select_for_update(of=("self",)).get(pk=act_id)
    act.status, act.finished_at = status, now
    act.save(update_fields=["status", "finished_at"])
    after: dict[str, Any] = {"target": act.target, "kind": act.kind, "chosen": act.total, "changed": act.changed}
    after |= {"status": act.status} if act.status != Status.DONE else {}
    after |= {"reason": act.reason} if act.reason else {}
    after |= {"more": act.more} if act.more else {}
    record("bulk.done", act, acting_user=act.requested_by, now=now, campaign=act.campaign, after=after)
