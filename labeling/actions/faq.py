"""Answers that a lead publishes for everybody in a campaign, beside its guidelines."""

from datetime import datetime

from django.db import transaction

from labeling.access import require_may_change
from labeling.actions.validation import checked_text
from labeling.events.record import record
from labeling.models import FaqEntry, Question, User

MAX_TEXT = 10_000
"""Characters of a question and of an answer."""


@transaction.atomic
def publish_answer(*, question: Question, text: str, answer: str, acting_user: User, now: datetime) -> FaqEntry:
    """Publishes a question and its answer in the lead's words; again: replaces both. Raises NotAllowed, Invalid."""
    require_may_change(acting_user, question.campaign)
    values = {
        "text": checked_text("text", text, most=MAX_TEXT),
        "answer": checked_text("answer", answer, most=MAX_TEXT),
        "published_by": acting_user,
        "published_at": now,
    }
    entry, is_new = FaqEntry.objects.update_or_create(
        question=question, defaults=values, create_defaults=values | {"campaign": question.campaign}
    )
    verb = "faq_entry.published" if is_new else "faq_entry.changed"
    record(verb, entry, acting_user=acting_user, now=now, campaign=question.campaign, after=_as_json(entry))
    return entry


@transaction.atomic
def withdraw_entry(*, entry: FaqEntry, acting_user: User | None, now: datetime) -> None:
    """Deletes a published answer; the question keeps its own. The log keeps what it said. Raises NotAllowed."""
    require_may_change(acting_user, entry.campaign)
    record(
        "faq_entry.withdrawn",
        entry,
        acting_user=acting_user,
        now=now,
        campaign=entry.campaign,
        before=_as_json(entry),
    )
    entry.delete()


def _as_json(entry: FaqEntry) -> dict[str, str]:
    """An entry as the event log holds it: the lead's words, for all members."""
    return {"text": entry.text, "answer": entry.answer}
