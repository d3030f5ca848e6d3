"""What an annotator is shown of an assignment."""

from labeling.models import Assignment, Campaign, User

# Token ids are many and nobody is shown them.
HIDDEN = tuple(
    f"comparison__completion_{side}__{name}" for side in "ab" for name in ("token_ids", "prompt_token_ids", "sampling")
)


def with_contents(assignment_id: int, *, campaign: Campaign, annotator: User) -> Assignment:
    """An assignment with its prompt, both completions and guideline version loaded, in one statement."""
    assignment = (
        Assignment.objects.select_related(
            "comparison__prompt", "comparison__completion_a", "comparison__completion_b", "guideline_version"
        )
        .defer(*HIDDEN, "guideline_version__text")
        .get(pk=assignment_id)
    )
    assignment.campaign = campaign
    assignment.annotator = annotator
    return assignment
