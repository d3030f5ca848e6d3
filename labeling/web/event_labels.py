"""Readable names for the events and subjects of the event log.

Apps above this one add their own (`add_labels`), so that labeling need not know of them.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

Labels = Mapping[str, str | Promise]

_EVENTS: dict[str, str | Promise] = {
    "campaign.changed": _("Campaign settings changed"),
    "campaign.created": _("Campaign created"),
    "campaign.exported": _("Data exported"),
    "campaign.status_changed": _("Campaign status changed"),
    "comparison.adjudicated": _("Conflict adjudicated"),
    "comparison.asked_again": _("More judgments requested"),
    "comparison.flag_dismissed": _("Flag dismissed"),
    "comparison.flag_upheld": _("Flag upheld"),
    "comparison.made_gold": _("Made gold"),
    "comparison.restored": _("Comparison restored"),
    "comparison.retired": _("Comparison retired"),
    "comparison.unmade_gold": _("Made ordinary again"),
    "comparisons.added": _("Comparisons added"),
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
    "member.paused": _("Member paused"),
    "member.removed": _("Member removed"),
    "member.resumed": _("Member resumed"),
    "member.warned": _("Member warned"),
    "prompts.added": _("Prompts added"),
    "verdicts.recounted": _("Verdicts recounted"),
    "webhook.changed": _("Webhook changed"),
    "webhook.created": _("Webhook created"),
    "webhook.deleted": _("Webhook deleted"),
    "webhook.disabled": _("Webhook switched off after failures"),
    "webhook.secret_rotated": _("Webhook secret replaced"),
}
_SUBJECTS: dict[str, str | Promise] = {
    "campaign": _("campaign"),
    "comparison": _("comparison"),
    "guidelineversion": _("guidelines"),
    "invitation": _("invitation"),
    "judgment": _("judgment"),
    "membership": _("membership"),
    "user": _("user"),
    "verdictrecount": _("recount"),
    "webhook": _("webhook"),
}


def add_labels(*, events: Labels, subjects: Labels) -> None:
    """Adds names for the verbs and the subject types of another app."""
    _EVENTS.update(events)
    _SUBJECTS.update(subjects)


def event_label(verb: str) -> str:
    """The name of an event; an unknown verb becomes words."""
    return str(_EVENTS.get(verb) or capfirst(verb.replace(".", " ").replace("_", " ")))


def subject_label(subject_type: str) -> str:
    """The name of the kind of thing that an event is about."""
    return str(_SUBJECTS.get(subject_type, subject_type))


def event_choices() -> list[tuple[str, str]]:
    """Every known verb with its name, by name."""
    return sorted(((verb, str(label)) for verb, label in _EVENTS.items()), key=lambda choice: choice[1])
