"""The health check of the web container: it asks under a host name that the server accepts."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from config.embedded.var import PROJECT_DIR


class Picky(BaseHTTPRequestHandler):
    """Answers for one host name only, as Django does by ALLOWED_HOSTS."""

    def do_GET(self) -> None:
        accepted = self.headers["Host"] == "chosen.example" and self.path == "/healthz"
        self.send_response(200 if accepted else 400)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Prints nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Picky) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def is_healthy(port: int, hosts: str) -> bool:
    environment = {**os.environ, "PORT": str(port), "ALLOWED_HOSTS": hosts}
    command = [sys.executable, "docker/healthcheck.py", "web"]
    result = subprocess.run(command, cwd=PROJECT_DIR, env=environment, check=False, capture_output=True)
    return result.returncode == 0


@pytest.mark.parametrize(
    ("hosts", "expected"), [("chosen.example,other", True), (".chosen.example", True), ("", False)]
)
def test_the_server_is_asked_under_its_first_host_name(port: int, hosts: str, expected: bool) -> None:
    assert is_healthy(port, hosts) == expected


def test_a_server_that_does_not_answer_is_not_healthy() -> None:
    assert not is_healthy(1, "chosen.example")
