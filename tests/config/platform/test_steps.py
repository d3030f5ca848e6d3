"""The commands before the start: a failure carries the end of its output, and a stop interrupts any of them."""

import os
from pathlib import Path

import pytest

from config.embedded import VarDirectory
from config.platform.steps import StepFailed, Steps, StopRequested

NOWHERE = {
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "SECRET_KEY": "only-for-tests",
    "DATABASE_URL": "postgresql://chosen@127.0.0.1:1/chosen",
    "BROKER_URL": "redis://127.0.0.1:1/0",
}


def steps(tmp_path: Path, *, is_stopping: bool = False, **environment: str) -> Steps:
    var = VarDirectory(tmp_path / "var")
    var.create()
    variables = {**os.environ, **NOWHERE, "CHOSEN_VAR": str(var.path), **environment}
    return Steps(var, variables, lambda: is_stopping)


def test_a_failure_carries_the_end_of_its_own_output(tmp_path: Path) -> None:
    (tmp_path / "var" / "log").mkdir(parents=True)
    (tmp_path / "var" / "log" / "setup.log").write_text("An older failure.\n")
    with pytest.raises(StepFailed, match=r"manage\.py migrate --no-input") as failure:
        steps(tmp_path).migrate()
    assert "OperationalError" in str(failure.value)
    assert "An older failure." not in str(failure.value)


def test_a_stop_interrupts_a_command(tmp_path: Path) -> None:
    with pytest.raises(StopRequested):
        steps(tmp_path, is_stopping=True).migrate()


def test_static_files_are_collected_once_until_one_of_them_changes(tmp_path: Path) -> None:
    collecting = steps(tmp_path)
    collecting.collect_static()
    collected = tmp_path / "var" / "static" / "staticfiles.json"
    first = collected.stat().st_mtime_ns
    collecting.collect_static()
    assert collected.stat().st_mtime_ns == first
    (tmp_path / "var" / "run" / "static-files").write_text("another digest")
    collecting.collect_static()
    assert collected.stat().st_mtime_ns > first
