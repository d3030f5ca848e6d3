"""The sentence for each verb of the event log, with places for the person and for the thing.

Apps above this one add their own (`add_sentences`), so that labeling need not know of them.
"""

from collections.abc import Callable, Mapping

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from labeling.models import BulkAct, Choice, Event
from labeling.web import account_events
from labeling.web.event_labels import event_label, subject_label
from labeling.web.event_links import comparison_number

Sentences = Mapping[str, str | Promise]
Name = Callable[[Event], str]
"""The name of the thing that an event is about; empty: it has none but its number."""

FLAGGED, SKIPPED, JOINED = "judgment.flagged", "judgment.skipped", "member.joined"
"""No verbs of the log: judgments that say no preference, and people who added themselves by an invitation."""

WHO, WHAT = "%(who)s", "%(what)s"

_SENTENCES: dict[str, str | Promise] = {
    "batch.imported": _("%(who)s imported %(what)s"),
    "batch.taken_back": _("%(who)s took back %(what)s"),
    "bulk.done": _("%(who)s changed many rows at once: %(what)s"),
    "campaign.changed": _("%(who)s changed the settings of %(what)s"),
    "campaign.created": _("%(who)s created the campaign %(what)s"),
    "campaign.exported": _("%(who)s exported data of %(what)s"),
    "campaign.imported": _("%(who)s imported %(what)s"),
    "blind_test.ended": _("%(what)s ended"),
    "campaign.agreement_fell": _("Agreement in %(what)s has fallen"),
    "campaign.status_changed": _("%(who)s changed the status of %(what)s"),
    "comparison.adjudicated": _("%(who)s settled the conflict about %(what)s"),
    "comparison.asked_again": _("%(who)s asked for more judgments of %(what)s"),
    "comparison.flag_dismissed": _("%(who)s dismissed the flag on %(what)s"),
    "comparison.flag_upheld": _("%(who)s upheld the flag on %(what)s"),
    "comparison.made_gold": _("%(who)s made %(what)s gold"),
    "comparison.made_practice": _("%(who)s chose %(what)s for practice"),
    "comparison.restored": _("%(who)s restored %(what)s"),
    "comparison.retired": _("%(who)s retired %(what)s"),
    "comparison.unmade_gold": _("%(who)s made %(what)s ordinary again: no longer gold"),
    "comparison.unmade_practice": _("%(who)s took %(what)s out of practice"),
    "comparisons.added": _("%(who)s added comparisons to %(what)s"),
    "faq_entry.changed": _("%(who)s changed %(what)s"),
    "faq_entry.published": _("%(who)s published %(what)s"),
    "faq_entry.withdrawn": _("%(who)s withdrew %(what)s"),
    "grouping.changed": _("%(who)s changed the groups of %(what)s"),
    "grouping.declared": _("%(who)s declared %(what)s"),
    "grouping.removed": _("%(who)s removed %(what)s"),
    "guidelines.read": _("%(who)s read %(what)s"),
    "guidelines.written": _("%(who)s wrote %(what)s"),
    "invitation.accepted": _("%(who)s accepted %(what)s"),
    "invitation.created": _("%(who)s created %(what)s"),
    "invitation.revoked": _("%(who)s revoked %(what)s"),
    "judgment.changed": _("%(who)s changed the judgment of %(what)s"),
    "judgment.made": _("%(who)s judged %(what)s"),
    FLAGGED: _("%(who)s flagged %(what)s"),
    SKIPPED: _("%(who)s skipped %(what)s"),
    "judgment.undone": _("%(who)s undid the judgment of %(what)s"),
    "judgments.withdrawn": _("%(who)s withdrew judgments of %(what)s"),
    JOINED: _("%(who)s joined the campaign"),
    "member.added": _("%(who)s added %(what)s to the campaign"),
    "member.changed": _("%(who)s changed the role of %(what)s"),
    "member.pass_withdrawn": _("%(who)s no longer counts %(what)s as qualified"),
    "member.passed": _("%(who)s counted %(what)s as qualified"),
    "member.paused": _("%(who)s paused %(what)s"),
    "member.removed": _("%(who)s removed %(what)s from the campaign"),
    "member.restart_undone": _("%(who)s cancelled the new start of %(what)s"),
    "member.restarted": _("%(who)s had %(what)s start again"),
    "member.resumed": _("%(who)s ended the pause of %(what)s"),
    "member.warned": _("%(who)s warned %(what)s"),
    "practice.finished": _("%(who)s finished %(what)s"),
    "prompts.added": _("%(who)s added prompts to %(what)s"),
    "qualification.failed": _("%(who)s did not pass the qualification: %(what)s"),
    "qualification.passed": _("%(who)s passed the qualification: %(what)s"),
    "question.answered": _("%(who)s answered %(what)s"),
    "question.asked": _("%(who)s asked %(what)s"),
    "question.closed": _("%(who)s closed %(what)s without an answer"),
    "verdicts.recounted": _("%(who)s recounted the verdicts: %(what)s"),
    "webhook.changed": _("%(who)s changed %(what)s"),
    "webhook.created": _("%(who)s created %(what)s"),
    "webhook.deleted": _("%(who)s deleted %(what)s"),
    "webhook.disabled": _("%(who)s switched off %(what)s after failures"),
    "webhook.secret_rotated": _("%(who)s replaced the secret of %(what)s"),
    **account_events.SENTENCES,
}


def _value(key: str) -> Name:
    """A name that the event holds under a key."""
    return lambda event: str(event.after.get(key) or event.before.get(key) or "")


def _guidelines(event: Event) -> str:
    number = event.after.get("number")
    return gettext("version %(number)s of the guidelines") % {"number": number} if number else gettext("the guidelines")


_NAMES: dict[str, Name] = {
    "bulkact": lambda event: str(dict(BulkAct.Kind.choices).get(event.after.get("kind", ""), "")),
    "campaign": lambda event: event.campaign.name if event.campaign else "",
    "guidelineversion": _guidelines,
    "importbatch": _value("file"),
    "membership": _value("person"),
    "user": _value("person"),
}


def add_sentences(sentences: Sentences, names: Mapping[str, Name]) -> None:
    """Adds the sentences of another app's verbs, and the names of its things, by the subject's type."""
    _SENTENCES.update(sentences)
    _NAMES.update(names)


def has_sentence(verb: str) -> bool:
    """Whether a verb has a sentence of its own."""
    return verb in _SENTENCES


def sentence_of_event(verb: str) -> str:
    """The sentence in the reader's language, with %(who)s and %(what)s in it; for an unknown verb a general one."""
    known = _SENTENCES.get(verb)
    return (
        str(known)
        if known
        else gettext("%(who)s: %(label)s, %(what)s")
        % {
            "who": WHO,
            "label": event_label(verb),
            "what": WHAT,
        }
    )


def name_of_thing(event: Event, names: Mapping[str, str]) -> str:
    """The thing that an event is about, of a judgment the comparison. names: of people, by pseudonym."""
    number = comparison_number(event)
    if number is not None:
        return f"{subject_label('comparison')} {number}"
    known = _NAMES.get(event.subject_type)
    name = known(event) if known else ""
    return names.get(name, name) or f"{subject_label(event.subject_type)} {event.subject_id}".strip()


def pieces(event: Event) -> list[str]:
    """The sentence of an event in pieces: plain text, and `WHO` and `WHAT` where those belong."""
    verb = event.verb
    if verb in ("judgment.made", "judgment.changed") and event.after.get("choice") == Choice.SKIP:
        verb = FLAGGED if event.after.get("flag") else SKIPPED
    added = event.after.get("person") if verb == "member.added" else None
    if verb == "member.added" and added == (event.actor.pseudonym if event.actor else None):
        verb = JOINED  # also in a pseudonymous campaign, which names nobody
    text = capfirst(sentence_of_event(verb))
    for mark in (WHO, WHAT):
        text = text.replace(mark, f"\0{mark}\0")
    return [piece for piece in text.split("\0") if piece]
