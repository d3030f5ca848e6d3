"""Taking back the judgments that an import brought to comparisons of other imports."""

from collections import defaultdict
from datetime import datetime

from django.db.models import PROTECT, Exists, OuterRef

from labeling.actions.comparison_rows import imported_verdict
from labeling.actions.counted_votes import count_vote, settle_again
from labeling.actions.opinion_statements import KEY_OF_STATEMENT, KEY_OF_VERDICT, stated_verdict
from labeling.models import Assignment, Campaign, Choice, Comparison, ImportBatch, Judgment, User, Verdict
from labeling.queries.personal_data import tables
from labeling.tally import Tally, tally_of

CHUNK = 500


def take_opinions(campaign: Campaign, batch: ImportBatch, now: datetime) -> tuple[Tally, int]:
    """Deletes the judgments of a batch about comparisons that it did not bring; their verdicts follow from the others.

    Returns the change of the totals, and how many. The campaign must be locked, and the batch be marked as taken back.
    """
    annotators = list(User.objects.filter(outside_campaign=campaign).values_list("pk", flat=True))
    brought = Judgment.objects.filter(campaign=campaign, annotator__in=annotators, batch=batch)
    ids = sorted(set(brought.exclude(comparison__batch=batch).values_list("comparison_id", flat=True)))
    change, count = Tally(), 0
    for start in range(0, len(ids), CHUNK):
        moved, deleted = _take_chunk(campaign, batch, ids[start : start + CHUNK], now)
        change, count = change + moved, count + deleted
    return change, count


def delete_unused_annotators(campaign: Campaign) -> None:
    """Deletes outside annotators to whom no row refers that protects them.

    So those who were erased stay, as their erasure does, and those who are left out of training.
    """
    unused = User.objects.filter(outside_campaign=campaign)
    for model, columns in tables().items():
        for column in columns:
            if getattr(model._meta.get_field(column).remote_field, "on_delete", None) is PROTECT:
                unused = unused.exclude(Exists(model._default_manager.filter(**{column: OuterRef("pk")})))
    unused.delete()


def _take_chunk(campaign: Campaign, batch: ImportBatch, ids: list[int], now: datetime) -> tuple[Tally, int]:
    locked = Comparison.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
    comparisons = {one.pk: one for one in locked}
    before = sum((tally_of(one) for one in comparisons.values()), Tally())
    by_comparison: dict[int, list[Judgment]] = defaultdict(list)
    for judgment in Judgment.objects.filter(comparison__in=ids).select_related("batch").order_by("pk"):
        by_comparison[judgment.comparison_id].append(judgment)
    deleted: list[Judgment] = []
    restored: list[Verdict] = []
    unstated: list[int] = []
    for key, comparison in comparisons.items():
        comparison.campaign = campaign
        judgments = by_comparison[key]
        taken = [one for one in judgments if one.batch_id == batch.pk and not _was_verdict(one)]
        left = [one for one in judgments if one not in taken]
        if (
            len(left) == 1 and _was_verdict(left[0]) and _is_out(left[0].batch)
        ):  # it is a verdict without judgments again
            taken.append(left[0])
            confidence = (left[0].metadata or {}).get("confidence")
            restored.append(imported_verdict(comparison, left[0].choice, confidence, None, left[0].created_at))
        for judgment in taken:
            if judgment.choice != Choice.SKIP and judgment.superseded_at is None:
                count_vote(comparison, judgment.choice, judgment.certainty, -1)
        comparison.overlap = max(campaign.overlap_of(comparison.pair_hash), comparison.taken)
        if any(_was_statement(one) for one in taken):
            unstated.append(key)
        elif taken and comparison.taken == comparison.judged == 1 and (only := _statement_of(left)):
            restored.append(stated_verdict(comparison, only))
        deleted += taken
    # A judgment that was a verdict belongs to this import, or to one that was taken back earlier.
    Judgment.objects.filter(pk__in=[one.pk for one in deleted]).delete()
    Assignment.objects.filter(pk__in=[one.assignment_id for one in deleted]).delete()
    Verdict.objects.filter(comparison__in=unstated, settled_by=Verdict.SettledBy.IMPORT).delete()
    verdicts = {one.comparison_id: one for one in Verdict.objects.filter(comparison__in=ids)}
    settle_again(campaign, list(comparisons.values()), verdicts, now, restored)
    after = sum((tally_of(one) for one in comparisons.values()), Tally())
    return after - before, len(deleted) - sum(_was_verdict(one) for one in deleted)


def _was_verdict(judgment: Judgment) -> bool:
    return judgment.key.startswith(KEY_OF_VERDICT)


def _is_out(batch: ImportBatch | None) -> bool:
    return batch is None or batch.status == ImportBatch.Status.TAKEN_BACK


def _was_statement(judgment: Judgment) -> bool:
    """Of an import: the keys of people's own judgments are of their own choice."""
    return judgment.batch_id is not None and judgment.key.startswith(KEY_OF_STATEMENT)


def _statement_of(judgments: list[Judgment]) -> Judgment | None:
    """The judgment that settled the pair alone, if it still counts."""
    stated = (one for one in judgments if _was_statement(one) or _was_verdict(one))
    return next((one for one in stated if one.superseded_at is None), None)
