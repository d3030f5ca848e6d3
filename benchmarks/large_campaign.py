"""One large campaign from end to end: a file in, a judgment of each pair, exports out, and the pages in between.

The file is imported by `manage.py import_comparisons --keep-preferences`, the job in the background puts the texts into
the indexes of search, and one annotator judges every pair as the file prefers (rows written by SQL, as thousands of
people would take days). Then a server as in production answers: the first byte and the whole of each export, and the
pages of the campaign. Progress goes to stderr.

    python -m benchmarks.large_campaign                     100,000 pairs, about 10 minutes
    python -m benchmarks.large_campaign --pairs 1000000     an hour or more; --unindexed leaves out its longest step

Prints one JSON object. Others may use the machine too: `load` is its load average at the end of a step.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import psycopg

from benchmarks.export import ASSIGNMENTS, JUDGMENTS, export_server
from benchmarks.importing import imported, indexed, write_pairs
from benchmarks.load.system import PeakMemory, environment, new_database
from config.embedded.__main__ import with_services

CREATE = """
from django.test import Client
from django.utils import timezone
from labeling.actions.campaigns import create_campaign
from labeling.actions.people import create_token, create_user
now = timezone.now()
lead = create_user(username="lead", role="lead", password=None, acting_user=None, now=now)[0]
create_campaign(name="Import", acting_user=lead, now=now)
client = Client()
client.force_login(lead)
cookie = next(iter(client.cookies.values()))
print(lead.pk, f"{cookie.key}={cookie.value}", create_token(user=lead, name="benchmark", acting_user=lead, now=now)[1])
"""
DIALECTS = ("trl", "full", "csv", "parquet")
PAGES = (
    *("", "comparisons/", "comparisons/?q=kitchen", "comparisons/?page=900", "prompts/", "verdicts/", "disagreements/"),
    *("adjudication/", "statistics/", "people/", "events/", "data/", "data/export/", "data/imports/1/", "settings/"),
)
TRIES = 5


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--unindexed", action="store_true", help="leave the texts out of the indexes of search")
    parser.add_argument("--dialects", nargs="+", choices=DIALECTS, default=DIALECTS, help="of the exports")
    options = parser.parse_args()
    report: dict[str, Any] = {"pairs": options.pairs}
    try:
        return with_services(lambda: measure(options, report), ephemeral=True)
    finally:
        print(json.dumps(report, indent=1))


def measure(options: argparse.Namespace, report: dict[str, Any]) -> None:
    """All steps, into the report: a run that is stopped has those that it reached."""
    url = new_database(os.environ["DATABASE_URL"], "large_campaign")
    env = environment({"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"})
    for command in (["migrate", "-v0"], ["collectstatic", "--noinput", "-v0"]):
        subprocess.run([sys.executable, "manage.py", *command], env=env, check=True)
    shell = [sys.executable, "manage.py", "shell", "-v0", "-c", CREATE]
    lead, cookie, key = subprocess.run(shell, env=env, check=True, capture_output=True, text=True).stdout.split()
    with psycopg.connect(url, autocommit=True) as connection:
        postmaster = psutil.Process(connection.info.backend_pid).parent()
        with tempfile.TemporaryDirectory() as folder:
            file = write_pairs(Path(folder) / "pairs.jsonl", options.pairs)
            report["import"] = imported(file, env, options.pairs, postmaster, "--keep-preferences") | _load()
        if not options.unindexed:
            report["index texts"] = indexed(env, options.pairs, postmaster) | _load()
        started = time.monotonic()
        connection.execute(ASSIGNMENTS, [lead])
        connection.execute(JUDGMENTS)
        connection.execute("VACUUM ANALYZE")
        report["judgments"] = {"seconds": round(time.monotonic() - started, 1)} | _load()
    with export_server(url) as (address, worker):
        for dialect in options.dialects:
            report[f"export {dialect}"] = _exported(address, key, dialect, worker) | _load()
        report["pages, ms"] = {
            page or "overview": _timed(f"{address}/campaigns/import/{page}", cookie) for page in PAGES
        }
        report["pages, ms"] |= _load()


def _load() -> dict[str, float]:
    return {"load": round(os.getloadavg()[0], 1)}


def _exported(address: str, key: str, dialect: str, worker: psutil.Process) -> dict[str, Any]:
    print(f"export {dialect}", file=sys.stderr, flush=True)
    request = urllib.request.Request(f"{address}/api/v1/campaigns/import/export/?dialect={dialect}")
    request.add_header("Authorization", f"Bearer {key}")
    started, size = time.monotonic(), 1
    with PeakMemory([worker]) as memory, urllib.request.urlopen(request) as answer:
        answer.read(1)
        first = time.monotonic() - started
        while piece := answer.read(1 << 16):
            size += len(piece)
    figures = {"first_byte_ms": round(first * 1000), "seconds": round(time.monotonic() - started, 1), "bytes": size}
    return figures | {"peak_mib": memory.most >> 20, "grown_mib": memory.growth >> 20}


def _timed(address: str, cookie: str) -> dict[str, int]:
    """The median and the longest of some loads of a page, after one that fills caches of the process."""
    request = urllib.request.Request(address, headers={"Cookie": cookie})
    times = []
    for _ in range(TRIES + 1):
        started = time.monotonic()
        with urllib.request.urlopen(request) as answer:
            answer.read()
            if "sign-in" in answer.url:
                raise RuntimeError(f"{address} asks for a sign-in")
        times.append(round((time.monotonic() - started) * 1000))
    return {"first": times[0], "median": round(statistics.median(times[1:])), "longest": max(times[1:])}


if __name__ == "__main__":
    raise SystemExit(main())
