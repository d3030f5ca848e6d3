"""Whether this server lives, and whether the installation can do its work: for load balancers, probes and monitors."""

import logging
import math
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe
from django_celery_beat.models import PeriodicTask

from common.broker import waiting_messages
from common.disk import is_full
from common.storage import state as storage
from training.queries.state import queue_states

BEAT_SILENT_FOR = timedelta(minutes=10)
"""The schedule has tasks for every minute, and notes their times within three."""

FRESH = 5.0
PATIENCE = 9.5
"""The longest that a probe waits for another one that looks: a thread each, and a server has few. Longer than the
time-outs of broker and storage together, shorter than those of the probes."""
NEEDED = ("database", "migrations")
"""The parts without which nobody can judge. With a nearly full disk judgments are still kept."""

logger = logging.getLogger(__name__)


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answers as long as this process can. Asks nothing else: nobody should restart it because the database is away."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 if people can work here, else 503; says for each part what is wrong.

    Without broker, schedule or storage, or with a disk that is nearly full, people can still judge, so those are named
    and do not take the server out of service.
    """
    parts, times = _state()
    ready = not any(parts[name] for name in NEEDED)
    named = {name: text or "ok" for name, text in parts.items()}
    body = {"status": "ready" if ready else "not ready", "parts": named, **times}
    return JsonResponse(body, status=200 if ready else 503)


def _times() -> dict[str, Any]:
    """The last tick of the schedule; of each queue how many wait, for how long, and the workers that take them."""
    now = timezone.now()
    try:
        last, queues = last_tick(), queue_states(now=now)
    except Error:  # `parts` says that the database is away
        return {"last_tick": None, "queues": {}}
    states = {
        queue.name: {"waiting": queue.waiting, "oldest_seconds": round(queue.seconds(now)), "workers": queue.workers}
        for queue in queues
    }
    return {"last_tick": last, "queues": states}


def _state() -> tuple[dict[str, str], dict[str, Any]]:
    """Each part with its fault (empty: none), and the times. Looked at every `FRESH` seconds only: anybody may ask."""
    global _looked_at, _seen
    if not _one_at_a_time.acquire(timeout=PATIENCE):  # the database took the call and says nothing
        return dict.fromkeys(CHECKS, "looking at it takes too long"), {"last_tick": None, "queues": {}}
    try:
        if time.monotonic() - _looked_at > FRESH:
            _seen = {name: _problem(check) for name, check in CHECKS.items()}, _times()
            _looked_at = time.monotonic()
        return _seen
    finally:
        _one_at_a_time.release()


_one_at_a_time = Lock()
_looked_at = -math.inf
_seen: tuple[dict[str, str], dict[str, Any]] = ({}, {})


def _problem(check: Callable[[], str]) -> str:
    try:
        return check()
    except Error as error:
        logger.warning("The database does not answer: %s", error)
        return "the database does not answer"
    except Exception:
        logger.exception("A check of readiness failed")
        return "it cannot be checked; the log says why"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def _migrations() -> str:
    waiting = waiting_migrations()
    return f"{waiting} migrations wait: run manage.py migrate" if waiting else ""


def waiting_migrations() -> int:
    """How many migrations wait. To import all takes a moment, and once all are applied, they stay: that is kept."""
    global _all_applied
    if not _all_applied:
        executor = MigrationExecutor(connection)
        if waiting := len(executor.migration_plan(executor.loader.graph.leaf_nodes())):
            return waiting
        _all_applied = True
    return 0


_all_applied = False


def _broker() -> str:
    return "the broker does not answer" if waiting_messages(settings.CELERY_TASK_DEFAULT_QUEUE) is None else ""


def _schedule() -> str:
    return "the scheduler (beat) has sent nothing for ten minutes" if is_beat_silent() else ""


def is_beat_silent() -> bool:
    """Whether the schedule has sent nothing for too long. It has that long after this server started, too."""
    since = max(last_tick() or settings.STARTED_AT, settings.STARTED_AT)
    return since < timezone.now() - BEAT_SILENT_FOR


def last_tick() -> datetime | None:
    """When the schedule last sent a task, as far as it has noted that; None: never."""
    last: datetime | None = PeriodicTask.objects.aggregate(last=Max("last_run_at"))["last"]
    return last


def _disk() -> str:
    return "the disk is nearly full" if is_full(settings.VAR_DIR) else ""


def _storage() -> str:
    if why := storage.trouble():
        logger.warning("The storage of files: %s", why)
        return "the storage of files does not answer; the log says why"
    return ""


CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "broker": _broker,
    "schedule": _schedule,
    "disk": _disk,
    "storage": _storage,
}


class HealthMiddleware:
    """Answers probes before anything else: they name an IP address as host, speak plain HTTP, and have no session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        view = {"/healthz": healthz, "/readyz": readyz}.get(request.path_info)
        return view(request) if view else self.get_response(request)
