"""A container becomes one program of the platform; an unknown name is refused with the known ones."""

import os
import subprocess
import sys

import pytest

from config.embedded.var import PROJECT_DIR
from config.platform.program import main


@pytest.mark.parametrize("arguments", [[], ["nobody"], ["web", "beat"]])
def test_an_unknown_name_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "web, worker, worker-generate, worker-train, worker-lens, beat" in capsys.readouterr().err


def test_the_process_is_replaced_with_the_program() -> None:
    environment = {
        **os.environ,
        "GUNICORN_CMD_ARGS": "--version",
        "DJANGO_SETTINGS_MODULE": "config.settings_for_tests",
    }
    command = [sys.executable, "-m", "config.platform.program", "web"]
    result = subprocess.run(command, cwd=PROJECT_DIR, env=environment, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout.startswith("gunicorn")) == (0, True), result.stderr
