"""The health check of a container: `python docker/healthcheck.py web|NAME-OF-A-WORKER`."""

import os
import socket
import sys
import urllib.request
from pathlib import Path


def web_answers() -> bool:
    """Whether the web server answers under the first host name that it accepts."""
    host = (os.environ.get("ALLOWED_HOSTS") or "localhost").split(",")[0].lstrip(".").replace("*", "localhost")
    address = f"http://127.0.0.1:{os.environ.get('PORT') or 8000}/healthz"
    request = urllib.request.Request(address, headers={"Host": host})
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - our own http:// address
        return bool(answer.status == 200)


def worker_answers(name: str) -> bool:
    """Whether the worker answers a ping through the broker."""
    from config.celery import app

    return bool(app.control.ping(destination=[f"{name}@{socket.gethostname()}"], timeout=5))


if __name__ == "__main__":
    role = sys.argv[1]
    sys.path.insert(0, str(Path.cwd()))
    sys.exit(0 if (web_answers() if role == "web" else worker_answers(role)) else 1)
