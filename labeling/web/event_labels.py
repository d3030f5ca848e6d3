"""Readable names for the events, the subjects and the values of the event log.

Apps above this one add their own (`add_labels`), so that labeling need not know of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.sentences import Sentence
from common.wording import grouped, percent, significant
from labeling.events.types import CONFLICT, FINISHED, SETTLED
from labeling.models import (
    Assignment,
    BulkAct,
    Campaign,
    Choice,
    Comparison,
    Demand,
    Flag,
    ImportBatch,
    Membership,
    PracticePair,
    Question,
    Role,
    Scope,
    Verdict,
    VerdictRecount,
    Winner,
)
from labeling.web import account_events
from labeling.web.export_form import FOUND, SIDES
from labeling.web.imports import EXPORTS, INCLUDES
from labeling.web.list_forms import FILTER_LABELS, FILTERED_SHARES
from labeling.web.origins import origin_in_words
from labeling.web.rules import LABELS, SHARES, in_minutes

Labels = Mapping[str, str | Promise]


@dataclass(frozen=True, slots=True)
class Field:
    """A value that events hold. label: its name.

    values: the labels of its values, where these are few. fields: of the values in it, where it is a mapping; others
    have the meaning that they have outside of it. as_text: writes a value, or one of a list; None: by its type.
    """

    label: str | Promise
    values: Labels = field(default_factory=dict)
    fields: Mapping[str, Field] = field(default_factory=dict)
    as_text: Callable[[Any], str] | None = None


def fields_of(labels: Labels) -> dict[str, Field]:
    """A field for each name and its label."""
    return {name: Field(label) for name, label in labels.items()}


def shares_of(labels: Labels) -> dict[str, Field]:
    """The same for shares from 0 to 1, which people read as percentages."""
    return {name: Field(label, as_text=percent) for name, label in labels.items()}


def sentence(value: str) -> str:
    """A sentence of ours that an event holds, in the reader's language if the catalogue has it."""
    return value if isinstance(value, Sentence) else Sentence(value)


def shortened(value: str) -> str:
    """The beginning of a hash, by which people tell it from others."""
    return f"{value[:12]}…"


def _date_and_time(value: str) -> str:
    return date_format(timezone.localtime(datetime.fromisoformat(value)), gettext("j M Y, H:i"))


def _minutes(seconds: int) -> str:
    minutes = in_minutes(seconds)
    return grouped(minutes) if isinstance(minutes, int) else significant(minutes)


_EVENTS: dict[str, str | Promise] = {
    "batch.imported": _("File imported"),
    "batch.taken_back": _("Import taken back"),
    "bulk.done": _("Bulk action"),
    "campaign.changed": _("Campaign settings changed"),
    "campaign.created": _("Campaign created"),
    "campaign.exported": _("Data exported"),
    "campaign.imported": _("Campaign imported"),
    "blind_test.ended": _("Blind test ended"),
    "campaign.agreement_fell": _("Agreement has fallen"),
    "campaign.status_changed": _("Campaign status changed"),
    "comparison.adjudicated": _("Conflict adjudicated"),
    "comparison.asked_again": _("More judgments requested"),
    "comparison.flag_dismissed": _("Flag dismissed"),
    "comparison.flag_upheld": _("Flag upheld"),
    "comparison.made_gold": _("Made gold"),
    "comparison.made_practice": _("Marked for practice"),
    "comparison.restored": _("Comparison restored"),
    "comparison.retired": _("Comparison retired"),
    "comparison.unmade_gold": _("No longer gold"),
    "comparison.unmade_practice": _("Taken out of practice"),
    "comparisons.added": _("Comparisons added"),
    "faq_entry.changed": _("Published answer changed"),
    "faq_entry.published": _("Answer published"),
    "faq_entry.withdrawn": _("Published answer withdrawn"),
    "grouping.changed": _("Groups of annotators changed"),
    "grouping.declared": _("Groups of annotators declared"),
    "grouping.removed": _("Groups of annotators removed"),
    "guidelines.read": _("Guidelines read"),
    "guidelines.written": _("Guidelines written"),
    "invitation.accepted": _("Invitation accepted"),
    "invitation.created": _("Invitation created"),
    "invitation.revoked": _("Invitation revoked"),
    "judgment.changed": _("Judgment changed"),
    "judgment.made": _("Judgment made"),
    "judgment.undone": _("Judgment undone"),
    "judgments.withdrawn": _("Judgments withdrawn"),
    "member.added": _("Member added"),
    "member.changed": _("Member role changed"),
    "member.pass_withdrawn": _("Pass by a lead withdrawn"),
    "member.passed": _("Member passed by a lead"),
    "member.paused": _("Member paused"),
    "member.removed": _("Member removed"),
    "member.restart_undone": _("Restart of a member undone"),
    "member.restarted": _("Member made to start again"),
    "member.resumed": _("Member resumed"),
    "member.warned": _("Member warned"),
    "practice.finished": _("Practice finished"),
    "prompts.added": _("Prompts added"),
    "question.answered": _("Question answered"),
    "question.asked": _("Question asked"),
    "question.closed": _("Question closed without an answer"),
    "qualification.failed": _("Qualification failed"),
    "qualification.passed": _("Qualification passed"),
    "verdicts.recounted": _("Verdicts recounted"),
    "webhook.changed": _("Webhook changed"),
    "webhook.created": _("Webhook created"),
    "webhook.deleted": _("Webhook deleted"),
    "webhook.disabled": _("Webhook switched off after failures"),
    "webhook.secret_rotated": _("Webhook secret replaced"),
    **account_events.LABELS,
}
_MESSAGES: dict[str, str | Promise] = {
    CONFLICT: _("Conflict between judgments"),
    FINISHED: _("Campaign closed"),
    SETTLED: _("Comparison settled"),
}
"""Types of webhook messages that are no verbs of the log."""

_SUBJECTS: dict[str, str | Promise] = {
    "apitoken": _("API token"),
    "bulkact": _("bulk action"),
    "campaign": _("campaign"),
    "importbatch": _("import"),
    "comparison": _("comparison"),
    "faqentry": _("published answer"),
    "grouping": _("grouping"),
    "guidelineversion": _("guidelines"),
    "invitation": _("invitation"),
    "judgment": _("judgment"),
    "membership": _("membership"),
    "question": _("question"),
    "practiceround": _("practice"),
    "user": _("user"),
    "verdictrecount": _("recount"),
    "webhook": _("webhook"),
}
_DROPPED: Labels = {
    "empty": _("empty completions"),
    "identical": _("identical completions"),
    "not_a_prompt": _("without a prompt that can be answered"),
    "not_storable": _("with characters that cannot be stored"),
}
_FORMATS: Labels = {name: label for name, label, _content in EXPORTS} | {
    "events, jsonl": _("Event log, JSON lines"),
    "events, csv": _("Event log, CSV"),
}
_WINNERS: Labels = dict(Winner.choices) | {
    name.value: name.label for name in (Comparison.Status.CONFLICT, Comparison.Status.OPEN)
}
_SECOND_STEPS: Labels = {
    "totp": _("Code of an app"),
    "recovery_codes": _("Recovery code"),
    "webauthn": _("Passkey"),
}
_FIELDS: dict[str, Field] = {
    "provider": Field(_("Sign-in provider")),
    "passkey": Field(_("Passkey")),
    **fields_of(LABELS),
    **shares_of({name: LABELS[name] for name in SHARES}),
    "agreement_early": Field(_("Agreement in the first third"), as_text=percent),
    "agreement_late": Field(_("Agreement in the last third"), as_text=percent),
    "answer": Field(_("Answer")),
    "bulkact.changed": Field(_("Changed")),
    "bulkact.chosen": Field(_("Chosen")),
    "bulkact.kind": Field(_("Action"), dict(BulkAct.Kind.choices)),
    "bulkact.status": Field(_("Status"), dict(BulkAct.Status.choices)),
    "bulkact.target": Field(_("Rows"), dict(BulkAct.Target.choices)),
    "campaign.status": Field(_("Status"), dict(Campaign.Status.choices)),
    "campaigns": Field(_("Campaigns")),
    "cause": Field(_("Cause"), dict(VerdictRecount.Cause.choices)),
    "changed": Field(_("Changed verdicts")),
    "choice": Field(_("Choice"), dict(Choice.choices)),
    "comments": Field(_("Comments")),
    "comparison": Field(_("Comparison"), as_text=str),
    "comparison.gold": Field(_("Known verdict"), dict(Winner.choices)),
    "comparison.status": Field(_("Status"), dict(Comparison.Status.choices)),
    "confidence": Field(_("Confidence"), as_text=percent),
    "created": Field(_("Added")),
    "criteria": Field(_("Criteria")),
    "demand": Field(_("Demanded of annotators"), dict(Demand.choices)),
    "dialect": Field(_("Format"), _FORMATS),
    "dropped": Field(_("Left out"), fields=fields_of(_DROPPED)),
    "duplicates": Field(_("Duplicates")),
    "event_types": Field(_("Events"), as_text=lambda verb: event_label(verb)),
    "existing": Field(_("Already present")),
    "explanation": Field(_("Explanation")),
    "expires_at": Field(_("Expires"), as_text=_date_and_time),
    "file": Field(_("File")),
    "flag": Field(_("Reported as"), dict(Flag.choices)),
    "gold": Field(_("Gold")),
    "gold_action": Field(LABELS["gold_action"], dict(Campaign.GoldAction.choices)),
    "group": Field(_("Group")),
    "grouping": Field(_("Grouping")),
    "groups": Field(_("Groups")),
    "given_again": Field(_("Pair assigned to the asker again")),
    "gold_right": Field(_("Correct gold judgments")),
    "gold_total": Field(_("Gold judgments")),
    "extras": Field(_("With columns beside the pair")),
    "importbatch.comparisons": Field(_("Deleted comparisons")),
    "importbatch.kind": Field(_("Content"), dict(ImportBatch.Kind.choices)),
    "importbatch.kept_prompts": Field(_("Prompts in use, kept")),
    "importbatch.prompts": Field(_("Deleted prompts")),
    "importbatch.status": Field(_("Status"), dict(ImportBatch.Status.choices)),
    "campaign.filter": Field(_("Filter"), fields=fields_of(FILTER_LABELS) | shares_of(FILTERED_SHARES)),
    "consent": Field(_("Consent")),
    "dataset": Field(_("As a data set")),
    "license": Field(_("Licence")),
    "contaminated": Field(_("Prompts of the evaluation"), dict(FOUND)),
    "near_duplicates": Field(_("Prompts much like an earlier one"), dict(FOUND)),
    "redacted": Field(_("Redacted")),
    "side": Field(_("Side of the split"), dict(SIDES)),
    "include": Field(_("Comparisons"), dict(INCLUDES)),
    "is_active": Field(_("Switched on")),
    "is_simulated": Field(_("Simulated")),
    "judgment.kind": Field(_("Kind of assignment"), dict(Assignment.Kind.choices)),
    "judgment.status": Field(_("Status of the comparison"), dict(Comparison.Status.choices)),
    "judgments": Field(_("Judgments")),
    "lease_seconds": Field(LABELS["lease_seconds"], as_text=_minutes),
    "max_uses": Field(_("Maximum number of uses")),
    "model_versions": Field(_("Model versions")),
    "more": Field(_("More judgments")),
    "note": Field(_("Note")),
    "number": Field(_("Version number")),
    "order": Field(LABELS["order"], dict(Campaign.Order.choices)),
    "passed_at": Field(_("Passed by a lead"), as_text=_date_and_time),
    "person": Field(_("Person")),
    "question.status": Field(_("Status"), dict(Question.Status.choices)),
    "questions": Field(_("Questions")),
    "practice": Field(_("Known answer"), dict(Winner.choices)),
    "reason": Field(_("Reason")),
    "despite_own_judgment": Field(_("Settled despite an own judgment")),
    "rejected": Field(_("Rejected")),
    "rejected_count": Field(_("Rejected")),
    "required": Field(_("Required")),
    "retired": Field(_("Retired")),
    "restarted_at": Field(_("Made to start again"), as_text=_date_and_time),
    "right": Field(_("Right answers")),
    "role": Field(_("Role"), dict(Membership.Role.choices)),
    "scale": Field(LABELS["scale"], dict(Campaign.Scale.choices)),
    "scopes": Field(_("Permissions"), dict(Scope.choices)),
    "selected": Field(_("A selection only")),
    "sha256": Field(_("SHA-256 of the file"), as_text=shortened),
    "settled": Field(_("Settled")),
    # An event does not say how many judgments there were, and one judgment is no majority.
    "settled_by": Field(_("Settled by"), dict(Verdict.SettledBy.choices) | {"majority": _("The judgments")}),
    "skip_reasons": Field(_("Reasons for skipping")),
    "slug": Field(_("Short name in addresses")),
    "source": Field(_("Origin"), as_text=origin_in_words),
    "spreadsheet": Field(_("Escaped for spreadsheets")),
    "text": Field(_("Text")),
    "tokens": Field(_("Tokens")),
    "total": Field(_("Pairs")),
    "url": Field(_("Address")),
    "use": Field(_("Used for"), dict(PracticePair.Use.choices)),
    "is_staff": Field(_("May use Django's admin")),
    "is_superuser": Field(_("Has every permission of Django's admin")),
    "new_place": Field(_("From a new place")),
    "second_factor": Field(_("Second step"), _SECOND_STEPS),
    "user.is_active": Field(_("Active")),
    "user.role": Field(_("Role"), dict(Role.choices)),
    "user.sessions": Field(_("Sessions")),
    "uses": Field(_("Uses")),
    "verdict": Field(_("Verdict")),
    "undo_seconds": Field(LABELS["undo_seconds"], as_text=_minutes),
    "verdict_rule": Field(LABELS["verdict_rule"], dict(Campaign.VerdictRule.choices)),
    "verdicts_undone": Field(_("Verdicts undone")),
    "was_found": Field(_("Found in the votes")),
    "webhook.reason": Field(_("Reason"), as_text=sentence),
    "winner": Field(_("Winner"), dict(Winner.choices)),
    "winners": Field(_("Winners"), fields=fields_of(_WINNERS)),
    "withdrawn": Field(_("Withdrawn judgments")),
}
"""By the key in `before` and `after`; with the subject's type in front where the meaning depends on it."""


def add_labels(*, events: Labels, subjects: Labels, fields: Mapping[str, Field]) -> None:
    """Adds names for the verbs, the subject types and the values of another app."""
    _EVENTS.update(events)
    _SUBJECTS.update(subjects)
    _FIELDS.update(fields)


def field_of(subject_type: str, name: str) -> Field | None:
    """The meaning of a key in an event about such a subject. None: the key is unknown."""
    return _FIELDS.get(f"{subject_type}.{name}") or _FIELDS.get(name)


def event_label(verb: str) -> str:
    """The name of an event or of a webhook's message; an unknown verb becomes words."""
    return str(_EVENTS.get(verb) or _MESSAGES.get(verb) or capfirst(verb.replace(".", " ").replace("_", " ")))


def subject_label(subject_type: str) -> str:
    """The name of the kind of thing that an event is about."""
    return str(_SUBJECTS.get(subject_type, subject_type))


def event_choices(*, everywhere: bool = False) -> list[tuple[str, str]]:
    """Every known verb with its name, by name. everywhere: also those that no campaign has."""
    known = ((verb, str(label)) for verb, label in _EVENTS.items())
    return sorted(
        (one for one in known if everywhere or one[0].partition(".")[0] not in account_events.NOUNS),
        key=lambda choice: choice[1],
    )
