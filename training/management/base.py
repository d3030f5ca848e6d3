"""Helpers of the commands of training: finding a version, and running or watching a job."""

import json
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, TypeVar

from django.core.management.base import CommandError, CommandParser

from training.models import (
    BlameJob,
    EvaluationJob,
    GenerationJob,
    GroupJob,
    JobStatus,
    ModelVersion,
    PriceJob,
    Run,
    SelectionJob,
    SuiteRun,
)

J = TypeVar("J", GenerationJob, SuiteRun, Run, EvaluationJob, PriceJob, BlameJob, GroupJob, SelectionJob)
POLL_SECONDS = 1.0


def version_named(name: str) -> ModelVersion:
    """The version of that name. Raises CommandError, which lists the existing ones."""
    version = ModelVersion.objects.filter(name=name).first()
    if version is None:
        names = ", ".join(ModelVersion.objects.order_by("-pk").values_list("name", flat=True)[:20]) or "none yet"
        raise CommandError(f"There is no model version {name}. There are: {names}.")
    return version


def hashed_file(file: Path, names: Collection[str]) -> dict[str, Any]:
    """The object of a JSON file that carries a hash of its content. names: its fields, all of them.

    Raises CommandError, also for a name that stands there twice: a reader sees the first value, a hash knows the last.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in pairs:
            if name in found:
                raise CommandError(f"{file} was changed: it has “{name}” twice in one place.")
            found[name] = value
        return found

    try:
        given = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=once)
    except (OSError, ValueError, RecursionError) as error:
        raise CommandError(f"{file} cannot be read as JSON: {error}") from error
    if isinstance(given, dict) and (strange := sorted(set(given) - set(names))):
        raise CommandError(f"{file} was changed: it has “{strange[0]}”, which no hash covers.")
    return given if isinstance(given, dict) else {}


def assignment(text: str) -> tuple[str, Any]:
    """A FIELD=VALUE of the command line: the value is JSON, or else a plain word."""
    name, equals, value = text.partition("=")
    if not equals:
        raise CommandError(f"--set needs FIELD=VALUE, not {text!r}.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def add_job_arguments(parser: CommandParser) -> None:
    """Adds the options --wait, --here and --json; without --here a worker runs the job."""
    parser.add_argument(
        "--wait", action="store_true", help="wait until a worker has finished it, and show its progress"
    )
    parser.add_argument("--here", action="store_true", help="run it in this process; no worker is needed")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def watch(job: J, describe: Callable[[J], str]) -> J:
    """Prints a job's progress on stderr until it ends. Raises CommandError if it failed or was cancelled."""
    printed = ""
    while job.is_active:
        line = describe(job)
        if line != printed:
            print(line, file=sys.stderr, flush=True)
            printed = line
        time.sleep(POLL_SECONDS)
        job.refresh_from_db()
    return require_finished(job)


def require_finished(job: J) -> J:
    """The job as it is now. Raises CommandError unless it is finished."""
    job.refresh_from_db()
    if job.status != JobStatus.FINISHED:
        raise CommandError(f"{job} {job.get_status_display().lower()}. {job.error}".strip())
    return job
