"""A run's figures in TensorBoard's files: the same as in metrics.jsonl, and after a resume each step once."""

import struct
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.training.engine import workshop
from tests.training.engine.workshop import Events, Killed
from training.engine.errors import InputError

SETTINGS: dict[str, Any] = {"tensorboard": True, "epochs": 1}


def shown(folder: Path) -> dict[str, dict[int, float]]:
    """Values by tag and step as TensorBoard shows them: a later process drops what an earlier one wrote beyond its
    start. Files hold records: length (8 bytes), its check sum (4), an event, its check sum (4)."""
    from tensorboardX.proto.event_pb2 import Event

    values: dict[str, dict[int, float]] = {}
    for path in sorted(folder.glob("events.*"), key=lambda each: each.stat().st_mtime_ns):
        content, place = path.read_bytes(), 0
        while place < len(content):
            (length,) = struct.unpack_from("<Q", content, place)
            event = Event.FromString(content[place + 12 : place + 12 + length])
            place += length + 16
            if event.HasField("session_log"):
                for steps in values.values():
                    for step in [each for each in steps if each >= event.step]:
                        del steps[step]
            for each in event.summary.value:
                values.setdefault(each.tag, {})[event.step] = each.simple_value
    return values


def test_a_killed_and_resumed_run_shows_the_figures_of_its_metrics(model_folder: Path, tmp_path: Path) -> None:
    data = workshop.write_pairs(tmp_path / "train.jsonl", 11)
    workshop.write_pairs(tmp_path / "test.jsonl", 5, first=100)
    with pytest.raises(Killed):
        workshop.run(model_folder, data, tmp_path / "out", Events(kill_at=("progress", 3)), **SETTINGS)
    workshop.run(model_folder, data, tmp_path / "out", **SETTINGS)
    values = shown(tmp_path / "out" / "tensorboard")
    records = workshop.lines(tmp_path / "out" / "metrics.jsonl")
    for group, event in (("train", "progress"), ("test", "evaluated")):
        for name in ("loss", "margin"):
            expected = {each["step"]: each[name] for each in records if each["event"] == event}
            assert values[f"{group}/{name}"] == pytest.approx(expected, rel=1e-6, abs=1e-7)
    assert "train/tokens_per_second" in values
    assert "train/step" not in values


def test_without_the_library_it_says_what_to_install(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    data = workshop.write_pairs(tmp_path / "train.jsonl", 11)
    events = Events()
    with pytest.raises(InputError, match="make install-tracking"):
        workshop.run(model_folder, data, tmp_path / "out", events, **SETTINGS)
    assert not events.of("started")
