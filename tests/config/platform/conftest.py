"""A process manager with a few harmless programs, for tests of it and of the command that controls it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.embedded import VarDirectory
from config.embedded.processes import INSTANCE_VARIABLE
from config.platform.programs import Program
from config.platform.supervisor import Supervisor

SLEEPER = Program("sleeper", ("/bin/sleep", "600"), environment={"PLACE": "50% here"})
# Many, because how fast one dies decides what supervisord answers to its start.
FAILING = [Program(f"failing-{number}", ("/bin/false",)) for number in range(12)]


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    """supervisord without a running program."""
    var = VarDirectory(tmp_path / "var")
    var.create()
    manager = Supervisor(var, [SLEEPER, *FAILING], {**os.environ, INSTANCE_VARIABLE: str(var.path)})
    manager.start()
    yield manager
    manager.stop(limit_seconds=30)
