"""What labeling does while nobody watches."""

from celery import shared_task
from django.utils import timezone

from labeling.actions.idempotency import forget_replies
from labeling.actions.recounts import look_after_recounts, run_recount
from labeling.actions.webhooks import deliver, due_deliveries
from labeling.events.record import send_deliveries
from labeling.judging.assignments import release_expired_assignments


@shared_task  # type: ignore[untyped-decorator]
def release_expired() -> int:
    """Frees every place whose lease has run out; harmless to run twice, or at the same moment."""
    return release_expired_assignments(now=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def forget_kept_replies() -> int:
    """Deletes the answers kept for retries whose time is over."""
    return forget_replies(now=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def deliver_webhook(delivery_id: int) -> None:
    """One attempt at one message; a message sent twice by the broker is sent once to its address."""
    deliver(delivery_id=delivery_id, now=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def send_due_webhooks() -> int:
    """Has workers send every message that is due: those to be tried again, and those the broker lost."""
    due = due_deliveries(now=timezone.now())
    send_deliveries(due)
    return len(due)


@shared_task  # type: ignore[untyped-decorator]
def recount_verdicts(recount_id: int) -> None:
    """Makes the verdicts of a campaign anew; goes on where a worker died."""
    run_recount(recount_id)


@shared_task  # type: ignore[untyped-decorator]
def sweep_recounts() -> int:
    """Sends recounts that no worker is at, and asks for one where judgments tell more about the annotators."""
    return look_after_recounts(now=timezone.now())
