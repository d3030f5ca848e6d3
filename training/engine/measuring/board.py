"""A run's figures for TensorBoard, beside ``metrics.jsonl``: in the run's folder, written by tensorboardX."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from training.engine.errors import InputError

FOLDER = "tensorboard"
_PLACES = frozenset({"step", "steps", "epoch", "event", "split"})  # fields that say where a record belongs


def check_library() -> None:
    """Raises InputError where tensorboardX is not installed."""
    try:
        import tensorboardX  # noqa: F401
    except ImportError as error:
        raise InputError(f"tensorboard=true needs tensorboardX (make install-tracking): {error}") from error


def board(folder: Path, *, after: int) -> Callable[[dict[str, Any]], None]:
    """A function to call with every record of a run that goes on ``after`` a step: figures of later steps, which an
    interrupted process wrote, are dropped by readers. Each record is on the disk when the function returns."""
    from tensorboardX.event_file_writer import EventsWriter
    from tensorboardX.proto.event_pb2 import Event, SessionLog
    from tensorboardX.proto.summary_pb2 import Summary

    (folder / FOLDER).mkdir(exist_ok=True)
    # Names have seconds alone: the step tells two processes of one second apart.
    writer = EventsWriter(str(folder / FOLDER / "events"), f".{after:06d}")
    start = SessionLog(status=SessionLog.START)
    writer.write_event(Event(wall_time=time.time(), step=after + 1, session_log=start))

    def add(record: dict[str, Any]) -> None:
        group = "train" if record["event"] == "progress" else record.get("split", record["event"])
        values = [
            Summary.Value(tag=f"{group}/{name}", simple_value=float(value))
            for name, value in record.items()
            if name not in _PLACES and isinstance(value, int | float)  # a truth too: 0 or 1
        ]
        writer.write_event(Event(wall_time=time.time(), step=record["step"], summary=Summary(value=values)))
        writer.flush()

    return add
