"""One platform for all flows: it takes a minute to start."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.embedded.processes import processes_of
from config.embedded.var import PROJECT_DIR
from tests.flows.running import OWN_SERVICES, Platform, wait_until_ready
from tests.training.conftest import smollm2  # noqa: F401 - a fixture

DEMO_PROMPTS = "40"  # a run on all of them takes too long for a test


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory, smollm2: Path) -> Iterator[Platform]:  # noqa: F811
    """The platform, started as `make run` starts it, with a part of the demo; ended whole afterwards."""
    folder = tmp_path_factory.mktemp("loop")
    var, output = folder / "var", folder / "output.txt"
    (var / "models").mkdir(parents=True)
    (var / "models" / smollm2.name).symlink_to(smollm2)  # made once for all tests: half a minute
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if name not in OWN_SERVICES}
    with open(output, "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "config.platform"],
            cwd=PROJECT_DIR,
            env={**environment, "CHOSEN_VAR": str(var), "PORT": str(port), "DEMO_PROMPTS": DEMO_PROMPTS},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            process_group=0,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_ready(process, output)
        logins = dict(re.findall(r"^    (\S+)\s+(\S+)$", output.read_text(), re.MULTILINE))
        yield Platform(address, var, logins)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(120) in (0, 130), output.read_text()
        assert processes_of(var) == [], "Ctrl-C left something running"
    finally:
        for log_file in sorted((var / "log").glob("*.log")):
            print(f"--- {log_file.name}\n{log_file.read_text(errors='replace')[-3000:]}")
        if process.poll() is None:
            process.kill()
        process.wait()
        for left in processes_of(var):
            left.kill()
