"""One large campaign from end to end: a file in, a judgment of each pair, exports out, and the pages in between.

The file is imported by `manage.py import_comparisons --keep-preferences`, the job in the background puts the texts into
the indexes of search, and fifty annotators judge every pair once as the file prefers, over 60 days (rows written by
SQL). Then a server as in production answers: the first byte and the whole of each export, and the
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

from benchmarks.export import export_server
from benchmarks.importing import imported, indexed, write_pairs
from benchmarks.load.system import PeakMemory, environment, new_database
from config.embedded.__main__ import with_services

CREATE = """
from django.test import Client
from django.utils import timezone
from labeling.actions.campaigns import create_campaign
from labeling.actions.members import add_member
from labeling.actions.people import create_token, create_user
now = timezone.now()
lead = create_user(username="lead", role="lead", password=None, acting_user=None, now=now)[0]
campaign = create_campaign(name="Import", acting_user=lead, now=now)
for number in range(50):
    user = create_user(username=f"annotator{number}", role="annotator", password=None, acting_user=None, now=now)[0]
    add_member(campaign=campaign, user=user, role="annotator", acting_user=lead, now=now)
client = Client()
client.force_login(lead)
cookie = next(iter(client.cookies.values()))
print(f"{cookie.key}={cookie.value}", create_token(user=lead, name="benchmark", acting_user=lead, now=now)[1])
"""
JUDGE = (
    """
    CREATE TEMPORARY TABLE said AS SELECT comparison.id, comparison.campaign_id, verdict.winner,
        (SELECT array_agg(user_id ORDER BY user_id) FROM labeling_membership WHERE role = 'annotator')
            [1 + comparison.id % 50] AS annotator_id,
        now() - interval '60 days' * (max(comparison.id) OVER () - comparison.id) / count(*) OVER () AS at
    FROM labeling_comparison comparison JOIN labeling_verdict verdict ON verdict.comparison_id = comparison.id
    """,
    """
    INSERT INTO labeling_assignment
        (comparison_id, campaign_id, annotator_id, kind, slot, "left", status, leased_at, expires_at)
    SELECT id, campaign_id, annotator_id, 'normal', 1, CASE WHEN id % 3 = 0 THEN 'a' ELSE 'b' END, 'judged', at, at
    FROM said
    """,
    """
    INSERT INTO labeling_judgment (assignment_id, comparison_id, campaign_id, annotator_id, kind, choice, criteria,
        comment, edit, skip_reason, flag, seconds, "left", key, created_at)
    SELECT a.id, a.comparison_id, a.campaign_id, a.annotator_id, 'normal', said.winner, '{}', '', '', '', '',
        2 + a.id % 60, a."left", a.id::text, said.at
    FROM labeling_assignment a JOIN said ON said.id = a.comparison_id
    """,
    """
    UPDATE labeling_comparison SET judged = 1, taken = 1, votes_a = (said.winner = 'a')::int,
        votes_b = (said.winner = 'b')::int, votes_tie = (said.winner = 'tie')::int
    FROM said WHERE said.id = labeling_comparison.id
    """,
    "UPDATE labeling_campaigntally SET judgments = comparisons, wanted = comparisons",
    "UPDATE labeling_membership SET judged = (SELECT count(*) FROM said WHERE annotator_id = user_id)",
)
DIALECTS = ("trl", "full", "csv", "parquet")
HERE = "/campaigns/import/"
PAGES = (
    *("/", "/inbox/", "/versions/", HERE),
    *(HERE + page for page in ("comparisons/", "comparisons/?q=kitchen", "comparisons/?page=900")),
    *(HERE + f"comparisons/?sort={order}" for order in ("oldest", "confidence", "agreement")),
    *(HERE + page for page in ("comparisons/?status=settled", "comparisons/1000/", "prompts/", "prompts/1000/")),
    *(HERE + page for page in ("verdicts/", "verdicts/?winner=a", "disagreements/", "adjudication/", "flags/")),
    *(HERE + page for page in ("questions/", "statistics/", "people/", "people/annotator7/", "invitations/")),
    *(HERE + page for page in ("guidelines/", "practice/", "events/", "data/", "data/export/", "data/imports/1/")),
    *(HERE + page for page in ("settings/", "webhooks/", "rounds/", "gate/", "people-gates/", "snapshots/", "suites/")),
    *(HERE + page for page in ("annotate/", "judgments/", "preview/")),
)
"""The pages of a lead; runs and rounds of training are as long in a small campaign."""

API = "/api/v1/campaigns/import/"
LISTS = ("", "members/", "prompts/", "comparisons/", "judgments/", "questions/", "batches/", "events/", "progress/")
COUNT = """
from labeling.models import KeptCounts
from labeling.actions.counting import count_statistics
print(count_statistics(KeptCounts.objects.get().pk))
"""
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
    cookie, key = subprocess.run(shell, env=env, check=True, capture_output=True, text=True).stdout.split()
    with psycopg.connect(url, autocommit=True) as connection:
        postmaster = psutil.Process(connection.info.backend_pid).parent()
        with tempfile.TemporaryDirectory() as folder:
            file = write_pairs(Path(folder) / "pairs.jsonl", options.pairs)
            report["import"] = imported(file, env, options.pairs, postmaster, "--keep-preferences") | _load()
        if not options.unindexed:
            report["index texts"] = indexed(env, options.pairs, postmaster) | _load()
        started = time.monotonic()
        for statement in (*JUDGE, "VACUUM ANALYZE"):
            connection.execute(statement)
        report["judgments"] = {"seconds": round(time.monotonic() - started, 1)} | _load()
    with export_server(url) as (address, worker):
        for dialect in options.dialects:
            report[f"export {dialect}"] = _exported(address, key, dialect, worker) | _load()
        measure_pages(address, cookie, env, report, _Cpu(worker, postmaster))


class _Cpu:
    """The CPU time of the web server and of PostgreSQL, with its processes that have ended. On idle cores, a page that
    waits for nothing else takes about as long."""

    def __init__(self, worker: psutil.Process, postmaster: psutil.Process) -> None:
        self.worker, self.postmaster = worker, postmaster

    def seconds(self) -> float:
        """Until now."""
        ended = self.postmaster.cpu_times()
        living = [one.cpu_times() for one in (self.worker, *self.postmaster.children(recursive=True))]
        own = sum(each.user + each.system for each in (*living, ended))
        return float(own + ended.children_user + ended.children_system)


def measure_pages(address: str, cookie: str, env: dict[str, str], report: dict[str, Any], cpu: _Cpu) -> None:
    """The pages, the first pages of the API's lists, and the statistics before and after a worker has counted."""
    first = _timed(f"{address}{HERE}statistics/", cookie, cpu)
    started = time.monotonic()
    subprocess.run([sys.executable, "manage.py", "shell", "-v0", "-c", COUNT], env=env, check=True)
    counting = {"first look, ms": first, "a worker counts, s": round(time.monotonic() - started, 1)}
    report["statistics"] = counting | _load()
    addresses = (*PAGES, *(API + page for page in LISTS))
    report["pages, ms"] = {page: _timed(address + page, cookie, cpu) for page in addresses} | _load()


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


def _timed(address: str, cookie: str, cpu: _Cpu) -> dict[str, int]:
    """The first load of a page, which fills caches of the process; of some more the median, the longest and the CPU."""
    request = urllib.request.Request(address, headers={"Cookie": cookie})
    times = []
    for number in range(TRIES + 1):
        if number == 1:
            before = cpu.seconds()
        started = time.monotonic()
        with urllib.request.urlopen(request) as answer:
            answer.read()
            if "sign-in" in answer.url:
                raise RuntimeError(f"{address} asks for a sign-in")
        times.append(round((time.monotonic() - started) * 1000))
    used = round((cpu.seconds() - before) / TRIES * 1000)
    return {"first": times[0], "median": round(statistics.median(times[1:])), "longest": max(times[1:]), "cpu": used}


if __name__ == "__main__":
    raise SystemExit(main())
