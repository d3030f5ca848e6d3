"""Other accounts may enter the directories above ours and run installed programs, and nothing else."""

import os
import stat
from pathlib import Path

import pytest

from config.embedded.account import allow_reaching, allow_running, database_account


def test_directories_above_are_opened_for_passing_through_and_no_wider(tmp_path: Path) -> None:
    closed = tmp_path / "home"
    inner = closed / "clone" / "var"
    inner.mkdir(parents=True)
    closed.chmod(0o700)
    (closed / "clone").chmod(0o750)
    opened = allow_reaching(inner)
    assert {closed, closed / "clone"} <= set(opened)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o701
    assert stat.S_IMODE((closed / "clone").stat().st_mode) == 0o751
    assert allow_reaching(inner) == []


def test_an_installed_program_is_readable_and_stays_executable_or_not(tmp_path: Path) -> None:
    folder, program, text = tmp_path / "bin", tmp_path / "bin" / "program", tmp_path / "bin" / "text"
    folder.mkdir()
    for path, mode in ((program, 0o700), (text, 0o600)):
        path.touch()
        path.chmod(mode)
    (folder / "link").symlink_to(tmp_path / "nowhere")
    folder.chmod(0o700)
    allow_running(folder)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, program, text)] == [0o705, 0o705, 0o604]


def test_only_root_switches_to_another_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert database_account() is None
