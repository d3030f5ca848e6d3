"""Taking an import back as a whole, with its judgments, while nobody has judged, skipped or flagged anything of it."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common.errors import Conflict
from common.wording import grouped
from labeling.access import require_may_change
from labeling.actions.blind_test_acts import TAKE_BACK, refuse_in_blind_test
from labeling.actions.opinions_taken_back import delete_unused_annotators, take_opinions
from labeling.actions.practice import delete_pairs
from labeling.events.record import record
from labeling.models import (
    Assignment,
    BulkActItem,
    Campaign,
    Comparison,
    Completion,
    ImportBatch,
    Judgment,
    PracticePair,
    Prompt,
    User,
)
from labeling.tally import Tally, add_to_tally, tally_of

Status = ImportBatch.Status

CHUNK = 500
MOST_COUNTED = 1000
"""Touched comparisons are counted up to this: a page must not read a million of them to say that there are some."""


class BatchJudged(Conflict):
    """The raiser says how much was judged."""

    type = "batch-judged"
    sentence = gettext_lazy(
        "People have judged, skipped or flagged comparisons of this import: it can no longer be taken back."
    )


class NothingToTakeBack(Conflict):
    type = "batch-not-imported"
    sentence = gettext_lazy("This import brought nothing, or was taken back already.")


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The rows that a take-back deleted. kept_prompts: prompts of the batch that other data uses; they stay."""

    comparisons: int
    prompts: int
    kept_prompts: int
    judgments: int


@transaction.atomic
def take_back(*, batch: ImportBatch, acting_user: User | None, now: datetime) -> TakenBack:
    """Deletes everything that an import brought, all or nothing.

    Prompts stay where something else refers to them: another import, or a model that writes for them. Practice rounds
    that are under way go on without its pairs. Raises NotAllowed, BatchJudged, NothingToTakeBack,
    QualificationNeedsPairs.
    """
    require_may_change(acting_user, batch.campaign)
    refuse_in_blind_test(batch.campaign, TAKE_BACK)
    # One at a time in a campaign: meanwhile no other import uses a prompt that is deleted, and no pair is marked.
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=batch.campaign_id)
    batch = ImportBatch.objects.select_related("campaign").select_for_update(of=("self",)).get(pk=batch.pk)
    if batch.status not in ImportBatch.BROUGHT:
        raise NothingToTakeBack
    delete_pairs(campaign, PracticePair.objects.filter(campaign=campaign, comparison__batch=batch))
    # First the status: the database deletes judgments only of an import that is taken back.
    batch.status, batch.taken_back_by, batch.taken_back_at = Status.TAKEN_BACK, acting_user, now
    batch.save(update_fields=["status", "taken_back_by", "taken_back_at"])
    # In the order of the comparisons' ids: those of other imports are older.
    opinions, judgments = take_opinions(campaign, batch, now)
    change, comparisons, own_judgments = _delete_comparisons(batch)
    change += opinions
    delete_unused_annotators(campaign)
    prompts, counted, kept = _delete_prompts(batch)
    taken = TakenBack(comparisons, prompts, kept, judgments + own_judgments)
    after = {
        "file": batch.file_name,
        "comparisons": taken.comparisons,
        "prompts": taken.prompts,
        "kept_prompts": taken.kept_prompts,
        "judgments": taken.judgments,
    }
    record("batch.taken_back", batch, acting_user=acting_user, now=now, campaign=batch.campaign, after=after)
    add_to_tally(batch.campaign_id, change - Tally(prompts=counted))
    return taken


@dataclass(frozen=True, slots=True)
class Touched:
    """Comparisons of a batch with judgments that it did not bring: nobody's word is deleted, so the batch stays.

    comparisons: judged, skipped or flagged, those included where it was undone. flagged: those with a flag now. Both
    are counted up to MOST_COUNTED: one more than that means that there are more.
    """

    comparisons: int
    flagged: int


def touched_comparisons(batch: ImportBatch) -> Touched:
    """The comparisons for which a batch can no longer be taken back."""
    if batch.first_comparison is None:
        return Touched(0, 0)
    ids = {"comparison__gte": batch.first_comparison, "comparison__lte": batch.last_comparison}
    others = (
        Judgment.objects.filter(**ids, comparison__batch=batch)
        .exclude(batch=batch)
        .order_by("comparison")
        .values("comparison")
        .distinct()
    )
    flags = others.filter(superseded_at=None).exclude(flag="")
    return Touched(*(rows[: MOST_COUNTED + 1].count() for rows in (others, flags)))


def _require_unjudged(batch: ImportBatch, ids: list[int]) -> None:
    """Raises BatchJudged if one of these comparisons has a judgment that the batch did not bring."""
    others = Judgment.objects.filter(comparison__in=ids).exclude(batch=batch)
    if not others.exists():
        return
    if not others.filter(batch=None).exists():
        raise BatchJudged(_("A later import brought judgments of the same comparisons: take that one back first."))
    judged = touched_comparisons(batch).comparisons
    if judged > MOST_COUNTED:
        text = _(
            "More than %(count)s comparisons of this import were judged, skipped or flagged: it can no longer be taken "
            "back."
        )
        raise BatchJudged(text % {"count": grouped(MOST_COUNTED)})
    text = ngettext(
        "%(count)s comparison of this import was judged, skipped or flagged: it can no longer be taken back.",
        "%(count)s comparisons of this import were judged, skipped or flagged: it can no longer be taken back.",
        judged,
    )
    raise BatchJudged(text % {"count": judged})


def _delete_comparisons(batch: ImportBatch) -> tuple[Tally, int, int]:
    """Deletes the comparisons of a batch with their completions and imported judgments.

    Returns the change of the totals, and how many comparisons and judgments it were.
    """
    rows = Comparison.objects.filter(batch=batch, **batch.id_range).order_by("pk")
    # Assignments before comparisons, as in every act of an annotator.
    held = Assignment.objects.filter(comparison__in=rows, status=Assignment.Status.LEASED).order_by("pk")
    list(held.select_for_update().values_list("pk"))
    change, count, judgments, last = Tally(), 0, 0, 0
    while chunk := list(rows.filter(pk__gt=last).select_for_update()[:CHUNK]):
        last, ids = chunk[-1].pk, [one.pk for one in chunk]
        _require_unjudged(batch, ids)
        change -= sum((tally_of(one) for one in chunk), Tally())
        texts = {text for one in chunk for text in (one.completion_a_id, one.completion_b_id)}
        judgments += Judgment.objects.filter(comparison__in=ids).delete()[0]
        Comparison.objects.filter(pk__in=ids).delete()
        _delete_unused_completions(texts)
        count += len(ids)
    return change, count, judgments


def _delete_unused_completions(ids: set[int]) -> None:
    used = [Exists(Comparison.objects.filter(**{name: OuterRef("pk")})) for name in ("completion_a", "completion_b")]
    Completion.objects.filter(*(~one for one in used), pk__in=ids).delete()


def _delete_prompts(batch: ImportBatch) -> tuple[int, int, int]:
    """Deletes the prompts of a batch that nothing refers to; returns how many, those not retired, and how many stay."""
    unused = batch.prompts.all()
    for relation in Prompt._meta.related_objects:  # tables of other apps too
        if relation.related_model is BulkActItem:  # only a trace of what was done to it
            continue
        refers = relation.related_model._default_manager.filter(**{relation.field.name: OuterRef("pk")})
        unused = unused.exclude(Exists(refers))
    deleted = counted = 0
    rows = unused.values_list("pk", "retired_at").iterator(CHUNK)  # read once, whatever part of them stays
    while chunk := list(islice(rows, CHUNK)):
        deleted += len(chunk)
        counted += sum(retired_at is None for _, retired_at in chunk)
        Prompt.objects.filter(pk__in=[key for key, _ in chunk]).delete()
    return deleted, counted, batch.prompts.count()
