"""Real workers on a real broker, to be killed. Every process is started here, and only those are ended, by their id."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest
from django.conf import settings
from django.db import connection
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from tests.broker import private_broker
from tests.training.conftest import alice, base, campaign, maya, tiny_model, var_dir  # noqa: F401 - fixtures

PROJECT_DIR = Path(__file__).resolve().parents[2]
BROKER_NUMBER = 8
# Long beyond any need: how fast the machine is today decides nothing.
PATIENCE_SECONDS = 240.0
POLL_SECONDS = 0.05


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Waits for something that must happen. Fails the test, naming it, if it never does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(POLL_SECONDS)


class Worker:
    """A Celery worker for every queue, as `make run` starts them."""

    def __init__(self, broker: str, folder: Path) -> None:
        self.log = folder / f"worker-{time.monotonic_ns()}.log"
        command = [
            sys.executable,
            "-m",
            "celery",
            "--app",
            "config",
            "worker",
            "--queues",
            "generate,train,lens,default",
        ]
        command += ["--concurrency", "1", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, cwd=PROJECT_DIR, env=environment(broker), stdout=log, stderr=log, start_new_session=True
            )

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return " ready." in self.log.read_text()

    def family(self) -> list[psutil.Process]:
        """The worker and its pool, but not the children that do its jobs: those have to end by themselves."""
        main = psutil.Process(self.process.pid)
        return [main, *(child for child in main.children() if child.cmdline()[:3] == main.cmdline()[:3])]

    def kill(self) -> None:
        """kill -9 to the worker and its pool, all at once."""
        for process in self.family():
            process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ends the worker and whatever it started, for the end of a test."""
        if self.process.poll() is not None:
            return
        processes = [*psutil.Process(self.process.pid).children(recursive=True), psutil.Process(self.process.pid)]
        for process in processes:
            process.kill()
        psutil.wait_procs(processes)
        self.process.wait()


def environment(broker: str) -> dict[str, str]:
    """The environment with which a worker finds the test's database, broker and files."""
    database = connection.settings_dict
    address = f"{quote(database['USER'])}:{quote(database['PASSWORD'], safe='')}@{database['HOST']}:{database['PORT']}"
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": f"postgresql://{address}/{database['NAME']}",
        "BROKER_URL": broker,
        "CHOSEN_VAR": str(settings.VAR_DIR),
        "SECRET_KEY": "only-for-tests",
        "HTTPS": "false",
        "OMP_NUM_THREADS": "1",
    }


@pytest.fixture
def broker(embedded_services: None) -> Iterator[str]:
    """The address of a broker of the test's own."""
    with private_broker(BROKER_NUMBER) as url:
        yield url


@pytest.fixture
def start_worker(
    broker: str,
    var_dir: Path,  # noqa: F811 - the fixture imported above
    transactional_db: None,
) -> Iterator[Callable[[], Worker]]:
    """Starts workers; those that still live at the end of the test are ended."""
    started: list[Worker] = []

    def start() -> Worker:
        worker = Worker(broker, var_dir)
        started.append(worker)
        wait_until(worker.is_ready, "the worker is ready")
        return worker

    yield start
    for worker in started:
        worker.stop()


StartBeat = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start_beat(broker: str) -> Iterator[StartBeat]:
    """Starts beats on the test's database, which send the named tasks every second; those that live at the end are
    ended."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*tasks: str) -> subprocess.Popen[bytes]:
        every_second, _ = IntervalSchedule.objects.get_or_create(every=1, period=IntervalSchedule.SECONDS)
        for task in tasks:
            PeriodicTask.objects.get_or_create(name=f"{task}, every second", task=task, interval=every_second)
        log = Path(settings.VAR_DIR) / f"beat-{len(started)}.log"
        command = [sys.executable, "-m", "celery", "--app", "config", "beat", "--max-interval", "1"]
        command += ["--pidfile", "", "--loglevel", "INFO"]
        with open(log, "wb") as file:
            beat = subprocess.Popen(command, cwd=PROJECT_DIR, env=environment(broker), stdout=file, stderr=file)
        started.append(beat)
        wait_until(lambda: "Sending due task" in log.read_text(), "the beat sends its first message")
        return beat

    yield start
    for beat in started:
        if beat.poll() is None:
            beat.kill()
            beat.wait()
