"""Calling the engine for an answer: a child process, its last event, its own sentence where it fails."""

import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings

from common import processes
from training.models import ModelVersion

TICK_SECONDS = 1.0


class EngineFailed(RuntimeError):
    """The engine gave up; the message is its own sentence."""


def engine_command(command: str, version: ModelVersion, *, reference: ModelVersion | None = None) -> list[str]:
    """The start of an engine command line on a version. reference: for what compares; None: their common base."""
    line = [sys.executable, "-m", "training.engine", command, "--model", version.base_dir]
    line += ["--adapter", version.adapter_dir] if version.adapter_dir else []
    line += ["--reference-adapter", reference.adapter_dir] if reference and reference.adapter_dir else []
    return line


def run_engine(command: list[str], *, should_stop: Callable[[], bool] = lambda: False) -> dict[str, Any]:
    """Runs an engine command to its end and returns what its last event says. Raises EngineFailed.

    should_stop: asked at least every second; once it says yes, the engine is ended and nothing is returned.
    """
    last: dict[str, Any] = {}
    with processes.LineChild(command, log=settings.VAR_DIR / "log" / "engine.log") as child:
        while not child.ended_output:
            for message in child.messages(TICK_SECONDS):
                last = message
            if should_stop():
                return {}
        code = child.wait()
    if code != 0 or last.get("event") != "finished":
        raise EngineFailed(str(last.get("error") or f"The engine ended with code {code}: {child.log_tail(3)}"))
    return {name: value for name, value in last.items() if name != "event"}
