"""The rate and the memory of an import, beside PostgreSQL's own COPY of the same rows.

`manage.py import_comparisons` reads a file of synthetic pairs (a prompt of 30 words, two completions of 40 to 200) in
processes of its own. Then the job in the background puts the texts into the indexes of search. Last, the rows are
copied, in a statement for each table, into tables with the same columns: without indexes, with all but the two that
pages search texts by, with all, and with the foreign keys too.

`us_of_cpu` is for each pair: of the processes that import, and of PostgreSQL. These are the same on a busy machine.

    python -m benchmarks.importing                     100,000 pairs, about 5 minutes
    python -m benchmarks.importing --pairs 1000000

Prints one JSON object.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psutil
import psycopg
from psycopg import sql

from benchmarks.load.pairs import pairs
from benchmarks.load.system import PeakMemory, environment, new_database
from config.embedded.__main__ import with_services

TABLES = ("labeling_prompt", "labeling_completion", "labeling_comparison")
CREATE = """
from django.utils import timezone
from labeling.actions.campaigns import create_campaign
from labeling.actions.people import create_user
now = timezone.now()
lead = create_user(username="lead", role="lead", password=None, acting_user=None, now=now)[0]
create_campaign(name="Import", acting_user=lead, now=now)
"""


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=100_000)
    options = parser.parse_args()
    report: dict[str, Any] = {}
    code = with_services(lambda: report.update(measure(options.pairs)), ephemeral=True)
    print(json.dumps(report, indent=1))
    return code


def measure(count: int) -> dict[str, Any]:
    """One import, then the copies of its rows."""
    url = new_database(os.environ["DATABASE_URL"], "importing")
    env = environment({"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"})
    for command in (["migrate", "-v0"], ["shell", "-v0", "-c", CREATE]):
        subprocess.run([sys.executable, "manage.py", *command], env=env, check=True)
    with tempfile.TemporaryDirectory() as folder:
        file = write_pairs(Path(folder) / "pairs.jsonl", count)
        report: dict[str, Any] = {"pairs": count, "bytes": file.stat().st_size}
        with psycopg.connect(url, autocommit=True) as connection:
            postmaster = psutil.Process(connection.info.backend_pid).parent()
        report["import"] = imported(file, env, count, postmaster)
    with psycopg.connect(url, autocommit=True) as connection:
        report["index texts"] = indexed(env, count, postmaster)
        for name, search, keys, indexes in (
            ("copy, no index", False, False, False),
            ("copy, indexes but those of search", False, False, True),
            ("copy, all indexes", True, False, True),
            ("copy, all indexes and foreign keys", True, True, True),
        ):
            report[name] = _copied(connection, count, search=search, keys=keys, indexes=indexes)
    return report


def write_pairs(file: Path, count: int) -> Path:
    """Writes a file of synthetic pairs, line by line; returns it."""
    with file.open("w") as out:
        for one in pairs(count):
            record = {"id": one["id"], "prompt": one["prompt"], "chosen": one["first"], "rejected": one["second"]}
            out.write(json.dumps(record) + "\n")
    return file


def imported(
    file: Path, env: dict[str, str], count: int, postmaster: psutil.Process, *choices: str, campaign: str = "import"
) -> dict[str, Any]:
    """Imports a file; returns the rate, the memory of both processes together, and the CPU time of each pair."""
    command = [sys.executable, "manage.py", "import_comparisons", campaign, str(file), "--json", *choices]
    started, before = time.monotonic(), _cpu(postmaster)
    process = psutil.Popen(command, env=env, stdout=subprocess.PIPE)
    with _SumOfMemory(process) as memory, _progress(env["DATABASE_URL"], count):
        output = process.stdout.read()
    code, seconds = process.wait(), time.monotonic() - started
    report = json.loads(output)
    if code or report["created"] != count:
        raise RuntimeError(f"The import ended with {code}: {report}")
    figures = {"rows_per_second": round(count / seconds), "seconds": round(seconds, 1), "peak_mib": memory.most >> 20}
    return figures | {"us_of_cpu": _used(before, postmaster, count)}


@contextmanager
def _progress(url: str, count: int) -> Iterator[None]:
    """Says every ten seconds, on stderr, how many pairs are stored."""
    over = Event()

    def watch() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not over.wait(10):
                for (stored,) in connection.execute("SELECT created FROM labeling_importbatch"):
                    print(f"{stored:,} of {count:,} pairs", file=sys.stderr, flush=True)

    thread = Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def indexed(env: dict[str, str], count: int, postmaster: psutil.Process) -> dict[str, Any]:
    """Puts the texts into the indexes of search; returns how long it took, and the CPU time of each pair."""
    print("indexing texts", file=sys.stderr, flush=True)
    code = "from labeling.actions.text_indexing import index_texts; index_texts(seconds=1e9)"
    started, before = time.monotonic(), _cpu(postmaster)
    subprocess.run([sys.executable, "manage.py", "shell", "-v0", "-c", code], env=env, check=True)
    return {"seconds": round(time.monotonic() - started, 1), "us_of_cpu": _used(before, postmaster, count)}


def _cpu(postmaster: psutil.Process) -> tuple[float, float]:
    """The seconds of our processes that have ended, and of PostgreSQL's."""
    own, server = psutil.Process().cpu_times(), postmaster.cpu_times()
    return own.children_user + own.children_system, server.children_user + server.children_system


def _used(before: tuple[float, float], postmaster: psutil.Process, count: int) -> dict[str, int]:
    time.sleep(1)  # until the server's process has ended
    after = _cpu(postmaster)
    names = ("python", "postgresql")
    return {name: round((end - start) / count * 1e6) for name, start, end in zip(names, before, after, strict=True)}


class _SumOfMemory(PeakMemory):
    """The largest memory of a process and its children together."""

    def __init__(self, process: psutil.Process) -> None:
        super().__init__([process])
        self.sum = 0

    def _watch(self) -> None:
        process = self.processes[0]
        while not self._over.wait(0.1):
            with suppress(psutil.NoSuchProcess):
                each = (process, *process.children(recursive=True))
                self.sum = max(self.sum, sum(one.memory_info().rss for one in each))

    @property
    def most(self) -> int:
        return self.sum


def _copied(connection: psycopg.Connection, count: int, *, search: bool, keys: bool, indexes: bool) -> dict[str, Any]:
    server, seconds, cpu = psutil.Process(connection.info.backend_pid), 0.0, 0.0
    for table in TABLES:
        connection.execute("DROP TABLE IF EXISTS copied")
        kind = sql.SQL("INCLUDING ALL" if indexes else "INCLUDING DEFAULTS INCLUDING CONSTRAINTS")
        connection.execute(sql.SQL("CREATE TABLE copied (LIKE {} {})").format(sql.Identifier(table), kind))
        if not search:
            for (name,) in connection.execute(
                "SELECT indexname FROM pg_indexes WHERE tablename = 'copied' AND indexdef LIKE '%trgm%'"
            ).fetchall():
                connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        if keys:
            for (definition,) in connection.execute(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'",
                [table],
            ).fetchall():
                connection.execute(sql.SQL("ALTER TABLE copied ADD {}").format(sql.SQL(definition)))
        with tempfile.TemporaryFile() as rows:
            with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
                for piece in copy:
                    rows.write(piece)
            rows.seek(0)
            started, before = time.monotonic(), sum(server.cpu_times()[:2])
            with connection.cursor().copy("COPY copied FROM STDIN") as copy:
                while piece := rows.read(1 << 20):
                    copy.write(piece)
            seconds, cpu = seconds + time.monotonic() - started, cpu + sum(server.cpu_times()[:2]) - before
    return {"rows_per_second": round(count / seconds), "rows_per_cpu_second": round(count / cpu)}


if __name__ == "__main__":
    raise SystemExit(main())
