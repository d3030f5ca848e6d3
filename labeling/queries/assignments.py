"""What an annotator is shown of an assignment."""

from django.db.models import Q, QuerySet

from common.database.prepared import Prepared
from labeling.models import Assignment, Campaign, Comparison, User

# Token ids are many and nobody is shown them.
HIDDEN = tuple(
    f"comparison__completion_{side}__{name}" for side in "ab" for name in ("token_ids", "prompt_token_ids", "sampling")
)

STANDS = (
    Q(kind=Assignment.Kind.NORMAL, comparison__status=Comparison.Status.OPEN)
    | Q(kind=Assignment.Kind.GOLD, comparison__status=Comparison.Status.GOLD)
    | Q(kind=Assignment.Kind.RETEST) & ~Q(comparison__status__in=Comparison.OUT)
)
"""Assignments whose comparison still wants the answer; the others have been taken out from under them."""


def open_assignments(*, campaign: Campaign, annotator: User) -> list[Assignment]:
    """All that is open before an annotator and still wants an answer, in the order in which it was given.

    With prompt, both completions and guideline version, in one statement.
    """
    return [_known(given, campaign, annotator) for given in OPEN.all(campaign=campaign.pk, annotator=annotator.pk)]


def _with_contents() -> QuerySet[Assignment]:
    return Assignment.objects.select_related(
        "comparison__prompt", "comparison__completion_a", "comparison__completion_b", "guideline_version"
    ).defer(*HIDDEN, "guideline_version__text")


def _open(campaign: int, annotator: int) -> QuerySet[Assignment]:
    rows = _with_contents().filter(STANDS, annotator=annotator, campaign=campaign, status=Assignment.Status.LEASED)
    return rows.order_by("leased_at", "pk")


OPEN = Prepared(_open, campaign=int, annotator=int)


def _known(assignment: Assignment, campaign: Campaign, annotator: User) -> Assignment:
    assignment.campaign = campaign
    assignment.annotator = annotator
    return assignment
