"""The state of the installation for its admins: each part in a sentence, what is stuck, and what to do about it."""

import logging
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from common.broker import waiting_messages
from common.disk import room_needed
from common.storage import state as storage
from common.wording import decimals
from config.health import is_beat_silent, last_tick, waiting_migrations
from labeling.access import require_admin
from labeling.queries.event_chain import chain_state
from labeling.web.edge import page, person
from training.queries.state import (
    QueueState,
    failing_deliveries,
    live_workers,
    newest_backup,
    overdue_leases,
    queue_states,
    silent_jobs,
)
from training.versions import servers

logger = logging.getLogger(__name__)

BACKUP_OLD_AFTER = timedelta(days=7)
SEAL_LATE_AFTER = timedelta(hours=1)
CONNECTIONS_SHARE = 0.85
"""Of the connections that the database allows."""

SLOW_AFTER = timedelta(minutes=5)
"""A short task that waits for longer is stuck, if a worker takes them."""

ALWAYS_NEEDED = ("default",)
"""Queues that need a worker though no row waits: their sweeps have none. Workers of the others may come when asked."""

GIB = 2**30
QUEUE_LABELS: dict[str, str | Promise] = {
    "default": gettext_lazy("Short tasks"),
    "generate": gettext_lazy("Generations"),
    "train": gettext_lazy("Training runs"),
    "lens": gettext_lazy("Lens and lab"),
}
PROGRAMS = {"default": "worker", "generate": "worker-generate", "train": "worker-train", "lens": "worker-lens"}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the installation. fact: its state. trouble: what is wrong; empty: nothing. remedy: an admin's act."""

    label: str
    fact: str = ""
    trouble: str = ""
    remedy: str = ""


@page
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """The parts of the installation; those that are stuck come first."""
    require_admin(person(request))
    parts = list(parts_of_installation(timezone.now()))
    context = {
        "troubles": [part for part in parts if part.trouble],
        "others": [part for part in parts if not part.trouble],
        "nav": "status",
    }
    return render(request, "status.html", context)


def parts_of_installation(now: datetime) -> Iterable[Part]:
    """Every part. One that cannot be looked at says so, and hides no other."""
    for label, look in LOOKS:
        try:
            with transaction.atomic():
                yield from look(now)
        except Exception:
            logger.exception("The state of a part cannot be read")
            yield Part(
                str(label), trouble=_("This part cannot be checked."), remedy=_("The web server's log says why.")
            )


def _database(now: datetime) -> Iterable[Part]:
    begun = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_database_size(current_database()), current_setting('max_connections')::int,"
            " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')"
        )
        size, most, used = cursor.fetchone()
    values = {"ms": round(1000 * (time.perf_counter() - begun)), "size": _gib(size), "used": used, "most": most}
    fact = _("It answers within %(ms)s ms, holds %(size)s GiB, and has %(used)s of %(most)s connections open.") % values
    if used <= CONNECTIONS_SHARE * most:
        yield Part(_("Database"), fact)
        return
    yield Part(
        _("Database"),
        fact,
        _("Nearly all connections are in use: soon it will refuse more."),
        _("Run fewer web processes or workers, or raise max_connections."),
    )


def _migrations(now: datetime) -> Iterable[Part]:
    waiting = waiting_migrations()
    if not waiting:
        yield Part(_("Migrations"), _("All of them are applied."))
        return
    yield Part(
        _("Migrations"),
        trouble=ngettext("%(count)s migration waits.", "%(count)s migrations wait.", waiting) % {"count": waiting},
        remedy=_("Run manage.py migrate. Until then some pages fail."),
    )


def _broker(now: datetime) -> Iterable[Part]:
    counts = list(takewhile(lambda count: count is not None, map(waiting_messages, QUEUE_LABELS)))
    if len(counts) == len(QUEUE_LABELS):
        total = sum(count or 0 for count in counts)
        yield Part(
            _("Broker"), ngettext("%(count)s message waits.", "%(count)s messages wait.", total) % {"count": total}
        )
        return
    yield Part(
        _("Broker"),
        trouble=_("It does not answer. People can judge; jobs wait, and none is lost."),
        remedy=_("Start it again, and check BROKER_URL. Its jobs are sent again by themselves."),
    )


def _disk(now: datetime) -> Iterable[Part]:
    usage = shutil.disk_usage(settings.VAR_DIR)
    fact = _("%(free)s of %(total)s GiB are free.") % {"free": _gib(usage.free), "total": _gib(usage.total)}
    if usage.free >= room_needed(usage.total):
        yield Part(_("Disk"), fact)
        return
    yield Part(
        _("Disk"),
        fact,
        _("It is nearly full: files are refused, and soon judgments will be too."),
        _("Free space, or move %(folder)s to a larger disk. manage.py retention lists files that nothing needs.")
        % {"folder": settings.VAR_DIR},
    )


def _storage(now: datetime) -> Iterable[Part]:
    if not settings.STORAGE_URL:
        return
    why = storage.trouble()
    if not why:
        yield Part(_("Storage"), _("It answers: %(url)s.") % {"url": settings.STORAGE_URL})
        return
    yield Part(
        _("Storage"),
        f"{settings.STORAGE_URL}: {why}",
        _("It cannot be used: files that are only there are missing here. People can judge."),
        _("Start it again, and check STORAGE_URL and its keys. Jobs that failed can be resumed."),
    )


def _schedule(now: datetime) -> Iterable[Part]:
    last = last_tick()
    ago = _("It last sent a task %(time)s ago.") % {"time": timesince(last, now)} if last else ""
    fact = ago or _("It has not said yet that it sent a task.")
    if not is_beat_silent():
        yield Part(_("Schedule"), fact)
        return
    yield Part(
        _("Schedule"),
        fact,
        _("It has sent nothing for ten minutes: no sweep repairs anything, and nothing retrains by itself."),
        _("Start the scheduler (beat) again; its log says why it ended."),
    )


def _queues(now: datetime) -> Iterable[Part]:
    for queue in queue_states(now=now):
        yield _queue(queue, now)


def _queue(queue: QueueState, now: datetime) -> Part:
    label, values = str(QUEUE_LABELS[queue.name]), {"count": queue.waiting, "program": PROGRAMS[queue.name]}
    fact = _("Nothing waits.")
    if queue.since is not None:
        text = ngettext("%(count)s waits, for %(time)s.", "%(count)s wait, the oldest for %(time)s.", queue.waiting)
        fact = text % {**values, "time": timesince(queue.since, now)}
    if not queue.workers and (queue.waiting or queue.name in ALWAYS_NEEDED):
        remedy = _("Start %(program)s again; its log says why it ended.") % values
        return Part(label, fact, _("No worker takes them."), remedy)
    if queue.name == "default" and queue.seconds(now) > SLOW_AFTER.total_seconds():
        remedy = _("Look into the log of %(program)s, or run more of it.") % values
        return Part(label, fact, _("A worker is there and does not keep up."), remedy)
    return Part(label, fact if queue.workers else f"{fact} {_('No worker takes them.')}")


def _workers(now: datetime) -> Iterable[Part]:
    names = [worker.name for worker in live_workers(now=now)]
    if names:
        yield Part(_("Workers"), ", ".join(names))
        return
    yield Part(
        _("Workers"),
        trouble=_("None has reported within the last minute."),
        remedy=_("Start the workers. People can judge without them; nothing else goes on."),
    )


def _servers(now: datetime) -> Iterable[Part]:
    states = servers.states()
    if not states:
        yield Part(_("Model servers"), _("None is set: the embedded sampler writes."))
    for state in states:
        label = _("Model server %(address)s") % {"address": state.address}
        if state.trouble:
            yield Part(label, trouble=str(state.trouble), remedy=_("Start it again, and check GENERATOR_URL."))
        else:
            yield Part(label, _("It serves: %(names)s.") % {"names": ", ".join(state.models) or "–"})


def _leases(now: datetime) -> Iterable[Part]:
    jobs, overdue = silent_jobs(now=now), overdue_leases(now=now)
    if not jobs and not overdue:
        yield Part(_("Leases"), _("None has run out."))
        return
    sentences = []
    if jobs:
        text = ngettext("%(count)s job has a silent worker.", "%(count)s jobs have a silent worker.", len(jobs))
        sentences.append(text % {"count": len(jobs)})
    if overdue:
        text = ngettext(
            "%(count)s assignment should have been released.",
            "%(count)s assignments should have been released.",
            overdue,
        )
        sentences.append(text % {"count": overdue})
    yield Part(
        _("Leases"),
        trouble=" ".join(sentences),
        remedy=_("A sweep takes them back within minutes. If it does not, start the scheduler and worker again."),
    )


def _webhooks(now: datetime) -> Iterable[Part]:
    given_up, retried = failing_deliveries(now=now)
    text = ngettext("%(count)s message is sent again.", "%(count)s messages are sent again.", retried)
    fact = text % {"count": retried} if retried else _("No message failed.")
    if not given_up:
        yield Part(_("Webhooks"), fact)
        return
    text = ngettext(
        "%(count)s message was given up in the last day.", "%(count)s messages were given up in the last day.", given_up
    )
    yield Part(
        _("Webhooks"),
        trouble=text % {"count": given_up},
        remedy=_("The page of the webhook says what its receiver answered. Messages can be sent again there."),
    )


def _backups(now: datetime) -> Iterable[Part]:
    newest = newest_backup()
    remedy = _("Run manage.py backup FILE, and have it run every night.")
    if newest is None:
        yield Part(_("Backups"), trouble=_("No backup was ever made."), remedy=remedy)
        return
    age = {"time": timesince(newest.at, now)}
    if now - newest.at <= BACKUP_OLD_AFTER:
        yield Part(_("Backups"), _("The last one is %(time)s old.") % age)
    else:
        yield Part(_("Backups"), trouble=_("The last one is %(time)s old.") % age, remedy=remedy)


def _event_log(now: datetime) -> Iterable[Part]:
    state = chain_state()
    fact = _("It has no events yet.")
    if state.link is not None:
        values = {"time": timesince(state.link.sealed_at, now), "number": state.link.number, "hash": state.link.hash}
        fact = _("It was last sealed %(time)s ago, with the seal %(number)s:%(hash)s.") % values
    elif state.oldest_unsealed is not None:
        fact = _("It was never sealed.")
    if not state.may_change:
        kept = _("The database refuses to change or delete its events.")
        fact = f"{fact} {kept}"
    waits = state.oldest_unsealed is not None and now - state.oldest_unsealed > SEAL_LATE_AFTER
    if not waits or (state.link is not None and now - state.link.sealed_at <= SEAL_LATE_AFTER):
        yield Part(_("Event log"), fact)
        return
    yield Part(
        _("Event log"),
        fact,
        _("Events of more than an hour ago are not sealed: a change of them would not be found."),
        _("Start the scheduler and the worker again. The document about the event log names two commands."),
    )


def _gib(size: int) -> str:
    return decimals(size / GIB, 1)


LOOKS: tuple[tuple[str | Promise, Callable[[datetime], Iterable[Part]]], ...] = (
    (gettext_lazy("Database"), _database),
    (gettext_lazy("Migrations"), _migrations),
    (gettext_lazy("Broker"), _broker),
    (gettext_lazy("Disk"), _disk),
    (gettext_lazy("Storage"), _storage),
    (gettext_lazy("Schedule"), _schedule),
    (gettext_lazy("Queues"), _queues),
    (gettext_lazy("Workers"), _workers),
    (gettext_lazy("Model servers"), _servers),
    (gettext_lazy("Leases"), _leases),
    (gettext_lazy("Webhooks"), _webhooks),
    (gettext_lazy("Backups"), _backups),
    (gettext_lazy("Event log"), _event_log),
)
