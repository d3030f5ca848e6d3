"""For what a job waits: another job, memory, a worker, or a server; its place in the queue, and how long it may take.

The rows alone decide: jobs are rows first, and workers report themselves. So a page that shows many jobs takes the same
twelve statements as a page that shows one.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.formats import time_format
from django.utils.functional import Promise, cached_property
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labeling.access import led_campaigns
from labeling.models import Campaign, User
from training.models import (
    ACTIVE_STATUSES,
    CLAIMED_STATUSES,
    AnyJob,
    BlameJob,
    EvaluationJob,
    GenerationJob,
    GroupJob,
    HoldingJob,
    JobStatus,
    LabSession,
    LensJob,
    ModelJob,
    PriceJob,
    Run,
    SelectionJob,
    SuiteRun,
    Worker,
)
from training.queries.remaining import (
    remaining_seconds,
    run_remaining_seconds,
    time_left,
    usual_pace,
    usual_remaining_seconds,
)
from training.queries.retraining import runs_awaiting_gate

# A queued job is expected to start within this time where a worker is free.
STARTS_WITHIN = timedelta(seconds=30)
# The workers of a platform are expected to report within this time after its web server has started.
WORKERS_UP_WITHIN = timedelta(minutes=3)
PROGRAMS = {GenerationJob.QUEUE: "worker-generate", Run.QUEUE: "worker-train", LensJob.QUEUE: "worker-lens"}


@dataclass(frozen=True)
class Wait:
    """Why a job does not run now.

    reason: job (another one has the worker), memory, machine (another one has the servers' machine), server, worker
    (none is running), or start (it is about to begin). place: in its queue, from 1; None: it has been taken from it.
    seconds: until the job that it waits for ends; None: not known. job: that one, if the reader may see it.
    """

    reason: str
    sentence: str
    place: int | None = None
    seconds: float | None = None
    job: AnyJob | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON values, for the API."""
        job, named = self.job, None
        if job is not None:
            named = {"kind": _KINDS[type(job)], "id": job.pk, "campaign": job.campaign.slug if job.campaign else None}
        return {
            "reason": self.reason,
            "sentence": self.sentence,
            "place": self.place,
            "seconds": None if self.seconds is None else round(self.seconds),
            "job": named,
        }


_KINDS: dict[type[AnyJob], str] = {
    GenerationJob: "generation",
    SuiteRun: "suite_run",
    Run: "run",
    LensJob: "lens",
    LabSession: "lab",
    EvaluationJob: "evaluation",
    PriceJob: "price",
    BlameJob: "blame",
    SelectionJob: "selection",
    GroupJob: "groups",
}


class Waiting:
    """The active jobs and the workers at one moment, for one reader. reader: None: one who may see no campaign."""

    def __init__(self, reader: User | None, *, now: datetime) -> None:
        self.reader, self.now = reader, now
        self._paces: dict[type[ModelJob], float | None] = {}

    def of(self, job: AnyJob | None) -> Wait | None:
        """Why a job does not run now; None: it runs, is over, or there is none."""
        if job is None or not job.is_active or job.status == JobStatus.CANCELLING:
            return None
        return self._of_queued(job) if job.status == JobStatus.QUEUED else self._of_claimed(job)

    def jobs_of(self, campaigns: Sequence[Campaign]) -> list[ModelJob]:
        """The active generations, suite runs and training runs of these campaigns."""
        keys = {campaign.pk for campaign in campaigns}
        return [job for job in self._jobs if isinstance(job, ModelJob) and job.campaign_id in keys]

    def remaining(self, job: AnyJob) -> float | None:
        """The seconds that a job still needs; None: not known, or it does not run."""
        if isinstance(job, GenerationJob):
            seconds = remaining_seconds(job)
        elif isinstance(job, SuiteRun):
            seconds = None
        elif isinstance(job, Run):
            seconds = run_remaining_seconds(job, now=self.now)
        else:
            return None
        return usual_remaining_seconds(job, self._pace(type(job)), now=self.now) if seconds is None else seconds

    def _pace(self, model: type[ModelJob]) -> float | None:
        if model not in self._paces:
            self._paces[model] = usual_pace(model)
        return self._paces[model]

    # --- The rows ---

    @cached_property
    def _jobs(self) -> list[AnyJob]:
        jobs: list[AnyJob] = []
        jobs += GenerationJob.objects.filter(status__in=ACTIVE_STATUSES).select_related("campaign")
        jobs += SuiteRun.objects.filter(status__in=ACTIVE_STATUSES).select_related("campaign")
        jobs += Run.objects.filter(status__in=ACTIVE_STATUSES).select_related("campaign", "snapshot")
        jobs += LensJob.objects.filter(status__in=ACTIVE_STATUSES).defer("result").select_related("campaign")
        jobs += LabSession.objects.filter(status__in=ACTIVE_STATUSES).select_related("campaign")
        jobs += BlameJob.objects.filter(status__in=ACTIVE_STATUSES).defer("result").select_related("campaign")
        jobs += GroupJob.objects.filter(status__in=ACTIVE_STATUSES).defer("result").select_related("campaign")
        evaluations = EvaluationJob.objects.filter(status__in=ACTIVE_STATUSES).defer("parts", "report")
        jobs += evaluations.select_related("campaign", "version")
        jobs += PriceJob.objects.filter(status__in=ACTIVE_STATUSES).defer("trainings").select_related("campaign")
        jobs += SelectionJob.objects.filter(status__in=ACTIVE_STATUSES).defer("trainings").select_related("campaign")
        return jobs

    @cached_property
    def _workers(self) -> list[Worker]:
        return list(Worker.objects.order_by("name"))

    @cached_property
    def _gates(self) -> list[Run]:
        """Runs whose gate has not decided, without those whose version is being evaluated: that is a job of its own."""
        evaluated = {job.version_id for job in self._jobs if isinstance(job, EvaluationJob)}
        waiting = runs_awaiting_gate().select_related("campaign", "version")
        return [run for run in waiting if not hasattr(run, "version") or run.version.pk not in evaluated]

    @cached_property
    def _led(self) -> set[int]:
        return set(led_campaigns(self.reader).values_list("pk", flat=True)) if self.reader else set()

    def _claimed(self, queue: str) -> list[AnyJob]:
        return [job for job in self._jobs if queue == job.QUEUE and job.status in CLAIMED_STATUSES]

    # --- The reasons ---

    def _of_queued(self, job: AnyJob) -> Wait:
        queue = job.QUEUE
        ahead = [
            each
            for each in self._jobs
            if queue == each.QUEUE and each.status == JobStatus.QUEUED and _order(each) < _order(job)
        ]
        place, busy = len(ahead) + 1, self._claimed(queue)
        gates = self._gates if queue == Run.QUEUE else []
        working = [worker for worker in self._workers if queue in worker.queues and not worker.is_silent(self.now)]
        if not working and not busy:
            return self._without_worker(job, place)
        places = sum(worker.places for worker in working)
        if job.held_back_at is not None and job.error:
            return self._short_of_memory(job, place)
        if len(busy) + len(gates) >= max(1, places):
            return self._behind(busy, gates, place)
        if ahead:
            return Wait("job", " ".join([_("Waits for the jobs before it."), _in_queue(place)]), place)
        return Wait("start", _("Starts in a moment."), place)

    def _behind(self, busy: list[AnyJob], gates: list[Run], place: int) -> Wait:
        """The wait for the job that ends first, as far as that is known."""
        if not busy:
            run, name = self._visible(gates[0]), self.name(gates[0])
            name = name if run is None else _("the evaluation of %(run)s") % {"run": name}
            return Wait("job", _sentence(name, None, place), place, job=run)
        seconds = {each: self.remaining(each) for each in busy}
        first = min(busy, key=lambda each: (seconds[each] is None, seconds[each] or 0.0, each.pk))
        sentence = _sentence(self.name(first), seconds[first], place)
        return Wait("job", sentence, place, seconds[first], self._visible(first))

    def _short_of_memory(self, job: AnyJob, place: int) -> Wait:
        beside = [
            each
            for each in self._jobs
            if isinstance(each, HoldingJob) and each.status in CLAIMED_STATUSES and each.machine == job.machine
        ]
        if not beside:
            return Wait("memory", str(job.error), place)
        seconds = self.remaining(beside[0])
        sentence = " ".join([_sentence(self.name(beside[0]), seconds, place), str(job.error)])
        return Wait("memory", sentence, place, seconds, self._visible(beside[0]))

    def _without_worker(self, job: AnyJob, place: int) -> Wait:
        if self.now < max(job.created_at + STARTS_WITHIN, settings.STARTED_AT + WORKERS_UP_WITHIN):
            return Wait("start", _("Starts in a moment."), place)
        values = {"program": PROGRAMS[job.QUEUE], "command": start_command(PROGRAMS[job.QUEUE])}
        text = _("No worker is running for this job. Start %(program)s: %(command)s")
        silent = [worker for worker in self._workers if job.QUEUE in worker.queues]
        if silent:
            values["time"] = time_format(localtime(max(worker.seen_at for worker in silent)), "H:i")
            text = _("The worker %(program)s has been silent since %(time)s. If it has stopped, start it: %(command)s")
        return Wait("worker", text % values, place)

    def _of_claimed(self, job: AnyJob) -> Wait | None:
        """The wait of a job that a worker has: for the servers' machine, or for a server."""
        if not isinstance(job, ModelJob) or not job.error:
            return None
        holders = [each for each in self._jobs if isinstance(each, ModelJob) and each.holds_machine]
        if job.holds_machine or not holders or job in holders:
            return Wait("server", str(job.error))
        seconds = self.remaining(holders[0])
        sentence = _sentence(self.name(holders[0]), seconds, 1)
        return Wait("machine", sentence, None, seconds, self._visible(holders[0]))

    # --- Names ---

    def name(self, job: AnyJob) -> str:
        """The name of a job in a sentence: with its campaign if the reader leads it, else without any name."""
        if isinstance(job, LensJob):
            return _("a look through the reward lens")
        if isinstance(job, BlameJob):
            return _("a search for doubtful pairs")
        if isinstance(job, LabSession):
            return _("an experiment in the lab")
        if isinstance(job, EvaluationJob):
            is_visible = self._visible(job) is not None
            text = _("the evaluation of %(version)s") if is_visible else _("an evaluation of another campaign")
            return text % {"version": job.version.name}
        if self._visible(job) is None:
            return str(_OF_ANOTHER[type(job)])
        return str(_OF_OURS[type(job)]) % {"number": job.pk, "campaign": job.campaign.name}

    def _visible(self, job: AnyJob) -> AnyJob | None:
        if isinstance(job, LensJob | LabSession):
            return job if self.reader is not None and job.created_by_id == self.reader.pk else None
        return job if job.campaign_id in self._led else None


_OF_ANOTHER: dict[type[AnyJob], str | Promise] = {
    Run: gettext_lazy("a run of another campaign"),
    SuiteRun: gettext_lazy("a suite run of another campaign"),
    GenerationJob: gettext_lazy("a generation of another campaign"),
    PriceJob: gettext_lazy("a learning curve of another campaign"),
    SelectionJob: gettext_lazy("the choice of pairs of another campaign"),
    GroupJob: gettext_lazy("a look at the groups of another campaign"),
}
_OF_OURS: dict[type[AnyJob], str | Promise] = {
    Run: gettext_lazy("Run %(number)s of %(campaign)s"),
    SuiteRun: gettext_lazy("Suite run %(number)s of %(campaign)s"),
    GenerationJob: gettext_lazy("the generation for %(campaign)s"),
    PriceJob: gettext_lazy("the learning curve of %(campaign)s"),
    SelectionJob: gettext_lazy("the choice of pairs of %(campaign)s"),
    GroupJob: gettext_lazy("a look at the groups of %(campaign)s"),
}


def _order(job: AnyJob) -> tuple[bool, datetime, int]:
    """The order in which the broker hands jobs out. The sweep sends lost ones again in the order of their keys."""
    return job.held_back_at is None, job.enqueued_at or job.created_at, job.pk


def _sentence(name: str, seconds: float | None, place: int) -> str:
    if seconds is None:
        wait = _("Waits for %(job)s.") % {"job": name}
    else:
        wait = _("Waits for %(job)s: %(left)s.") % {"job": name, "left": time_left(seconds)}
    return " ".join([wait, _in_queue(place)]) if place > 1 else wait


def _in_queue(place: int) -> str:
    return _("Number %(place)s in the queue.") % {"place": place}


def start_command(program: str) -> str:
    """The command that starts a program of the platform, on the machine of the web server."""
    module = "control start" if os.environ.get("SUPERVISOR_ENABLED") else "program"
    return f".venv/bin/python -m config.platform.{module} {program}"
