"""The adapter for Chosen: `next` and `judgment` over its REST API with tokens."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg

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

COUNTS = """
WITH votes AS (
    SELECT comparison_id, annotator_id, count(*) AS times FROM labeling_judgment
    WHERE campaign_id = (SELECT id FROM labeling_campaign WHERE slug = %s)
        AND superseded_at IS NULL AND choice <> 'skip'
    GROUP BY comparison_id, annotator_id
), pairs AS (SELECT comparison_id, sum(times) AS votes FROM votes GROUP BY comparison_id)
SELECT (SELECT coalesce(sum(votes), 0) FROM pairs), (SELECT count(*) FROM pairs),
    (SELECT count(*) FROM pairs WHERE votes > %s), (SELECT count(*) FROM votes WHERE times > 1)
"""


class ChosenAnnotator(Annotator):
    """One request per pair: the response to a judgment carries the next assignment."""

    def __init__(self, port: int, token: str, campaign: str) -> None:
        self.connection = Connection(port, {"Authorization": f"Bearer {token}"})
        status, answer = self.connection.call("POST", f"/api/v1/campaigns/{campaign}/assignments/next/", {})
        self.assignment: dict[str, Any] | None = answer["assignment"] if status == 200 else None

    def judge_one(self) -> bool:
        """See Annotator."""
        if self.assignment is None:
            return False
        number = self.assignment["id"]
        judgment = {"choice": "left", "seconds": 5.0, "key": f"load-{number}"}
        _, answer = self.connection.call("POST", f"/api/v1/assignments/{number}/judgment/", judgment)
        self.assignment = answer["next"]
        return True


class Chosen(System):
    """Our server, on a separate database."""

    name = "Chosen"

    def __init__(self, url: str, port: int, main: psutil.Process) -> None:
        self.url, self.port, self.main = url, port, main
        self.version = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.strip()
        self.lead = Connection(port, {"Authorization": f"Bearer {_person(url, 'lead', 'lead')}"})
        self.tokens: list[str] = []

    def _people(self, count: int) -> None:
        while len(self.tokens) < count:
            self.tokens.append(_person(self.url, f"annotator-{len(self.tokens)}", "annotator"))

    def _campaign(self, name: str, overlap: int, annotators: int) -> str:
        self._people(annotators)
        slug = str(self.lead.call("POST", "/api/v1/campaigns/", {"name": name, "overlap": overlap})[1]["slug"])
        for number in range(annotators):
            member = {"username": f"annotator-{number}", "role": "annotator"}
            self.lead.call("POST", f"/api/v1/campaigns/{slug}/members/", member)
        return slug

    def _import(self, slug: str, lines: list[dict[str, Any]], query: str = "") -> None:
        body = "\n".join(json.dumps(line) for line in lines).encode()
        connection = Connection(self.port, {**self.lead.headers, "Content-Type": "application/x-ndjson"})
        _, report = connection.call("POST", f"/api/v1/campaigns/{slug}/comparisons/import/{query}", body)
        assert report["created"] == len(lines), report

    def add_pairs(self, name: str, records: list[dict[str, Any]], *, overlap: int, annotators: int) -> str:
        """See System."""
        slug = self._campaign(name, overlap, annotators)
        self._import(slug, [_line(record) for record in records])
        self.lead.call("POST", f"/api/v1/campaigns/{slug}/status/", {"status": "active"})
        return slug

    def annotator(self, project: str, number: int) -> ChosenAnnotator:
        """See System."""
        return ChosenAnnotator(self.port, self.tokens[number], project)

    def counts(self, project: str, *, overlap: int) -> Counts:
        """See System."""
        with psycopg.connect(self.url) as connection:
            row = connection.execute(COUNTS, (project, overlap)).fetchone()
        assert row is not None
        return Counts(*map(int, row))

    def add_judged(self, name: str, records: list[dict[str, Any]]) -> str:
        """See System."""
        slug = self._campaign(name, 1, 0)
        self._import(slug, [_line(record) for record in records], "?keep_preferences=true")
        return slug

    def export(self, project: str) -> int:
        """See System."""
        return self.lead.count_bytes(f"/api/v1/campaigns/{project}/export/?dialect=trl")

    @property
    def processes(self) -> list[psutil.Process]:
        """See System."""
        return [self.main, *self.main.children(recursive=True)]


def _line(record: dict[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant"}
    return {
        "id": record["id"],
        "prompt": [{"role": "user", "content": record["prompt"]}],
        "chosen": [{**message, "content": record["first"]}],
        "rejected": [{**message, "content": record["second"]}],
    }


def _person(url: str, name: str, role: str) -> str:
    command = [sys.executable, "manage.py", "create_user", name, "--role", role, "--token", "--json"]
    account = subprocess.run(
        command, env=environment({"DATABASE_URL": url}), capture_output=True, text=True, check=True
    ).stdout
    return str(json.loads(account)["token"])


@contextmanager
def serving(url: str, folder: Path) -> Iterator[tuple[int, psutil.Process]]:
    """The server of a database while it runs: its port and its main process."""
    # The driver calls as often as hundreds of people: the benchmark measures the server, not its rate limits.
    limits = {f"API_LIMIT_{kind}": "0" for kind in ("JUDGE", "READ", "WRITE", "FILES")}
    env = environment({"DATABASE_URL": url, "DATABASE_POOL": "true", **limits})
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], env=env, check=True)
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    command += ["--worker-class", "gthread", "--workers", str(SERVER_PROCESSES), "--threads", str(SERVER_THREADS)]
    command += ["--keep-alive", "75", "--no-control-socket"]
    with server(command, port=port, path="/api/v1/me/", log=folder / "chosen.log", env=env) as process:
        yield port, process


@contextmanager
def chosen(url: str, folder: Path) -> Iterator[Chosen]:
    """The system with its server running."""
    with serving(url, folder) as (port, process):
        yield Chosen(url, port, process)
