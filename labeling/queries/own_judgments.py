"""An annotator's own judgments in a campaign: only the current ones, and nothing that tells gold and retests apart.

A pair that the annotator has judged twice (a retest) appears once, with the later judgment. A pair that they hold now
is left out, since its earlier judgment must not be looked up while the retest is judged.
"""

from datetime import datetime

from django.db.models import Exists, F, Func, OuterRef, Q, QuerySet, TextField

from labeling.models import Assignment, Campaign, Choice, Judgment, User
from labeling.queries.first_judged import with_first_judged

LEFT, RIGHT, FLAG = "left", "right", "flag"
ON_THE_SIDE = {
    LEFT: Q(choice=F("left")),
    RIGHT: Q(choice=Choice.A, left="b") | Q(choice=Choice.B, left="a"),
}
HIDDEN = tuple(
    f"comparison__completion_{side}__{name}" for side in "ab" for name in ("token_ids", "prompt_token_ids", "sampling")
)


def own_judgments(
    campaign: Campaign,
    user: User,
    *,
    choice: str | None = None,
    commented: bool = False,
    since: datetime | None = None,
    until: datetime | None = None,
    text: str = "",
) -> QuerySet[Judgment]:
    """This user's current judgments, newest first, with the texts that were shown.

    choice: left or right as it was displayed, tie, both_bad, skip, or flag (skipped with a flag). text: is in the
    prompt, in either completion, in the comment or in the improved text, in any case of letters.
    """
    held = Assignment.objects.filter(comparison=OuterRef("comparison"), annotator=user, status=Assignment.Status.LEASED)
    later = Judgment.objects.filter(
        comparison=OuterRef("comparison"), annotator=user, superseded_at=None, pk__gt=OuterRef("pk")
    )
    rows = Judgment.objects.filter(~Exists(held), ~Exists(later), campaign=campaign, annotator=user, superseded_at=None)
    if choice:
        rows = rows.filter(_with_choice(choice))
    if commented:
        rows = rows.exclude(comment="")
    if since is not None:
        rows = rows.filter(created_at__gte=since)
    if until is not None:
        rows = rows.filter(created_at__lt=until)
    if text.strip():
        rows = _containing(rows, text.strip())
    return (
        with_first_judged(rows)
        .select_related(
            "assignment",
            "guideline_version",
            "comparison__prompt",
            "comparison__completion_a",
            "comparison__completion_b",
            "comparison__verdict",
        )
        .defer(*HIDDEN, "guideline_version__text")
        .order_by("-created_at", "-pk")
    )


def older_than(rows: QuerySet[Judgment], judgment: Judgment) -> QuerySet[Judgment]:
    """The rows that come after this judgment in the list."""
    at = judgment.created_at
    return rows.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=judgment.pk))


def earlier_versions(judgment: Judgment) -> list[Judgment]:
    """The judgments of the same assignment that were changed or undone, newest first."""
    superseded = Judgment.objects.filter(assignment=judgment.assignment_id, superseded_at__isnull=False)
    return list(superseded.order_by("-created_at", "-pk"))


def _with_choice(choice: str) -> Q:
    if choice == FLAG:
        return ~Q(flag="")
    return ON_THE_SIDE.get(choice) or Q(choice=choice)


def _containing(rows: QuerySet[Judgment], text: str) -> QuerySet[Judgment]:
    """The rows with this text. Of a prompt's messages only the contents are searched, not the names of their fields."""
    contents = Func(
        F("comparison__prompt__messages"),
        function="jsonb_path_query_array",
        template="(SELECT string_agg(part #>> '{}', ' ') FROM jsonb_array_elements("
        "%(function)s(%(expressions)s, '$[*].content')) part)",
        output_field=TextField(),
    )
    return rows.alias(contents=contents).filter(
        Q(contents__icontains=text)
        | Q(comparison__completion_a__text__icontains=text)
        | Q(comparison__completion_b__text__icontains=text)
        | Q(comment__icontains=text)
        | Q(edit__icontains=text)
    )
