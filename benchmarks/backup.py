"""Is every judgment that was acknowledged before a backup in it, and does the restored installation go on?

Annotators judge over the API without pauses. Meanwhile `manage.py backup` writes an encrypted archive, which
`manage.py restore` brings into an empty database and an empty data directory. Every judgment acknowledged before the
command began must be there, every restored row must be the same as the original one, and the server on the restored
database must take the next judgment. The exit code is 1 if anything is wrong.

    python -m benchmarks.backup                    about 3 minutes on 2 cores
    python -m benchmarks.backup --seconds 20 --annotators 2
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from benchmarks.load.chosen import ChosenAnnotator, chosen, serving
from benchmarks.load.driver import Load, put_under_load
from benchmarks.load.pairs import pairs
from benchmarks.load.system import environment, new_database
from config.embedded.__main__ import with_services

PAIRS, OVERLAP = 3000, 2
BEFORE = 0.25
"""The share of the time after which the backup begins."""

TABLES = ("labeling_judgment", "labeling_prompt", "labeling_completion")
"""Tables whose rows do not change while people judge."""

ROWS = "SELECT id, md5(t::text) FROM {} AS t"


class Noting(ChosenAnnotator):
    """An annotator who notes when each judgment was acknowledged."""

    acknowledged: list[tuple[float, int]]

    def judge_one(self) -> bool:
        """See Annotator."""
        number = self.assignment["id"] if self.assignment else 0
        is_judged = super().judge_one()
        if is_judged:
            self.acknowledged.append((time.monotonic(), number))
        return is_judged


def main() -> int:
    """The command line; 0 if there were judgments before the backup, none failed, and none is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="how long the annotators judge")
    parser.add_argument("--annotators", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report: dict[str, Any] = {}
    code = with_services(lambda: report.update(measure(options)), ephemeral=True)
    print(json.dumps(report) if options.json else in_words(report))
    is_shown = report["before"] and not report["errors"] and report["goes_on"]
    return code or int(report["missing"] > 0 or report["other_rows"] > 0 or not is_shown)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Judges, backs up in the middle, restores, and compares."""
    with tempfile.TemporaryDirectory(prefix="backup-") as name:
        folder = Path(name)
        here, there = (new_database(os.environ["DATABASE_URL"], f"backup_{which}") for which in ("from", "to"))
        with chosen(here, folder) as system:
            slug = system.add_pairs("Backup", list(pairs(PAIRS)), overlap=OVERLAP, annotators=options.annotators)
            annotators = [Noting(system.port, token, slug) for token in system.tokens]
            for one in annotators:
                one.acknowledged = []
            began, took, load = _while_they_judge(annotators, options.seconds, here, folder)
        started = time.monotonic()
        _manage(there, folder / "there", "restore", folder / "chosen.backup", "--key", folder / "key")
        restoring = time.monotonic() - started
        acknowledged = [moment for one in annotators for moment in one.acknowledged]
        before = {number for at, number in acknowledged if at < began}
        restored, others = _assignments(there), sum(_other_rows(here, there, table) for table in TABLES)
        with serving(there, folder) as (port, _):
            goes_on = ChosenAnnotator(port, system.tokens[0], slug).judge_one()
        return {
            "judgments": load.judgments,
            "errors": load.errors,
            "median_ms": load.percentile(50),
            "slowest_ms": load.percentile(100),
            "before": len(before),
            "missing": len(before - restored),
            "restored": len(restored),
            "other_rows": others,
            "backup_seconds": took,
            "backup_bytes": (folder / "chosen.backup").stat().st_size,
            "restore_seconds": restoring,
            "goes_on": goes_on,
        }


def _while_they_judge(annotators: list[Noting], seconds: float, url: str, folder: Path) -> tuple[float, float, Load]:
    """When the backup began, how long it took, and the load meanwhile."""
    public = _manage(url, folder / "here", "backup", "--new-key", folder / "key").split()[-1]
    loads: list[Load] = []
    judging = threading.Thread(target=lambda: loads.append(put_under_load(annotators, seconds)))
    judging.start()
    time.sleep(seconds * BEFORE)
    began = time.monotonic()
    _manage(url, folder / "here", "backup", folder / "chosen.backup", "--recipient", public)
    took = time.monotonic() - began
    judging.join()
    return began, took, loads[0]


def _manage(url: str, var: Path, *arguments: object) -> str:
    """A command of the installation with this database and this data directory."""
    command = [sys.executable, "manage.py", *map(str, arguments)]
    env = environment({"DATABASE_URL": url, "CHOSEN_VAR": str(var)})
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stderr[-2000:]}")
    return done.stdout


def _assignments(url: str) -> set[int]:
    """The assignments that have a judgment."""
    with psycopg.connect(url) as connection:
        return {number for (number,) in connection.execute("SELECT assignment_id FROM labeling_judgment")}


def _other_rows(here: str, there: str, table: str) -> int:
    """How many restored rows are not the same as the original ones. Rows may have come since the backup."""
    rows = []
    for url in (here, there):
        with psycopg.connect(url) as connection:
            rows.append(set(connection.execute(sql.SQL(ROWS).format(sql.Identifier(table))).fetchall()))
    return len(rows[1] - rows[0])


def in_words(report: dict[str, Any]) -> str:
    """The report, a sentence a line."""
    return (
        f"{report['judgments']} judgments were acknowledged, {len(report['errors'])} failed "
        f"(median {report['median_ms']:.0f} ms, slowest {report['slowest_ms']:.0f} ms).\n"
        f"The backup took {report['backup_seconds']:.1f} s and {report['backup_bytes'] / 1e6:.1f} MB, "
        f"the restore {report['restore_seconds']:.1f} s.\n"
        f"Acknowledged before the backup: {report['before']}, of which {report['missing']} are missing. "
        f"Restored: {report['restored']}.\n"
        f"Restored rows that differ from the original ones: {report['other_rows']}.\n"
        f"The restored installation {'took' if report['goes_on'] else 'did NOT take'} the next judgment."
    )


if __name__ == "__main__":
    sys.exit(main())
