"""A container without its settings names the missing one; anything but a program is a Django command."""

import os
import subprocess
from pathlib import Path

import pytest

from config.embedded.var import PROJECT_DIR

ENTRYPOINT = PROJECT_DIR / "docker" / "entrypoint.sh"


def run_entrypoint(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ENTRYPOINT), *arguments],
        env={"PATH": os.environ["PATH"], "CHOSEN_VAR": os.environ.get("CHOSEN_VAR", ""), **environment},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("missing", ["DATABASE_URL", "BROKER_URL", "SECRET_KEY"])
def test_a_container_without_its_settings_says_which_one_is_missing(missing: str) -> None:
    settings = {"DATABASE_URL": "postgresql://x/y", "BROKER_URL": "redis://:x@y/0", "SECRET_KEY": "z"}
    result = run_entrypoint("web", **{**settings, missing: ""})
    assert result.returncode == 1
    assert result.stderr.startswith(f"{missing} is not set")


def test_the_setup_makes_room_for_uploads_and_clears_what_was_left_there(tmp_path: Path) -> None:
    settings = {"DATABASE_URL": "postgresql://x@127.0.0.1:1/y", "BROKER_URL": "redis://:x@y/0", "SECRET_KEY": "z"}
    folder = tmp_path / "tmp"
    run_entrypoint("setup", **settings, TMPDIR=str(folder))  # it ends without a database, later
    assert folder.is_dir()
    left, fresh = folder / "left.upload", folder / "fresh.upload"
    for file in (left, fresh):
        file.touch()
    os.utime(left, (0, 0))
    run_entrypoint("setup", **settings, TMPDIR=str(folder))
    assert list(folder.iterdir()) == [fresh]


def test_anything_but_a_program_is_a_command_of_the_platform() -> None:
    settings = {"DATABASE_URL": "postgresql://x/y", "BROKER_URL": "redis://:x@y/0", "SECRET_KEY": "z"}
    result = run_entrypoint("version", **settings)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("Chosen ")
