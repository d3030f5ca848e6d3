"""The programs of the platform, as supervisord runs them."""

import os
import shutil
import sys
from dataclasses import dataclass, field

from config.embedded import EmbeddedServices

PYTHON = sys.executable
CELERY = (PYTHON, "-m", "celery", "--app", "config")
NICE = (shutil.which("nice") or "nice", "-n", "10")

# Services stop last, so that other programs can finish their work.
SERVICE_PRIORITY = 10


@dataclass(frozen=True)
class Program:
    """One supervised process. stop_seconds: the time it has to stop before it is killed."""

    name: str
    command: tuple[str, ...]
    stop_signal: str = "TERM"
    stop_seconds: int = 10
    user: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    is_service: bool = False


def service_programs(services: EmbeddedServices) -> list[Program]:
    """The embedded services on their chosen ports."""
    return [
        Program(
            name=service.name,
            command=tuple(services.command(service)),
            stop_signal=service.stop_signal.name.removeprefix("SIG"),
            stop_seconds=30,
            user=service.account.name if service.account else None,
            environment={"LC_ALL": "C"},
            is_service=True,
        )
        for service in services.services
    ]


def application_programs(host: str, port: int) -> list[Program]:
    """Web, workers and beat. Each kind of long job has a worker of its own, so that none waits for another kind."""
    return [web(host, port), *workers(), beat()]


def workers() -> list[Program]:
    """The workers: short tasks; one generation and one run at a time; the lens and the lab, for which people wait.

    A generation and a run start beside each other only where memory allows it (`training.memory`).
    """
    return [
        worker("worker", "default", concurrency=2),
        worker("worker-generate", "generate", concurrency=1, is_long=True),
        worker("worker-train", "train", concurrency=1, is_long=True),
        worker("worker-lens", "lens", concurrency=2),
    ]


def web(host: str, port: int) -> Program:
    """gunicorn. Requests are short and mostly wait for the database: a few processes with threads serve many users."""
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    command = [PYTHON, "-m", "gunicorn", "config.wsgi:application", "--bind", address, "--worker-class"]
    command += ["config.patient_worker.PatientWorker"]
    command += ["--workers", os.environ.get("WEB_CONCURRENCY", "2"), "--threads", "16", "--graceful-timeout", "5"]
    command += ["--worker-connections", "800"]  # below the usual limit of 1,024 open files
    command += ["--access-logfile", "-", "--logger-class", "config.secret_paths.AccessLogger", "--no-control-socket"]
    return Program("web", tuple(command), environment={"DATABASE_POOL": "true", "DATABASE_STATEMENT_SECONDS": "120"})


def worker(name: str, queues: str, *, concurrency: int, is_long: bool = False) -> Program:
    """A Celery worker. QUIT ends it without waiting for its jobs: their messages are requeued, their rows are kept.

    is_long: its jobs use all cores for minutes. They yield to the web server, so that judging stays fast.
    """
    command = [*NICE, *CELERY] if is_long else [*CELERY]
    command += ["worker", "--queues", queues, "--concurrency", str(concurrency), "--hostname", f"{name}@%h"]
    command += ["--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    return Program(name, tuple(command), stop_signal="QUIT")


def beat() -> Program:
    """The scheduler: enqueues tasks by the schedules in the database, so it needs no state file of its own."""
    return Program("beat", (*CELERY, "beat", "--loglevel", "INFO", "--pidfile", ""))
