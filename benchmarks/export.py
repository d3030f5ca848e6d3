"""How long an export of 10,000 judged pairs takes through HTTP, and how much memory the server needs for it.

A server process like production's (gunicorn, one worker with threads) over a database of its own. The pairs are of one
prompt and two completions each and judged by one annotator. Memory is the worker's peak resident set during an export
over what it had before. Run: `make bench BENCH=export`, or within `python -m config.embedded exec --ephemeral --`:
`python -m benchmarks.export [--pairs 10000 100000]`. One JSON line for each size and dialect.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from benchmarks.load.system import environment, free_port, new_database

DIALECTS = ("trl", "kto", "csv", "arena", "labelstudio", "parquet")
REPEATS = 5

# Runs in a process of its own: Django reads the database's address once.
FILL = """
import sys
import django
django.setup()
from django.db import connection
from django.utils import timezone
from labeling.actions import (ComparisonDraft, CompletionDraft, add_comparisons, change_campaign_status,
    create_campaign, create_token, create_user)
count, now = int(sys.argv[1]), timezone.now()
maya, _ = create_user(username="maya", role="lead", password="correct horse battery", acting_user=None, now=now)
campaign = create_campaign(name="Export", acting_user=maya, now=now)
words = "the quick brown fox jumps over a lazy dog and goes home to sleep until the sun is up again".split()
def text(number, side):
    return " ".join(words[(number * side + k) % len(words)] for k in range(120)) + f" {number} {side}"
drafts = (ComparisonDraft([{"role": "user", "content": f"Tell me about number {number}."}],
    CompletionDraft(text(number, 3), "one"), CompletionDraft(text(number, 5), "two"), preference="first")
    for number in range(count))
add_comparisons(campaign=campaign, drafts=drafts, source="benchmark", acting_user=maya, now=now)
with connection.cursor() as cursor:
    cursor.execute('''
        INSERT INTO labeling_assignment
            (comparison_id, campaign_id, annotator_id, kind, slot, "left", status, leased_at, expires_at)
        SELECT id, campaign_id, %s, 'normal', 1, 'a', 'judged', now(), now() FROM labeling_comparison
    ''', [maya.pk])
    cursor.execute('''
        INSERT INTO labeling_judgment (assignment_id, comparison_id, campaign_id, annotator_id, kind, choice, criteria,
            comment, skip_reason, flag, "left", key, created_at)
        SELECT a.id, a.comparison_id, a.campaign_id, a.annotator_id, 'normal', v.winner, '{}', '', '', '', 'a',
            a.id::text, now()
        FROM labeling_assignment a JOIN labeling_verdict v ON v.comparison_id = a.comparison_id
    ''')
print(create_token(user=maya, name="benchmark", acting_user=maya, now=now)[1])
"""


class Peak:
    """The largest resident set of a process while the block runs, in MiB; sampled every 2 ms."""

    def __init__(self, process: psutil.Process) -> None:
        self.process = process
        self.before: int = process.memory_info().rss
        self.most: int = self.before
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def grown(self) -> float:
        return (self.most - self.before) / 2**20

    def _watch(self) -> None:
        while not self._over.wait(0.002):
            self.most = max(self.most, self.process.memory_info().rss)


@contextmanager
def server(url: str) -> Iterator[tuple[str, psutil.Process]]:
    """gunicorn over a database; its address and its one worker."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    command += ["--worker-class", "gthread", "--workers", "1", "--threads", "4", "--log-level", "warning"]
    process = subprocess.Popen(command, env=environment({"DATABASE_URL": url, "DATABASE_POOL": "true"}))
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/healthz").close()
                break
            except OSError:
                time.sleep(0.1)
        yield address, psutil.Process(process.pid).children()[0]
    finally:
        process.terminate()
        process.wait()


def export(address: str, key: str, dialect: str) -> int:
    """One export, read to its end; returns its bytes."""
    request = urllib.request.Request(f"{address}/api/v1/campaigns/export/export/?dialect={dialect}")
    request.add_header("Authorization", f"Bearer {key}")
    size = 0
    with urllib.request.urlopen(request) as answer:
        while piece := answer.read(1 << 16):
            size += len(piece)
    return size


def measure(url: str, pairs: int) -> None:
    """Fills a database and prints a line for each dialect."""
    env = environment({"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings", "API_LIMIT_FILES": "0"})
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], env=env, check=True)
    filled = subprocess.run(
        [sys.executable, "-c", FILL, str(pairs)], env=env, capture_output=True, text=True, check=True
    )
    key = filled.stdout.split()[-1]
    os.environ["API_LIMIT_FILES"] = "0"
    with server(url) as (address, worker):
        for dialect in DIALECTS:
            export(address, key, dialect)  # the first one imports what it needs
            seconds, grown, size = [], 0.0, 0
            for _ in range(REPEATS):
                with Peak(worker) as peak:
                    started = time.perf_counter()
                    size = export(address, key, dialect)
                    seconds.append(time.perf_counter() - started)
                grown = max(grown, peak.grown)
            line = {"pairs": pairs, "dialect": dialect, "seconds": round(sorted(seconds)[REPEATS // 2], 3)}
            line |= {"bytes": size, "peak_mib": round(peak.most / 2**20, 1), "grown_mib": round(grown, 1)}
            print(json.dumps(line), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, nargs="+", default=[10_000])
    for pairs in parser.parse_args().pairs:
        measure(new_database(os.environ["DATABASE_URL"], f"export_{pairs}"), pairs)


if __name__ == "__main__":
    main()
