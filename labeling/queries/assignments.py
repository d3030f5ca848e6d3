"""Open assignments with all that an annotator's page shows of them."""

from django.db.models import Q, QuerySet

from common.database.prepared import Prepared
from labeling.models import Assignment, Campaign, Comparison, User

# Token ids are long, and no page shows them.
HIDDEN = tuple(
    f"comparison__completion_{side}__{name}" for side in "ab" for name in ("token_ids", "prompt_token_ids", "sampling")
)

STILL_WANTED = (
    Q(kind=Assignment.Kind.NORMAL, comparison__status=Comparison.Status.OPEN)
    | Q(kind=Assignment.Kind.GOLD, comparison__status=Comparison.Status.GOLD)
    | Q(kind=Assignment.Kind.RETEST) & ~Q(comparison__status__in=Comparison.OUT)
)
"""Assignments whose comparison still wants this judgment: it was not taken out of the campaign in the meantime."""


def open_assignments(*, campaign: Campaign, annotator: User) -> list[Assignment]:
    """The annotator's open assignments whose comparison still wants a judgment, in the order in which they were leased.

    With prompt, both completions and guideline version, in one statement.
    """
    assignments = OPEN.all(campaign=campaign.pk, annotator=annotator.pk)
    for assignment in assignments:
        assignment.campaign, assignment.annotator = campaign, annotator
    return assignments


def _with_contents() -> QuerySet[Assignment]:
    return Assignment.objects.select_related(
        "comparison__prompt", "comparison__completion_a", "comparison__completion_b", "guideline_version"
    ).defer(*HIDDEN, "guideline_version__text")


def _open(campaign: int, annotator: int) -> QuerySet[Assignment]:
    rows = _with_contents().filter(
        STILL_WANTED, annotator=annotator, campaign=campaign, status=Assignment.Status.LEASED
    )
    return rows.order_by("leased_at", "pk")


OPEN = Prepared(_open, campaign=int, annotator=int)
