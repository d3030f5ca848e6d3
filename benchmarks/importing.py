"""The rate and the memory of an import, beside PostgreSQL's own COPY of the same rows.

`manage.py import_comparisons` reads a file of synthetic pairs (a prompt of 30 words, two completions of 40 to 200) in a
process of its own. Then the rows that it wrote are copied, in a statement for each table, into tables with the same
columns: without indexes, with all but the two that pages search texts by, with all, and with the foreign keys too. An
import's time beyond the last is that of reading and checking; search costs the difference of the second and the third.

    python -m benchmarks.importing                     100,000 pairs, about 5 minutes
    python -m benchmarks.importing --pairs 1000000

Prints one JSON object; seconds of CPU as well, because these are the same on a busy machine.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
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
        file = Path(folder) / "pairs.jsonl"
        with file.open("w") as out:
            for one in pairs(count):
                record = {"id": one["id"], "prompt": one["prompt"], "chosen": one["first"], "rejected": one["second"]}
                out.write(json.dumps(record) + "\n")
        report: dict[str, Any] = {"pairs": count, "bytes": file.stat().st_size, "import": _imported(file, env, count)}
    with psycopg.connect(url, autocommit=True) as connection:
        for name, search, keys, indexes in (
            ("copy, no index", False, False, False),
            ("copy, indexes but those of search", False, False, True),
            ("copy, all indexes", True, False, True),
            ("copy, all indexes and foreign keys", True, True, True),
        ):
            report[name] = _copied(connection, count, search=search, keys=keys, indexes=indexes)
    return report


def _imported(file: Path, env: dict[str, str], count: int) -> dict[str, Any]:
    command = [sys.executable, "manage.py", "import_comparisons", "import", str(file), "--json"]
    started = time.monotonic()
    process = psutil.Popen(command, env=env, stdout=subprocess.PIPE)
    with PeakMemory([process]) as memory:
        output = process.stdout.read()
    code, seconds = process.wait(), time.monotonic() - started
    report = json.loads(output)
    if code or report["created"] != count:
        raise RuntimeError(f"The import ended with {code}: {report}")
    return {"rows_per_second": round(count / seconds), "seconds": round(seconds, 1), "peak_mib": memory.most >> 20}


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
