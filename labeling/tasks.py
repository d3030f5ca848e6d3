"""What labeling does while nobody watches."""

from celery import shared_task
from django.utils import timezone

from labeling.actions import release_expired_assignments
from labeling.actions.idempotency import forget_answers


@shared_task  # type: ignore[untyped-decorator]
def release_expired() -> int:
    """Frees every place whose lease has run out; harmless to run twice, or at the same moment."""
    return release_expired_assignments(now=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def forget_kept_answers() -> int:
    """Deletes the answers kept for retries whose time is over."""
    return forget_answers(now=timezone.now())
