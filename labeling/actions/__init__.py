"""Every write of labeling, one file a noun. Pages, API, commands and Celery tasks all call these.

An action is keyword-only, is told who acts and when, is atomic, locks before it looks, raises a named error instead of
half doing something, and writes one event.
"""

from labeling.actions.answers import Answer, InvalidAnswer, as_shown
from labeling.actions.assignments import (
    next_assignment,
    next_with_progress,
    release_assignment,
    release_expired_assignments,
)
from labeling.actions.campaigns import (
    change_campaign,
    change_campaign_status,
    create_campaign,
    write_guidelines,
)
from labeling.actions.comparisons import AddedComparisons, ComparisonDraft, CompletionDraft, add_comparisons
from labeling.actions.exports import Export, drop_report, export_campaign
from labeling.actions.imports import ImportReport, import_comparisons, import_prompts
from labeling.actions.judgments import (
    Answered,
    Undone,
    judge,
    judge_and_continue,
    undo_and_show,
    undo_judgment,
    undo_until,
)
from labeling.actions.members import add_member, remove_member
from labeling.actions.people import create_token, create_user, revoke_token
from labeling.actions.prompts import AddedPrompts, PromptDraft, add_prompts
from labeling.actions.verdicts import adjudicate

__all__ = [
    "AddedComparisons",
    "AddedPrompts",
    "Answer",
    "Answered",
    "ComparisonDraft",
    "CompletionDraft",
    "Export",
    "ImportReport",
    "InvalidAnswer",
    "PromptDraft",
    "Undone",
    "add_comparisons",
    "add_member",
    "add_prompts",
    "adjudicate",
    "as_shown",
    "change_campaign",
    "change_campaign_status",
    "create_campaign",
    "create_token",
    "create_user",
    "drop_report",
    "export_campaign",
    "import_comparisons",
    "import_prompts",
    "judge",
    "judge_and_continue",
    "next_assignment",
    "next_with_progress",
    "release_assignment",
    "release_expired_assignments",
    "remove_member",
    "revoke_token",
    "undo_and_show",
    "undo_judgment",
    "undo_until",
    "write_guidelines",
]
