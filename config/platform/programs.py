"""The programs of the platform, as supervisord runs them."""

import os
import sys
from dataclasses import dataclass, field

from config.embedded import EmbeddedServices

PYTHON = sys.executable
CELERY = (PYTHON, "-m", "celery", "--app", "config")

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
    """Web, workers and beat. Long jobs have a separate worker, so that short ones never wait for them."""
    short = worker("worker", "default", concurrency=2)
    return [web(host, port), short, long_worker(), lens_worker(), beat()]


def web(host: str, port: int) -> Program:
    """gunicorn. Requests are short and mostly wait for the database: a few processes with threads serve many users."""
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    command = [PYTHON, "-m", "gunicorn", "config.wsgi:application", "--bind", address, "--worker-class", "gthread"]
    command += ["--workers", os.environ.get("WEB_CONCURRENCY", "2"), "--threads", "16", "--graceful-timeout", "5"]
    command += ["--access-logfile", "-", "--no-control-socket"]
    return Program("web", tuple(command), environment={"DATABASE_POOL": "true"})


def worker(name: str, queues: str, *, concurrency: int) -> Program:
    """A Celery worker. QUIT ends it without waiting for its jobs: their messages are requeued, their rows are kept."""
    command = [*CELERY, "worker", "--queues", queues, "--concurrency", str(concurrency), "--hostname", f"{name}@%h"]
    command += ["--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    return Program(name, tuple(command), stop_signal="QUIT")


def long_worker() -> Program:
    """One generation or training job at a time: each uses all cores and the memory of a model."""
    return worker("worker-long", "generate,train", concurrency=1)


def lens_worker() -> Program:
    """The worker for jobs that people wait for (the reward lens, the lab): they must not wait for a training run."""
    return worker("worker-lens", "lens", concurrency=2)


def beat() -> Program:
    """The scheduler: enqueues tasks by the schedules in the database, so it needs no state file of its own."""
    return Program("beat", (*CELERY, "beat", "--loglevel", "INFO", "--pidfile", ""))
