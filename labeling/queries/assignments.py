"""What an annotator is shown of an assignment."""

from django.db.models import Q, QuerySet

from labeling.models import Assignment, Campaign, User

# Token ids are many and nobody is shown them.
HIDDEN = tuple(
    f"comparison__completion_{side}__{name}" for side in "ab" for name in ("token_ids", "prompt_token_ids", "sampling")
)


def with_contents(assignment_id: int, *, campaign: Campaign, annotator: User) -> Assignment:
    """An assignment with its prompt, both completions and guideline version loaded, in one statement."""
    return _known(_with_contents().get(pk=assignment_id), campaign, annotator)


def open_assignments(*, campaign: Campaign, annotator: User, standing: Q) -> list[Assignment]:
    """All that is open before an annotator, likewise, in the order in which it was given.

    standing: which of it still wants an answer.
    """
    rows = _with_contents().filter(standing, annotator=annotator, campaign=campaign, status=Assignment.Status.LEASED)
    return [_known(assignment, campaign, annotator) for assignment in rows.order_by("leased_at", "pk")]


def _with_contents() -> QuerySet[Assignment]:
    return Assignment.objects.select_related(
        "comparison__prompt", "comparison__completion_a", "comparison__completion_b", "guideline_version"
    ).defer(*HIDDEN, "guideline_version__text")


def _known(assignment: Assignment, campaign: Campaign, annotator: User) -> Assignment:
    assignment.campaign = campaign
    assignment.annotator = annotator
    return assignment
