"""Celery tasks of labeling: scheduled sweeps, and work that a transaction hands to a worker."""

import logging

from celery import shared_task
from django.utils import timezone

from common.database.connections import LOST, handing_on
from labeling.actions.accounts import forget_sessions
from labeling.actions.attention import watch_agreement as watch
from labeling.actions.bulk import leave_bulk_act
from labeling.actions.bulk import run_bulk_act as run_the_bulk_act
from labeling.actions.bulk import sweep_bulk_acts as sweep_the_bulk_acts
from labeling.actions.counting import count_statistics as count_the_statistics
from labeling.actions.event_chain import seal_events
from labeling.actions.idempotency import forget_replies
from labeling.actions.mails import send_due_mails, send_mail_request
from labeling.actions.notices import send_notices as send_due_notices
from labeling.actions.recounts import leave_recount, look_after_recounts, run_recount
from labeling.actions.sign_ins import forget_sign_ins
from labeling.actions.text_indexing import index_texts
from labeling.actions.uploads import forget_uploads
from labeling.actions.webhooks import deliver, due_deliveries
from labeling.events.record import send_deliveries
from labeling.judging.assignments import release_expired_assignments

logger = logging.getLogger(__name__)


@shared_task  # type: ignore[untyped-decorator]
def release_expired() -> int:
    """Releases every assignment whose lease has run out. Running it twice, even at the same moment, is harmless."""
    return release_expired_assignments(now=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def forget_kept_replies() -> int:
    """Deletes expired replies that were kept for retries, expired uploads, sessions and sign-in limits."""
    forget_sessions(now=timezone.now())
    forget_sign_ins(now=timezone.now())
    return forget_replies(now=timezone.now()) + forget_uploads(now=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def send_mail(mail_id: int) -> None:
    """Sends one requested e-mail. A task that the broker delivers twice sends once."""
    send_mail_request(mail_id=mail_id, now=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def sweep_mails() -> int:
    """Enqueues e-mails that could not be sent or that the broker lost, and deletes old requests."""
    return send_due_mails(now=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def deliver_webhook(delivery_id: int) -> None:
    """Attempts one webhook delivery. A task that the broker delivers twice posts once."""
    deliver(delivery_id=delivery_id, now=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def send_due_webhooks() -> int:
    """Enqueues every webhook delivery that is due: retries, and those that the broker lost."""
    due = due_deliveries(now=timezone.now())
    send_deliveries(due)
    return len(due)


@shared_task(autoretry_for=LOST, retry_backoff=2, max_retries=6)  # type: ignore[untyped-decorator]
def recount_verdicts(recount_id: int) -> None:
    """Recounts the verdicts of a campaign, from where a worker that died left off."""
    with handing_on(lambda: leave_recount(recount_id)):
        run_recount(recount_id)


@shared_task  # type: ignore[untyped-decorator]
def sweep_recounts() -> int:
    """Enqueues recounts that no worker runs, and requests one where new judgments change the annotators' estimates."""
    return look_after_recounts(now=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def send_notices() -> int:
    """Sends e-mail about inboxes: at once or daily, as each person has chosen."""
    return send_due_notices(now=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def watch_agreement() -> int:
    """Finds the active campaigns in which agreement has fallen."""
    return watch(now=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def count_statistics(row_id: int) -> None:
    """Counts a slice of a large campaign for its statistics. A task that the broker delivers twice counts once."""
    count_the_statistics(row_id)


@shared_task(autoretry_for=LOST, retry_backoff=2, max_retries=6)  # type: ignore[untyped-decorator]
def run_bulk_act(act_id: int) -> None:
    """Runs a bulk act, from where a worker that died left off."""
    with handing_on(lambda: leave_bulk_act(act_id)):
        run_the_bulk_act(act_id)


@shared_task  # type: ignore[untyped-decorator]
def sweep_bulk_acts() -> int:
    """Enqueues bulk acts that no worker runs."""
    return sweep_the_bulk_acts(now=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def index_imported_texts() -> int:
    """Puts imported texts into the indexes of text search, for less than a minute; the next run goes on."""
    return index_texts()


@shared_task  # type: ignore[untyped-decorator]
def seal_event_log() -> str:
    """Adds committed events to the chain of the event log, for less than a minute; the next run goes on."""
    seal = seal_events(now=timezone.now())
    if seal is not None:
        logger.info("The event log is sealed up to %s", seal)
    return str(seal or "")
