"""Every write of labeling, one file a noun. Pages, API, commands and Celery tasks all call these.

An action is keyword-only, is told who acts and when, is atomic, locks before it looks, raises a named error instead of
half doing something, and writes one event.
"""

from labeling.actions.campaigns import (
    change_campaign,
    change_campaign_status,
    create_campaign,
    write_guidelines,
)
from labeling.actions.comparisons import AddedComparisons, ComparisonDraft, CompletionDraft, add_comparisons
from labeling.actions.curation import make_gold, restore_comparison, retire_comparison, review_flag, unmake_gold
from labeling.actions.exports import Export, drop_report, export_campaign
from labeling.actions.imports import ImportReport, import_comparisons, import_prompts
from labeling.actions.invitations import (
    accept_invitation,
    create_invitation,
    open_invitation,
    revoke_invitation,
    sign_up_by_invitation,
)
from labeling.actions.members import add_member, pause_member, remove_member, resume_member
from labeling.actions.people import create_token, create_user, revoke_token
from labeling.actions.prompts import AddedPrompts, PromptDraft, add_prompts
from labeling.actions.recounts import look_after_recounts, request_recount, run_recount
from labeling.actions.relabeling import relabel_comparison
from labeling.actions.verdicts import adjudicate
from labeling.judging.acts import (
    Answered,
    Undone,
    change_judgment,
    judge,
    judge_and_continue,
    undo_and_show,
    undo_judgment,
)
from labeling.judging.answers import Answer, InvalidAnswer, as_shown
from labeling.judging.assignments import (
    next_assignment,
    next_with_progress,
    release_assignment,
    release_expired_assignments,
    renew_assignment,
)
from labeling.judging.effects import undo_until

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
    "accept_invitation",
    "add_comparisons",
    "add_member",
    "add_prompts",
    "adjudicate",
    "as_shown",
    "change_campaign",
    "change_campaign_status",
    "change_judgment",
    "create_campaign",
    "create_invitation",
    "create_token",
    "create_user",
    "drop_report",
    "export_campaign",
    "import_comparisons",
    "import_prompts",
    "judge",
    "judge_and_continue",
    "look_after_recounts",
    "make_gold",
    "next_assignment",
    "next_with_progress",
    "open_invitation",
    "pause_member",
    "relabel_comparison",
    "release_assignment",
    "release_expired_assignments",
    "remove_member",
    "renew_assignment",
    "request_recount",
    "restore_comparison",
    "resume_member",
    "retire_comparison",
    "review_flag",
    "revoke_invitation",
    "revoke_token",
    "run_recount",
    "sign_up_by_invitation",
    "undo_and_show",
    "undo_judgment",
    "undo_until",
    "unmake_gold",
    "write_guidelines",
]
