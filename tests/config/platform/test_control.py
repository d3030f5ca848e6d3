"""The command that stops and starts one program of a running platform."""

from pathlib import Path

import pytest

from config.platform.control import main
from config.platform.supervisor import Supervisor

pytestmark = pytest.mark.serial


@pytest.fixture(autouse=True)
def _var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command finds the platform by its directory."""
    monkeypatch.setenv("CHOSEN_VAR", str(tmp_path / "var"))


def test_a_program_is_started_and_stopped_and_twice_is_no_error(supervisor: Supervisor) -> None:
    for act, is_stopped in (("start", False), ("start", False), ("stop", True), ("stop", True)):
        assert main([act, "sleeper"]) == 0
        assert (supervisor.states()["sleeper"].state == "STOPPED") == is_stopped


def test_an_unknown_program_is_named(supervisor: Supervisor, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stop", "nobody"]) == 1
    assert capsys.readouterr().err.startswith("Could not stop nobody: ")


def test_without_a_platform_the_command_names_the_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stop", "vllm"]) == 1
    assert f"No platform is running from {tmp_path / 'var'}" in capsys.readouterr().err
