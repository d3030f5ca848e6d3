"""One machine for generation and training: jobs that use it, jobs that wait for it, and servers that make room.

GENERATOR_HANDOVER says whether they share one. A job that uses the machine says so in its row (`holds_machine`), set
under a lock and valid only while the job runs: once the sweep takes a job from a dead worker, the machine is free.
Generation jobs share the machine with each other; a run has it alone.
"""

import logging
import shlex
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_noop as _

from common.processes import PROJECT_DIR
from common.sentences import Sentence, sentence_of
from training import claims
from training.claims import Clock
from training.generation import GeneratorUnavailable, ModelServer
from training.models import CLAIMED_STATUSES, GenerationJob, ModelJob, PriceJob, Run, SelectionJob, SuiteRun
from training.queries.serving import training_now
from training.versions import servers

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
COMMAND_SECONDS = 120.0


class HandoverFailed(Exception):
    """The servers could not make room. The message is a sentence."""


@contextmanager
def generating(claim: "claims.Claim[GenerationJob] | claims.Claim[SuiteRun]", clock: Clock) -> Iterator[None]:
    """Holds the machine for a job in which versions write: no run trains meanwhile.

    Raises claims.Stopped, claims.ClaimLost.
    """
    if not settings.GENERATOR_HANDOVER:
        yield
        return
    _take(claim, clock)
    try:
        yield
    finally:
        _release(claim.job)


@contextmanager
def training(
    claim: "claims.Claim[Run] | claims.Claim[PriceJob] | claims.Claim[SelectionJob]", clock: Clock
) -> Iterator[None]:
    """Holds the machine for a run or for short runs alone; the servers have released their memory.

    Raises HandoverFailed, claims.Stopped, claims.ClaimLost.
    """
    if not settings.GENERATOR_HANDOVER:
        yield
        return
    _take(claim, clock)
    try:
        make_room()
        yield
    finally:
        _release(claim.job)
        restore()


def _take(claim: "claims.Claim[Any]", clock: Clock) -> None:
    """Waits until the machine is free, with the reason in the job's row, and takes it."""
    while True:
        with transaction.atomic():
            # The lock is not waited for: bringing a server back takes longer than a worker may stay silent.
            is_free = _lock(wait=False)
            holder = _holder(claim.job)
            if is_free and holder is None:
                claim.write(holds_machine=True, error="")
                return
        reason = _why_it_waits(holder)
        if reason != claim.job.error:
            claim.write(error=reason)
        if claim.beat(clock()):
            raise claims.Stopped
        time.sleep(POLL_SECONDS)


def _why_it_waits(holder: ModelJob | PriceJob | SelectionJob | None) -> Sentence:
    if holder is None:
        return Sentence(_("Waiting for the machine: its servers are coming back."))
    number = {"number": holder.pk}
    if isinstance(holder, Run):
        return Sentence(_("Waiting for the machine: run %(number)s is using it."), number)
    if isinstance(holder, PriceJob):
        return Sentence(_("Waiting for the machine: learning curve %(number)s is using it."), number)
    if isinstance(holder, SelectionJob):
        return Sentence(_("Waiting for the machine: the choice of pairs %(number)s is using it."), number)
    if isinstance(holder, SuiteRun):
        return Sentence(_("Waiting for the machine: suite run %(number)s is using it."), number)
    return Sentence(_("Waiting for the machine: generation %(number)s is using it."), number)


def _lock(*, wait: bool) -> bool:
    """Locks the machine and its servers until the transaction ends. False: another transaction has the lock."""
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('machine'), 0)")
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('machine'), 0)")
        return bool(cursor.fetchone()[0])


def _holder(job: ModelJob | PriceJob | SelectionJob) -> ModelJob | PriceJob | SelectionJob | None:
    """The job that has the machine and does not share it with this one."""
    running = Run.objects.filter(holds_machine=True, status__in=CLAIMED_STATUSES)
    measuring = PriceJob.objects.filter(holds_machine=True, status__in=CLAIMED_STATUSES)
    choosing = SelectionJob.objects.filter(holds_machine=True, status__in=CLAIMED_STATUSES)
    if not isinstance(job, Run | PriceJob | SelectionJob):
        return running.first() or measuring.first() or choosing.first()
    writing = GenerationJob.objects.filter(holds_machine=True, status__in=CLAIMED_STATUSES)
    checking = SuiteRun.objects.filter(holds_machine=True, status__in=CLAIMED_STATUSES)
    others: tuple[QuerySet[Any], ...] = (running, measuring, choosing, writing, checking)
    found = (rows.exclude(pk=job.pk) if rows.model is type(job) else rows for rows in others)
    return next(filter(None, (rows.first() for rows in found)), None)


def _release(job: ModelJob | PriceJob | SelectionJob) -> None:
    type(job).objects.filter(pk=job.pk, attempts=job.attempts).update(holds_machine=False)


# --- The servers ---


def make_room() -> None:
    """Makes the servers release their memory. Raises HandoverFailed."""
    if settings.GENERATOR_HANDOVER == "stop":
        _run(settings.GENERATOR_STOP_COMMAND)
        return
    for server in servers.servers():
        if _answers(server):  # one that is away has nothing to release
            try:
                server.sleep()
            except GeneratorUnavailable as error:
                raise HandoverFailed(sentence_of(error)) from error


def restore() -> None:
    """Brings the servers back, unless another run has the machine; called after a run, and by the sweep.

    The next sweep retries whatever failed or a dead worker left undone.
    """
    if not settings.GENERATOR_HANDOVER:
        return
    with transaction.atomic():
        _lock(wait=True)  # so that no run takes the machine while the servers come back
        if training_now() is None:
            _wake_all()


def _wake_all() -> None:
    try:
        if settings.GENERATOR_HANDOVER == "stop":
            if not all(_answers(server) for server in servers.servers()):
                _run(settings.GENERATOR_START_COMMAND)
            return
        for server in servers.servers():
            if _answers(server) and server.is_asleep():
                server.wake()
    except (HandoverFailed, GeneratorUnavailable) as error:
        logger.warning("the servers could not be brought back: %s", error)


def _answers(server: ModelServer) -> bool:
    try:
        server.models(timeout=servers.GLANCE_SECONDS)
    except GeneratorUnavailable:
        return False
    return True


def _run(command: str) -> None:
    try:
        done = subprocess.run(
            shlex.split(command), cwd=PROJECT_DIR, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed_command(command, str(error)) from error
    if done.returncode != 0:
        raise _failed_command(command, "".join((done.stderr or done.stdout).strip().splitlines()[-1:]))


def _failed_command(command: str, reason: str) -> HandoverFailed:
    text = _("The server could not be stopped or started: %(command)s: %(reason)s")
    return HandoverFailed(Sentence(text, {"command": command, "reason": reason}))
