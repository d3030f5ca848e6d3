"""`make run GENERATOR=vllm`: a server beside the platform, stopped and started while everything else runs.

The process manager and the script that starts vLLM are real; the server itself only reports that it is healthy.
"""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from config.embedded import VarDirectory
from config.embedded.var import PROJECT_DIR
from config.platform.vllm import VllmServer, WrongGenerator
from tests.config.platform.test_lifecycle import LIMIT_SECONDS, READY, Run, running

SERVER = """#!/bin/sh
# vLLM's Python as scripts/vllm.sh uses it: reports that there is no GPU, and serves on the given port.
case "$1" in -c) exit 0 ;; esac
while [ "$1" != --port ]; do shift; done
exec {python} -c 'import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Healthy(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
HTTPServer(("127.0.0.1", int(sys.argv[1])), Healthy).serve_forever()' "$2"
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a vLLM server that starts at once, and the folder of a model."""
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(SERVER.format(python=sys.executable))
    python.chmod(0o755)
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text("{}")
    return {"GENERATOR": "vllm", "VLLM_VENV": str(tmp_path / "venv"), "BASE_MODEL_DIR": str(model)}


@pytest.mark.serial
@pytest.mark.long
def test_it_is_waited_for_and_makes_room_when_it_is_told_to(tmp_path: Path, environment: dict[str, str]) -> None:
    with running(VarDirectory(tmp_path / "var"), "--only", "vllm", **environment) as run:
        run.wait_for_output(READY)
        assert "The vLLM server is ready." in run.text
        published = json.loads((run.var.runtime / "addresses.json").read_text())
        health = published["GENERATOR_URL"].removesuffix("/v1") + "/health"
        assert _answers(health)
        assert published["GENERATOR_HANDOVER"] == "stop"

        _do(published["GENERATOR_STOP_COMMAND"], run)
        assert not _answers(health)
        run.wait_for_output("vllm was stopped")
        _do(published["GENERATOR_STOP_COMMAND"], run)  # already stopped
        _do(published["GENERATOR_START_COMMAND"], run)
        run.wait_until("it answers again", lambda: _answers(health))
        assert "died" not in run.text
        run.press_ctrl_c()
        assert run.process.wait(LIMIT_SECONDS) == 0
        assert not _answers(health)


def _do(command: str, run: Run) -> None:
    environment = {**os.environ, "CHOSEN_VAR": str(run.var.path)}
    subprocess.run(command.split(), cwd=PROJECT_DIR, env=environment, check=True, timeout=LIMIT_SECONDS)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"GENERATOR": "magic"}, "GENERATOR is 'magic'"),
        ({"GENERATOR_URL": "http://there/v1"}, "Unset one"),
        ({"VLLM_VENV": "/nowhere"}, "make vllm-install"),
        ({"VLLM_PORT": "http"}, "VLLM_PORT http"),
    ],
)
def test_what_cannot_be_started_is_said_in_a_sentence(
    tmp_path: Path, environment: dict[str, str], changes: dict[str, str], words: str
) -> None:
    with pytest.raises(WrongGenerator, match=words):
        VllmServer.from_environment(VarDirectory(tmp_path), {**environment, **changes})


def test_it_is_started_only_when_it_is_asked_for(tmp_path: Path, environment: dict[str, str]) -> None:
    var = VarDirectory(tmp_path)
    assert VllmServer.from_environment(var, {}) is None
    assert VllmServer.from_environment(var, {**environment, "GENERATOR": "embedded"}) is None
    on_cpu = VllmServer.from_environment(var, environment)
    assert on_cpu is not None
    assert "VLLM_SLEEP" not in on_cpu.program(environment).environment
    (Path(environment["VLLM_VENV"]) / ".installed-cuda").touch()
    on_gpu = VllmServer.from_environment(var, environment)
    assert on_gpu is not None
    assert on_gpu.variables(environment)["GENERATOR_HANDOVER"] == "sleep"
    assert on_gpu.program(environment).environment["VLLM_SLEEP"] == "1"
