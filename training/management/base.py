"""What the commands of training share: finding a version, and doing or watching a job."""

import json
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.management.base import CommandError, CommandParser

from training.models import GenerationJob, JobStatus, ModelVersion, Run

J = TypeVar("J", GenerationJob, Run)
POLL_SECONDS = 1.0


def version_named(name: str) -> ModelVersion:
    """The version of that name. Raises CommandError, naming those there are."""
    version = ModelVersion.objects.filter(name=name).first()
    if version is None:
        known = ", ".join(ModelVersion.objects.order_by("-pk").values_list("name", flat=True)[:20]) or "none yet"
        raise CommandError(f"There is no model version {name}. There are: {known}.")
    return version


def assignment(text: str) -> tuple[str, Any]:
    """A setting as it is written on the command line: the value is JSON, else a plain word."""
    name, equals, value = text.partition("=")
    if not equals:
        raise CommandError(f"--set wants FIELD=VALUE, not {text!r}.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def add_job_arguments(parser: CommandParser) -> None:
    """How the job is to be done: by a worker unless told otherwise."""
    parser.add_argument("--wait", action="store_true", help="watch the worker that does it, until it is over")
    parser.add_argument("--here", action="store_true", help="do it in this process: no worker is needed")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def watch(job: J, describe: Callable[[J], str]) -> J:
    """Shows a job's progress on stderr until it is over. Raises CommandError where it failed or was cancelled."""
    shown = ""
    while job.is_active:
        line = describe(job)
        if line != shown:
            print(line, file=sys.stderr, flush=True)
            shown = line
        time.sleep(POLL_SECONDS)
        job.refresh_from_db()
    return over(job)


def over(job: J) -> J:
    """The job, once it is finished. Raises CommandError where it failed or was cancelled."""
    job.refresh_from_db()
    if job.status != JobStatus.FINISHED:
        raise CommandError(f"{job} {job.get_status_display().lower()}. {job.error}".strip())
    return job
