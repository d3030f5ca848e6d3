"""The healthcare suite on the base model and on versions that learned a clinic's preferences.

The preferences (`benchmarks.healthcare.situations`) are imported into a campaign as decided pairs, and the product's
commands do the rest: `manage.py train`, `suite run` for the base and each version, on the healthcare suite and on the
general one, and `suite compare`. Prints one JSON object, and to stderr the table with the texts of what was lost.

    python -m benchmarks.healthcare                          the default settings, seed 0
    python -m benchmarks.healthcare --seeds 0 1 2 --set epochs=1
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.healthcare.situations import preferences
from benchmarks.load.system import environment, new_database
from config.embedded.__main__ import with_services
from training.evaluation.suites import MUST_HOLD

CREATE = """
from django.utils import timezone
from labeling.actions.campaigns import create_campaign
from labeling.actions.people import create_user
from training.actions.base_model import ensure_base_version
now = timezone.now()
lead = create_user(username="lead", role="lead", password=None, acting_user=None, now=now)[0]
create_campaign(name="Clinic", acting_user=lead, now=now)
print(ensure_base_version(now=now, say=lambda line: None).name)
"""
SUITES = ("healthcare-scheduling", "general-assistant")


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--set", dest="config", action="append", default=[], metavar="FIELD=VALUE")
    options = parser.parse_args()
    report: dict[str, Any] = {"settings": options.config}
    try:
        return with_services(lambda: measure(options, report), ephemeral=True)
    finally:
        print(json.dumps(report, indent=1))


def measure(options: argparse.Namespace, report: dict[str, Any]) -> None:
    """All steps, into the report: one that is stopped has those that it reached."""
    url = new_database(os.environ["DATABASE_URL"], "healthcare")
    env = environment({"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONWARNINGS": "ignore"})
    managed(env, "migrate", "-v0")
    base = managed(env, "shell", "-v0", "-c", CREATE).split()[-1]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "preferences.jsonl"
        file.write_text("".join(json.dumps(one) + "\n" for one in preferences()), encoding="utf-8")
        managed(env, "import_comparisons", "clinic", str(file), "--keep-preferences")
    for name in SUITES:
        managed(env, "suite", "import", "clinic", name.replace("-", "_"))
    report["base"] = {name: suite_run(env, name, base) for name in SUITES}
    for seed in options.seeds:
        settings = [part for each in (*options.config, f"seed={seed}") for part in ("--set", each)]
        run = json.loads(managed(env, "train", "clinic", "--parent", base, *settings, "--here", "--json"))
        runs = {name: suite_run(env, name, run["version"]) for name in SUITES}
        report[run["version"]] = {"seed": seed, "metrics": run["metrics"], **runs}
        for name in SUITES:
            before, after = (report[version][name]["id"] for version in ("base", run["version"]))
            changed = json.loads(managed(env, "suite", "compare", str(before), str(after), "--json"))
            runs[name]["changes"] = with_texts(url, changed)
        print_tables(report["base"], runs, run["version"])


def managed(env: dict[str, str], *arguments: str) -> str:
    """The output of a command of manage.py. Raises CalledProcessError."""
    print("manage.py", *(each for each in arguments if "\n" not in each), file=sys.stderr, flush=True)
    called = subprocess.run([sys.executable, "manage.py", *arguments], env=env, check=True, capture_output=True)
    return called.stdout.decode()


def suite_run(env: dict[str, str], suite: str, version: str) -> dict[str, Any]:
    """A version's run on a suite."""
    found: dict[str, Any] = json.loads(managed(env, "suite", "run", "clinic", suite, version, "--here", "--json"))
    return found


def with_texts(url: str, changed: dict[str, Any]) -> dict[str, Any]:
    """The changes between two runs, with the tag and both answers of each lost and won scenario."""
    found: dict[str, Any] = {"same": len(changed["same"]), "open": changed["open"]}
    with psycopg.connect(url) as connection:
        for kind in ("lost", "won"):
            rows = connection.execute(
                """
                SELECT before.scenario, before.tag, before.text, after.text
                FROM training_scenarioresult before JOIN training_scenarioresult after USING (scenario)
                WHERE before.run_id = %s AND after.run_id = %s AND before.scenario = ANY(%s)
                ORDER BY before.scenario
                """,
                [changed["before"], changed["after"], changed[kind]],
            )
            found[kind] = [dict(zip(("id", "tag", "before", "after"), row, strict=True)) for row in rows]
    return found


def print_tables(base: dict[str, Any], runs: dict[str, Any], version: str) -> None:
    """Both versions side by side by tag, and what the default gate says."""
    say = [""]
    for name in SUITES:
        say += [f"{name}: passed of decided", f"{'tag':20} {'base':>10} {version:>20}"]
        for tag, now in runs[name]["figures"].items():
            then = base[name]["figures"][tag]
            shown = [f"{each['passed']} of {each['passed'] + each['failed']}" for each in (then, now)]
            say.append(f"{tag:20} {shown[0]:>10} {shown[1]:>20}")
        say += [f"lost {one['id']} ({one['tag']}): {one['after']!r}" for one in runs[name]["changes"]["lost"]]
    lost = [one["id"] for name in SUITES for one in runs[name]["changes"]["lost"] if one["tag"] in MUST_HOLD]
    say.append(f"The default gate {'holds it back: lost ' + ', '.join(lost) if lost else 'has no word against it'}.")
    print("\n".join(say), file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
