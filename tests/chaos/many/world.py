"""The platform under test: its processes, its database and its API. Ends only processes of its own folder."""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import psycopg
import redis

from config.embedded.processes import processes_of
from config.embedded.var import PROJECT_DIR

STARTED = "Press Ctrl-C to stop everything"
START_SECONDS = 300.0
OWN_SERVICES = ("DATABASE_URL", "BROKER_URL", "SECRET_KEY", "HTTPS", "DJANGO_SETTINGS_MODULE")
PROGRAMS = ("web", "worker", "worker-generate", "worker-train", "worker-lens", "beat")


class NotNow(Exception):
    """A fault has nothing to hit at this moment; says what."""


class World:
    """A platform in a folder. disk: the small disk that its folder is on; None: it may not be filled."""

    def __init__(self, folder: Path, port: int, disk: Path | None, seed: int) -> None:
        self.folder, self.var, self.port, self.disk = folder, folder / "var", port, disk
        self.chance = random.Random(seed)
        self.platform: subprocess.Popen[bytes] | None = None
        self.stage: dict[str, Any] = {}
        self.clients: Sequence[Any] = ()
        self.jobs: list[str] = []
        """Addresses of jobs that a fault began, and which have to be finished before it counts as over."""

    def start(self) -> None:
        """Starts the platform and waits until it says that it is ready."""
        output = self.folder / "platform.log"
        begin = output.stat().st_size if output.exists() else 0
        limits = {f"API_LIMIT_{kind}": "0" for kind in ("JUDGE", "READ", "WRITE", "FILES")}
        inherited = {name: value for name, value in os.environ.items() if name not in OWN_SERVICES}
        with output.open("ab") as log:
            self.platform = subprocess.Popen(
                [sys.executable, "-m", "config.platform", "--no-demo"],
                cwd=PROJECT_DIR,
                env={
                    **inherited,
                    **limits,
                    "CHOSEN_VAR": str(self.var),
                    "PORT": str(self.port),
                    "OMP_NUM_THREADS": "1",
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.wait_until(lambda: STARTED in output.read_text(errors="replace")[begin:], "the start", START_SECONDS)

    def stop(self) -> None:
        """Ends everything that runs from the folder."""
        if self.platform is not None and self.platform.poll() is None:
            self.platform.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self.platform.wait(90)
        self.kill_all()

    def kill_all(self) -> None:
        """kill -9 to every process of the platform at once."""
        processes = processes_of(self.var)
        if self.platform is not None and self.platform.poll() is None:
            self.platform.kill()
            self.platform.wait()
        for process in processes:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(processes, timeout=10)

    def wait_until(self, condition: Callable[[], bool], what: str, seconds: float) -> None:
        """Waits for something that must happen. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not happen within {seconds:.0f} s")
            time.sleep(0.2)

    def environment(self) -> dict[str, str]:
        """With which commands find the platform's services."""
        published = json.loads((self.var / "run" / "addresses.json").read_text())
        return {
            **os.environ,
            **published,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "CHOSEN_VAR": str(self.var),
            "HTTPS": "false",
        }

    def python(self, *command: str) -> str:
        """The output of a command beside the platform."""
        done = subprocess.run(
            [sys.executable, *command], cwd=PROJECT_DIR, env=self.environment(), capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
        return done.stdout

    def family(self, program: str) -> list[psutil.Process]:
        """A program's processes, the main one first. Raises NotNow if it does not run."""
        members = processes_of(self.var, program=program)
        numbers = {member.pid for member in members}
        main = [member for member in members if member.ppid() not in numbers]
        if not main:
            raise NotNow(f"{program} does not run")
        return [main[0], *(member for member in members if member != main[0])]

    def named(self, words: str) -> psutil.Process:
        """A process whose command line has these words. Waits for one for a while; raises NotNow."""
        deadline = time.monotonic() + 120  # an evaluation may have the worker
        while time.monotonic() < deadline:
            for process in processes_of(self.var):
                with suppress(psutil.Error):
                    if words in " ".join(process.cmdline()):
                        return process
            time.sleep(0.2)
        raise NotNow(f"nothing with {words} in its command line runs")

    def database(self) -> "psycopg.Connection[tuple[Any, ...]]":
        """A connection to the platform's database."""
        return psycopg.connect(self.environment()["DATABASE_URL"], autocommit=True, connect_timeout=5)

    def broker(self) -> "redis.Redis":
        """A connection to the broker."""
        return redis.Redis.from_url(self.environment()["BROKER_URL"], socket_timeout=5)

    def call(self, method: str, path: str, body: Any = None, *, key: str = "", seconds: float = 30) -> tuple[int, Any]:
        """The lead's call. key: one for a call and its repetitions. Status 0: nobody answered."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        headers = {"Authorization": f"Bearer {self.stage.get('lead', '')}", "Content-Type": "application/json"}
        headers |= {"Idempotency-Key": key} if key else {}
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body)
        try:
            connection.request(method, path, data, headers)
            response = connection.getresponse()
            content = response.read()
            is_json = "json" in (response.headers.get("Content-Type") or "")
            return response.status, json.loads(content) if is_json and content else content
        except (OSError, http.client.HTTPException, ValueError):
            return 0, None
        finally:
            connection.close()

    def until_accepted(self, method: str, path: str, body: Any) -> Any:
        """The same until the platform has taken it, once; raises RuntimeError for a refusal."""
        deadline, key = time.monotonic() + START_SECONDS, uuid4().hex
        while True:
            status, answer = self.call(method, path, body, key=key)
            if status and status not in (409, 429, 500, 502, 503, 507):
                if status >= 400:
                    raise RuntimeError(f"{method} {path}: {status} {answer}")
                return answer
            if time.monotonic() > deadline:
                raise TimeoutError(f"{method} {path}: nobody answers")
            time.sleep(0.5)

    def is_whole(self) -> bool:
        """Whether every program runs and the platform says that it is ready."""
        if self.call("GET", "/readyz", seconds=5)[0] != 200:
            return False
        return all(processes_of(self.var, program=program) for program in PROGRAMS)
