"""The health check of a container: `python docker/healthcheck.py web|beat|NAME-OF-A-WORKER`."""

import os
import socket
import sys
import urllib.request
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


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


def beat_sends() -> bool:
    """Whether the schedule has sent a task lately."""
    import django

    django.setup()
    from django.utils import timezone

    from config.health import BEAT_SILENT_FOR, last_tick

    last = last_tick()
    return last is not None and last > timezone.now() - BEAT_SILENT_FOR


if __name__ == "__main__":
    role = sys.argv[1]
    sys.path.insert(0, str(Path.cwd()))
    checks = {"web": web_answers, "beat": beat_sends}
    sys.exit(0 if (checks[role]() if role in checks else worker_answers(role)) else 1)
