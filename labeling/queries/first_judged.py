"""When an assignment was first judged since it was last leased: the time for changing or undoing counts from then.

A change supersedes the judgment, and an undo opens the same lease again, so neither makes the time longer. A pair that
is leased again later starts again, as when a lead's reply reopens a skip.
"""

from datetime import datetime

from django.db.models import F, OuterRef, QuerySet, Subquery

from labeling.models import Judgment


def with_first_judged(rows: QuerySet[Judgment]) -> QuerySet[Judgment]:
    """The judgments, each with `first_judged_at`."""
    return rows.annotate(first_judged_at=first_judged(OuterRef("assignment_id")))


def first_judged(assignment: OuterRef) -> Subquery:
    """The time of the first judgment of an assignment under its present lease; null: there is none."""
    same = Judgment.objects.filter(assignment=assignment, created_at__gte=F("assignment__leased_at"))
    return Subquery(same.order_by("created_at", "pk").values("created_at")[:1])


def first_judged_at(judgment: Judgment) -> datetime:
    """`first_judged_at` of a judgment that `with_first_judged` read or the judging wrote; others cost a statement."""
    if "first_judged_at" not in vars(judgment):
        read = with_first_judged(Judgment.objects.filter(pk=judgment.pk)).first()
        keep_first_judged(judgment, vars(read)["first_judged_at"] if read else None)
    first: datetime = vars(judgment)["first_judged_at"]
    return first or judgment.created_at


def keep_first_judged(judgment: Judgment, at: datetime | None) -> None:
    """Keeps with a judgment when its assignment was first judged; None: it is the first itself."""
    vars(judgment)["first_judged_at"] = at or judgment.created_at
