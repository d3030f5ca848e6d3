"""The time and the server memory of an export of 10,000 judged pairs over HTTP.

A server process as in production (gunicorn, one worker with threads) on a separate database. Each pair has a prompt and
two completions and is judged by one annotator. Memory is the worker's peak resident memory during an export, and its
growth since the start. Run: `python -m benchmarks.export [--pairs 10000 100000]`. Prints one JSON line for each size
and dialect.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.load.system import PeakMemory, environment, free_port, new_database, server
from config.embedded.__main__ import with_services

DIALECTS = ("trl", "kto", "csv", "arena", "labelstudio", "parquet")
REPEATS = 5
SENTENCE = "the quick brown fox jumps over a lazy dog and goes home to sleep until the sun is up again"
FILL = "--fill"
NO_LIMITS = {"API_LIMIT_FILES": "0"}

ASSIGNMENTS = """
INSERT INTO labeling_assignment
    (comparison_id, campaign_id, annotator_id, kind, slot, "left", status, leased_at, expires_at)
SELECT id, campaign_id, %s, 'normal', 1, 'a', 'judged', now(), now() FROM labeling_comparison
"""
JUDGMENTS = """
INSERT INTO labeling_judgment (assignment_id, comparison_id, campaign_id, annotator_id, kind, choice, criteria,
    comment, edit, skip_reason, flag, "left", key, created_at)
SELECT a.id, a.comparison_id, a.campaign_id, a.annotator_id, 'normal', v.winner, '{}', '', '', '', '', 'a', a.id::text,
    now()
FROM labeling_assignment a JOIN labeling_verdict v ON v.comparison_id = a.comparison_id
"""


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, nargs="+", default=[10_000])
    parser.add_argument(FILL, type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.fill:
        print(fill(options.fill))
        return 0
    return with_services(lambda: measure_all(options.pairs), ephemeral=True)


def measure_all(sizes: list[int]) -> None:
    """Measures each size in a database of its own."""
    for pairs in sizes:
        measure(new_database(os.environ["DATABASE_URL"], f"export_{pairs}"), pairs)


def measure(url: str, pairs: int) -> None:
    """Fills a database and prints a line for each dialect."""
    env = environment({"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings", **NO_LIMITS})
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], env=env, check=True)
    # In a separate process: Django reads the address of the database only once.
    filling = [sys.executable, "-m", "benchmarks.export", FILL, str(pairs)]
    key = subprocess.run(filling, env=env, capture_output=True, text=True, check=True).stdout.split()[-1]
    with export_server(url) as (address, worker):
        for dialect in DIALECTS:
            export(address, key, dialect)  # the first export imports modules
            seconds, growth, size = [], 0, 0
            for _ in range(REPEATS):
                with PeakMemory([worker], every=0.002) as memory:
                    started = time.perf_counter()
                    size = export(address, key, dialect)
                    seconds.append(time.perf_counter() - started)
                growth = max(growth, memory.growth)
            line = {"pairs": pairs, "dialect": dialect, "seconds": round(sorted(seconds)[REPEATS // 2], 3)}
            line |= {"bytes": size, "peak_mib": round(memory.most / 2**20, 1), "grown_mib": round(growth / 2**20, 1)}
            print(json.dumps(line), flush=True)


def fill(count: int) -> str:
    """Creates a campaign with that many judged pairs; returns the key of a token for its export."""
    import django

    django.setup()
    from django.db import connection
    from django.utils import timezone

    from labeling.actions.campaigns import create_campaign
    from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
    from labeling.actions.comparisons import add_comparisons
    from labeling.actions.people import create_token, create_user

    now = timezone.now()
    maya, _ = create_user(username="maya", role="lead", password="correct horse battery", acting_user=None, now=now)
    campaign = create_campaign(name="Export", acting_user=maya, now=now)
    drafts = (
        ComparisonDraft(
            prompt=[{"role": "user", "content": f"Tell me about number {number}."}],
            first=CompletionDraft(_text(number, 3), model_version="one"),
            second=CompletionDraft(_text(number, 5), model_version="two"),
            preference="first",
        )
        for number in range(count)
    )
    add_comparisons(campaign=campaign, drafts=drafts, source="benchmark", acting_user=maya, now=now)
    with connection.cursor() as cursor:
        cursor.execute(ASSIGNMENTS, [maya.pk])
        cursor.execute(JUDGMENTS)
    return create_token(user=maya, name="benchmark", acting_user=maya, now=now)[1]


def _text(number: int, side: int) -> str:
    words = SENTENCE.split()
    text = " ".join(words[(number * side + place) % len(words)] for place in range(120))
    return f"{text} {number} {side}"


@contextmanager
def export_server(url: str) -> Iterator[tuple[str, psutil.Process]]:
    """gunicorn on a database; yields its address and its only worker."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    command += ["--worker-class", "gthread", "--workers", "1", "--threads", "4", "--log-level", "warning"]
    env = environment({"DATABASE_URL": url, "DATABASE_POOL": "true", **NO_LIMITS})
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "server.log"
        with server(command, port=port, path="/healthz", log=log, env=env) as process:
            yield f"http://127.0.0.1:{port}", process.children()[0]


def export(address: str, key: str, dialect: str) -> int:
    """Reads one export to its end; returns the number of bytes."""
    request = urllib.request.Request(f"{address}/api/v1/campaigns/export/export/?dialect={dialect}")
    request.add_header("Authorization", f"Bearer {key}")
    size = 0
    with urllib.request.urlopen(request) as answer:
        while piece := answer.read(1 << 16):
            size += len(piece)
    return size


if __name__ == "__main__":
    raise SystemExit(main())
