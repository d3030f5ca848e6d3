"""The adapter for Label Studio Community: its package in a separate virtual environment, on PostgreSQL.

It makes the requests of Label Studio's front end: sign-up and log-in by its pages, then `projects/ID/next` and
`tasks/ID/annotations`.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg

from benchmarks.load.browserlike import Browserlike
from benchmarks.load.http import Connection
from benchmarks.load.system import (
    SERVER_PROCESSES,
    SERVER_THREADS,
    Annotator,
    Counts,
    System,
    environment,
    free_port,
    server,
)

PACKAGE = "label-studio==1.23.2"
ALSO = ("gunicorn==26.0.0",)
CONFIG = """<View><Text name="prompt" value="$prompt"/><Pairwise name="pw" toName="first,second"/>
<Text name="first" value="$first"/><Text name="second" value="$second"/></View>"""
RESULT = [{"from_name": "pw", "to_name": "first", "type": "pairwise", "value": {"selected": "left"}}]
PASSWORD = "a-password-for-the-load-driver"
TASKS_PER_IMPORT = 2_000

COUNTS = """
WITH votes AS (
    SELECT task_id, completed_by_id, count(*) AS times FROM task_completion
    WHERE project_id = %s AND NOT was_cancelled GROUP BY task_id, completed_by_id
), pairs AS (SELECT task_id, sum(times) AS votes FROM votes GROUP BY task_id)
SELECT (SELECT coalesce(sum(votes), 0) FROM pairs), (SELECT count(*) FROM pairs),
    (SELECT count(*) FROM pairs WHERE votes > %s), (SELECT count(*) FROM votes WHERE times > 1)
"""


def install(venv: Path) -> Path:
    """Creates the virtual environment once; returns its Python."""
    python = venv / "bin" / "python"
    stamp = venv / ".installed"
    packages = "\n".join((PACKAGE, *ALSO))
    if stamp.exists() and stamp.read_text() == packages:
        return python
    print(f"Installing {PACKAGE} into {venv} ...", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", PACKAGE, *ALSO], check=True)
    stamp.write_text(packages)
    return python


class LabelStudioAnnotator(Annotator):
    """Two requests per pair: the next task and its annotation."""

    def __init__(self, connection: Connection, project: int) -> None:
        self.connection, self.project = connection, project

    def judge_one(self) -> bool:
        """See Annotator."""
        status, task = self.connection.call("GET", f"/api/projects/{self.project}/next", accept=(404,))
        if status == 404:
            return False
        annotation = {"result": RESULT, "lead_time": 5.0, "project": self.project}
        self.connection.call("POST", f"/api/tasks/{task['id']}/annotations/?project={self.project}", annotation)
        return True


class LabelStudio(System):
    """Its server, on a separate database."""

    name = "Label Studio"
    version = PACKAGE.partition("==")[2]

    def __init__(self, url: str, port: int, main: psutil.Process) -> None:
        self.url, self.port, self.main = url, port, main
        self.people: list[dict[str, str]] = []
        self.invitation = ""
        self.lead = Connection(port, self._sign_up("lead@example.org"))
        link = self.lead.call("GET", "/api/invite")[1]
        self.invitation = f"?token={link['token']}" if "token" in link else f"?{urlsplit(link['invite_url']).query}"

    def _sign_up(self, email: str) -> dict[str, str]:
        """Creates an account on the sign-up page; returns the headers of its session."""
        browser = Browserlike(f"http://127.0.0.1:{self.port}")
        form = {"email": email, "password": PASSWORD, "allow_newsletters": "false", "how_find_us": "Gi"}
        browser.submit(f"/user/signup/{self.invitation}", form)
        cookies = browser.cookies
        assert "sessionid" in cookies, f"sign-up of {email} did not sign in"
        together = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return {"Cookie": together, "X-CSRFToken": cookies["csrftoken"]}

    def _project(self, name: str, overlap: int) -> int:
        settings = {"title": name[:50], "label_config": CONFIG, "maximum_annotations": overlap}
        return int(self.lead.call("POST", "/api/projects/", settings)[1]["id"])

    def _import(self, project: int, tasks: list[dict[str, Any]]) -> None:
        for start in range(0, len(tasks), TASKS_PER_IMPORT):
            body = json.dumps(tasks[start : start + TASKS_PER_IMPORT]).encode()
            self.lead.call("POST", f"/api/projects/{project}/import", body)

    def add_pairs(self, name: str, records: list[dict[str, Any]], *, overlap: int, annotators: int) -> int:
        """See System."""
        while len(self.people) < annotators:
            self.people.append(self._sign_up(f"annotator-{len(self.people)}@example.org"))
        project = self._project(name, overlap)
        self._import(project, [{"data": record} for record in records])
        return project

    def annotator(self, project: int, number: int) -> LabelStudioAnnotator:
        """See System."""
        return LabelStudioAnnotator(Connection(self.port, self.people[number]), project)

    def counts(self, project: int, *, overlap: int) -> Counts:
        """See System."""
        with psycopg.connect(self.url) as connection:
            row = connection.execute(COUNTS, (project, overlap)).fetchone()
        assert row is not None
        return Counts(*map(int, row))

    def add_judged(self, name: str, records: list[dict[str, Any]]) -> int:
        """See System."""
        project = self._project(name, 1)
        self._import(project, [{"data": record, "annotations": [{"result": RESULT}]} for record in records])
        return project

    def export(self, project: int) -> int:
        """See System."""
        return self.lead.count_bytes(f"/api/projects/{project}/export?exportType=JSON")

    @property
    def processes(self) -> list[psutil.Process]:
        """See System."""
        return [self.main, *self.main.children(recursive=True)]


@contextmanager
def label_studio(url: str, folder: Path, venv: Path) -> Iterator[LabelStudio]:
    """The system with its server running."""
    python = install(venv)
    find_package = [
        str(python),
        "-c",
        "import importlib.util as i; print(i.find_spec('label_studio').submodule_search_locations[0])",
    ]
    package = subprocess.run(find_package, capture_output=True, text=True, check=True).stdout.strip()
    address = urlsplit(url)
    env = environment(
        {
            "DJANGO_SETTINGS_MODULE": "core.settings.label_studio",
            "DJANGO_DB": "default",
            "POSTGRE_USER": address.username or "",
            "POSTGRE_PASSWORD": address.password or "",
            "POSTGRE_NAME": address.path.lstrip("/"),
            "POSTGRE_HOST": address.hostname or "",
            "POSTGRE_PORT": str(address.port),
            "LABEL_STUDIO_BASE_DATA_DIR": str(folder / "label-studio"),
            "COLLECT_ANALYTICS": "false",
            "LATEST_VERSION_CHECK": "false",
            "SENTRY_DSN": "",
            "FRONTEND_SENTRY_DSN": "",
            "LOG_LEVEL": "ERROR",
            "SECRET_KEY": "only-for-this-benchmark",
        }
    )
    with open(folder / "label-studio-migrate.log", "wb") as log:
        migrate = [str(python), "manage.py", "migrate", "-v0"]
        subprocess.run(migrate, cwd=package, env=env, stdout=log, stderr=subprocess.STDOUT, check=True)
    port = free_port()
    command = [str(python), "-m", "gunicorn", "core.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    command += ["--worker-class", "gthread", "--workers", str(SERVER_PROCESSES), "--threads", str(SERVER_THREADS)]
    command += ["--keep-alive", "75", "--timeout", "300", "--no-control-socket"]
    log_file = folder / "label-studio.log"
    with server(command, port=port, path="/health", log=log_file, cwd=package, env=env) as process:
        yield LabelStudio(url, port, process)
