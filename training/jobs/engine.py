"""Calling the engine for a result: a child process, its last event, and its own sentence if it fails."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_noop as _

from common import processes
from common.sentences import Sentence
from labeling.exchange import PreferencePair
from training.models import ModelVersion

TICK_SECONDS = 1.0
# Exact to the last digits that pages show, whatever precision the run was trained in.
PRECISE = ("--set", "dtype=float32")


class EngineFailed(RuntimeError):
    """The engine gave up; the message is its own English sentence, or one about how it ended."""


def engine_command(command: str, version: ModelVersion, *, reference: ModelVersion | None = None) -> list[str]:
    """The beginning of a command line of the engine. reference: for commands that compare; None: the base."""
    line = [sys.executable, "-m", "training.engine", command, "--model", version.base_dir]
    line += ["--adapter", version.adapter_dir] if version.adapter_dir else []
    line += ["--reference-adapter", reference.adapter_dir] if reference and reference.adapter_dir else []
    return line


def run_engine(
    command: list[str],
    *,
    should_stop: Callable[[], bool] = lambda: False,
    on_message: Callable[[dict[str, Any]], None] = lambda message: None,
) -> dict[str, Any]:
    """Runs an engine command and returns the fields of its last event. Raises EngineFailed.

    should_stop: is called at least every second; once it returns True, the engine is ended and the result is empty.
    on_message: is called with every event.
    """
    last: dict[str, Any] = {}
    with processes.LineChild(command, log=settings.VAR_DIR / "log" / "engine.log") as child:
        while not child.ended_output:
            for message in child.messages(TICK_SECONDS):
                last = message
                on_message(message)
            if should_stop():
                return {}
        code = child.wait()
    if code != 0 or last.get("event") != "finished":
        if own_words := last.get("error"):
            raise EngineFailed(str(own_words))
        details = {"code": code, "log": child.log_tail(3)}
        raise EngineFailed(Sentence(_("The engine ended with code %(code)s: %(log)s"), details))
    return {name: value for name, value in last.items() if name != "event"}


def score_pairs(
    version: ModelVersion,
    pairs: Iterable[PreferencePair],
    *,
    reference: ModelVersion | None = None,
    options: Sequence[str] = (),
    should_stop: Callable[[], bool] = lambda: False,
) -> list[dict[str, Any]]:
    """Scores pairs with the engine: for each, in order, the JSON object that `python -m training.engine score` writes.

    Log-probabilities are in nats. The engine leaves out pairs that are too long for the model. Empty once `should_stop`
    returned True. options: further arguments of the command. Raises EngineFailed.
    """
    data = b"".join(pair.canonical_json() + b"\n" for pair in pairs)
    return _by_line("score", version, data, reference=reference, options=options, should_stop=should_stop)


def drift_of_samples(
    version: ModelVersion,
    samples: Sequence[dict[str, Any]],
    *,
    reference: ModelVersion | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> list[dict[str, Any]]:
    """The exact drift of samples that the version wrote: the JSON objects that `drift` of the engine writes.

    samples: with id, prompt, text, ended, prompt_ids and completion_ids. Empty once `should_stop` returned True.
    Raises EngineFailed.
    """
    data = b"".join(json.dumps(sample).encode() + b"\n" for sample in samples)
    return _by_line("drift", version, data, reference=reference, options=PRECISE, should_stop=should_stop)


def _by_line(
    command: str,
    version: ModelVersion,
    data: bytes,
    *,
    reference: ModelVersion | None,
    options: Sequence[str],
    should_stop: Callable[[], bool],
) -> list[dict[str, Any]]:
    """Runs a command that reads JSON lines and writes some."""
    with tempfile.TemporaryDirectory(prefix=f"{command}-") as folder:
        given, out = Path(folder) / "given.jsonl", Path(folder) / "out.jsonl"
        given.write_bytes(data)
        line = [*engine_command(command, version, reference=reference), *options]
        if not run_engine([*line, "--data", str(given), "--out", str(out)], should_stop=should_stop):
            return []
        return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
