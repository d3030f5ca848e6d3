"""Events in words: every verb of the event log as people read it.

Apps above this one add the verbs of their own (`add_labels`), so that labeling need not know of them.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_LABELS: dict[str, str | Promise] = {
    "campaign.changed": _("Campaign rules changed"),
    "campaign.created": _("Campaign created"),
    "campaign.exported": _("Campaign exported"),
    "campaign.finished": _("Campaign closed"),
    "campaign.status_changed": _("Campaign status changed"),
    "comparison.adjudicated": _("Conflict settled"),
    "comparison.asked_again": _("Judgments requested again"),
    "comparison.conflict": _("Judgments in conflict"),
    "comparison.flag_dismissed": _("Flag dismissed"),
    "comparison.flag_upheld": _("Flag upheld"),
    "comparison.made_gold": _("Comparison made gold"),
    "comparison.restored": _("Comparison restored"),
    "comparison.retired": _("Comparison retired"),
    "comparison.unmade_gold": _("Comparison no longer gold"),
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
    "member.changed": _("Member's role changed"),
    "member.paused": _("Member paused"),
    "member.removed": _("Member removed"),
    "member.resumed": _("Member resumed"),
    "member.warned": _("Member warned"),
    "person.erased": _("Account erased"),
    "prompts.added": _("Prompts added"),
    "token.created": _("Token created"),
    "token.revoked": _("Token revoked"),
    "user.created": _("Account created"),
    "verdict.settled": _("Verdict settled"),
    "verdicts.recounted": _("Verdicts recounted"),
    "webhook.changed": _("Webhook changed"),
    "webhook.created": _("Webhook created"),
    "webhook.deleted": _("Webhook removed"),
    "webhook.disabled": _("Webhook disabled"),
    "webhook.secret_rotated": _("Webhook secret changed"),
}


def add_labels(labels: Mapping[str, str | Promise]) -> None:
    """Names further verbs. labels: by verb."""
    _LABELS.update(labels)


def label_of(verb: str) -> str:
    """A verb in the reader's language; one without a label as it is written, with spaces."""
    label = _LABELS.get(verb)
    return str(label) if label else verb.replace(".", " ").replace("_", " ").capitalize()


def labels() -> dict[str, str]:
    """Every label by verb, in the reader's language, sorted by label."""
    return dict(sorted(((verb, str(label)) for verb, label in _LABELS.items()), key=lambda item: item[1].casefold()))
