"""The lab of the engine: steps when asked, the same numbers on every run, and what they do to the texts."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.training.engine import workshop
from training.engine import lab as lab_module
from training.engine.config import RunConfig
from training.engine.errors import Cancelled, InputError
from training.engine.events import StopRequest
from training.engine.lab import SAMPLES, Lab, commands_from_stdin, serve

SETTINGS = {**workshop.SETTINGS, "schedule": "constant", "warmup_ratio": 0.0, "probe_tokens": 4}
CONFIG = RunConfig.from_mapping({name: value for name, value in SETTINGS.items() if name != "evaluate_every"})


def write(path: Path, chosen: str, rejected: str) -> Path:
    path.write_text(json.dumps({"id": path.stem, "prompt": "say it", "chosen": chosen, "rejected": rejected}) + "\n")
    return path


@pytest.fixture
def lab(model_folder: Path, tmp_path: Path) -> Lab:
    """A lesson of its own and a pair that is only watched."""
    lesson, watched = write(tmp_path / "lesson.jsonl", "aaa", "zzz"), write(tmp_path / "watched.jsonl", "aab", "hello")
    return Lab(model_folder, None, lesson, watched, CONFIG)


def events_of(lab: Lab, *commands: dict[str, Any]) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    serve(lab, iter(commands), events.append, StopRequest())
    return json.loads(json.dumps(events, allow_nan=False))  # type: ignore[no-any-return]


def test_it_begins_with_rewards_of_zero_and_each_step_is_told(lab: Lab) -> None:
    events = events_of(lab, {"steps": 2}, {"steps": 1})
    kinds = [event["event"] for event in events]
    assert kinds == ["started", "point", "wrote", "point", "point", "wrote", "point", "wrote"]
    points = [event for event in events if event["event"] == "point"]
    assert [point["step"] for point in points] == [0, 1, 2, 3]
    assert points[0]["loss"] == pytest.approx(0.693147, abs=1e-6)
    assert points[0]["margin"] == 0.0
    assert points[-1]["margin"] > points[1]["margin"] > 0  # it learns what it is taught
    lesson, watched = points[-1]["pairs"]
    ratios = {side: lesson[side]["logp"] - lesson[side]["reference"] for side in ("chosen", "rejected")}
    assert points[-1]["margin"] == pytest.approx(CONFIG.beta * (ratios["chosen"] - ratios["rejected"]), abs=1e-9)
    assert (lesson["chosen"]["tokens"], watched["rejected"]["tokens"]) == (4, 6)  # with the end of the turn
    wrote = [event for event in events if event["event"] == "wrote"]
    assert wrote[0]["kl"] == 0.0
    assert wrote[-1]["kl"] > 0
    assert len(wrote[-1]["texts"]) == SAMPLES


def test_the_same_steps_come_out_the_same(model_folder: Path, tmp_path: Path) -> None:
    lesson = write(tmp_path / "lesson.jsonl", "aaa", "zzz")
    at_once = events_of(Lab(model_folder, None, lesson, None, CONFIG), {"steps": 3})
    one_by_one = events_of(Lab(model_folder, None, lesson, None, CONFIG), *[{"steps": 1}] * 3)
    points = [[event for event in events if event["event"] == "point"] for events in (at_once, one_by_one)]
    assert points[0] == points[1]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The writing end of what takes stdin's place."""
    reading, writing = os.pipe()
    monkeypatch.setattr(lab_module, "_STDIN", reading)
    yield writing
    os.close(reading)


def test_commands_are_lines_and_the_end_of_stdin_ends_it(typed: int) -> None:
    os.write(typed, b'{"steps": 1}\n{"ste')
    os.write(typed, b'ps": 2}\n')
    os.close(typed)
    assert list(commands_from_stdin(StopRequest())) == [{"steps": 1}, {"steps": 2}]


def test_a_wish_to_stop_is_heard_while_nobody_says_anything(typed: int) -> None:
    stop = StopRequest()
    stop.ask()
    with pytest.raises(Cancelled):
        next(commands_from_stdin(stop))
    os.close(typed)


@pytest.mark.parametrize("line", [b"[1]\n", b"steps\n"])
def test_what_is_no_command_is_refused(typed: int, line: bytes) -> None:
    os.write(typed, line)
    os.close(typed)
    with pytest.raises(InputError, match="a command is a"):
        list(commands_from_stdin(StopRequest()))


@pytest.mark.parametrize("steps", [0, -1, "2", True, None])
def test_a_command_asks_for_at_least_one_step(lab: Lab, steps: object) -> None:
    with pytest.raises(InputError, match="at least 1"):
        events_of(lab, {"steps": steps})


def test_whole_models_are_not_trained_in_the_lab(model_folder: Path, tmp_path: Path) -> None:
    config = RunConfig(tuning="full", device="cpu")
    with pytest.raises(InputError, match="adapter"):
        Lab(model_folder, None, write(tmp_path / "lesson.jsonl", "a", "b"), None, config)
