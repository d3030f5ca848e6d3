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


class EngineFailed(RuntimeError):
    """The engine gave up; the message is its own English sentence, or one about how it ended."""


def engine_command(command: str, version: ModelVersion, *, reference: ModelVersion | None = None) -> list[str]:
    """The beginning of a command line of the engine. reference: for commands that compare; None: the base."""
    line = [sys.executable, "-m", "training.engine", command, "--model", version.base_dir]
    line += ["--adapter", version.adapter_dir] if version.adapter_dir else []
    line += ["--reference-adapter", reference.adapter_dir] if reference and reference.adapter_dir else []
    return line


def run_engine(command: list[str], *, should_stop: Callable[[], bool] = lambda: False) -> dict[str, Any]:
    """Runs an engine command and returns the fields of its last event. Raises EngineFailed.

    should_stop: is called at least every second; once it returns True, the engine is ended and the result is empty.
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
    with tempfile.TemporaryDirectory(prefix="score-") as folder:
        data, out = Path(folder) / "pairs.jsonl", Path(folder) / "scores.jsonl"
        data.write_bytes(b"".join(pair.canonical_json() + b"\n" for pair in pairs))
        command = [*engine_command("score", version, reference=reference), *options]
        if not run_engine([*command, "--data", str(data), "--out", str(out)], should_stop=should_stop):
            return []
        return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
