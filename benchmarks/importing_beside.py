"""Imports of the same pairs in turns: ours, and Label Studio's.

Ours is `manage.py import_comparisons` with all of its checks, in processes of its own, which start anew at each turn.
Label Studio gets tasks of the same texts through its API, 2,000 at a time, on a PostgreSQL database of its own; its
server is running, and checks little. Neither side indexes texts for search in that time.

    python -m benchmarks.importing_beside                         20,000 pairs, three turns
    python -m benchmarks.importing_beside --venv FOLDER           with an installation of Label Studio that exists

Prints one JSON object: rows a second in each turn, and the ratio of the medians.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg

from benchmarks.importing import CREATE, imported, write_pairs
from benchmarks.load.label_studio import label_studio
from benchmarks.load.pairs import pairs
from benchmarks.load.system import environment, new_database
from config.embedded.__main__ import with_services
from config.embedded.var import VarDirectory

ONE_FOR_EACH_TURN = """
for number in range({turns}):
    create_campaign(name=f"Import {{number}}", acting_user=lead, now=now)
"""


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=20_000)
    parser.add_argument("--turns", type=int, default=3)
    default = VarDirectory.from_environment().path / "benchmarks" / "label-studio"
    parser.add_argument("--venv", type=Path, default=default)
    options = parser.parse_args()
    report: dict[str, Any] = {}
    code = with_services(lambda: report.update(measure(options)), ephemeral=True)
    print(json.dumps(report, indent=1))
    return code


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """The turns of both, one after the other."""
    url = new_database(os.environ["DATABASE_URL"], "importing_beside")
    env = environment({"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"})
    create = CREATE + ONE_FOR_EACH_TURN.format(turns=options.turns)
    for command in (["migrate", "-v0"], ["shell", "-v0", "-c", create]):
        subprocess.run([sys.executable, "manage.py", *command], env=env, check=True)
    with psycopg.connect(url) as connection:
        postmaster = psutil.Process(connection.info.backend_pid).parent()
    theirs_url = new_database(os.environ["DATABASE_URL"], "importing_beside_label_studio")
    records = list(pairs(options.pairs))
    ours: list[int] = []
    theirs: list[int] = []
    with tempfile.TemporaryDirectory() as folder, label_studio(theirs_url, Path(folder), options.venv) as system:
        file = write_pairs(Path(folder) / "pairs.jsonl", options.pairs)
        for turn in range(options.turns):
            campaign = f"import-{turn}"
            ours.append(imported(file, env, options.pairs, postmaster, campaign=campaign)["rows_per_second"])
            started = time.monotonic()
            system.add_pairs(f"Import {turn}", records, overlap=1, annotators=0)
            theirs.append(round(options.pairs / (time.monotonic() - started)))
            print(f"turn {turn + 1}: {ours[-1]:,} and {theirs[-1]:,} rows/s", file=sys.stderr, flush=True)
        version = system.version
    return {
        "pairs": options.pairs,
        "ours, rows/s": ours,
        f"Label Studio {version}, rows/s": theirs,
        "ratio": round(statistics.median(ours) / statistics.median(theirs), 2),
        "load": round(os.getloadavg()[0], 1),
    }


if __name__ == "__main__":
    raise SystemExit(main())
