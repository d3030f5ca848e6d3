"""Damaged files through the API: none may answer with a server error, be half written, or be refused without a reason.

Good files of every dialect and framing are damaged: values of other types, missing and repeated fields, broken JSON and
broken bytes, cut and glued files. Each is imported for real into a campaign. Exit code 1 if one answered 500, wrote
rows and did not report them, reported rows and did not write them, or refused a file or a record without a sentence.

    python -m benchmarks.fuzz_imports                               100,000 files
    python -m benchmarks.fuzz_imports --first 20000 --files 5000    a part of them, on another machine perhaps
    python -m benchmarks.fuzz_imports --files 2000 --seed 7

A file follows from the seed and its number alone, so parts can be run anywhere, in any order. Each block of 500 files
is noted in var/benchmarks/fuzz/SEED.jsonl when it ends: the same call again runs the blocks that are missing, and notes
of other machines can be appended there. Prints one JSON object about all blocks of the range. The files that failed are
kept beside the notes.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.damaged_files import damaged
from benchmarks.load.system import environment, new_database
from config.embedded.__main__ import with_services
from config.embedded.var import VarDirectory

BLOCK = 500
"""Files of one campaign, and the unit that is noted as done."""

WORKER = "--worker"


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000, help="rounded up to whole blocks")
    parser.add_argument("--first", type=int, default=0, help="the number of the first file, rounded down to a block")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--again", action="store_true", help="also run the blocks that are noted as done")
    parser.add_argument(WORKER, type=int, nargs="+", default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker is not None:
        work(options.seed, options.worker)
        return 0
    start = options.first // BLOCK
    wanted = range(start, start + -(-options.files // BLOCK))
    done = {} if options.again else finished_blocks(options.seed)
    missing = [number for number in wanted if number not in done]
    started, code = time.monotonic(), 0
    if missing:
        code = with_services(lambda: run_blocks(options, missing), ephemeral=True)
    report = summary(finished_blocks(options.seed), wanted)
    print(json.dumps(report | {"seconds": round(time.monotonic() - started, 1), "run_now": len(missing)}, indent=1))
    return code or int(bool(report["faults"] or report["missing_blocks"]))


def run_blocks(options: argparse.Namespace, blocks: list[int]) -> None:
    """Shares the blocks out between processes, which note each one when it ends."""
    url = new_database(os.environ["DATABASE_URL"], "fuzz")
    settings = {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings", "API_LIMIT_FILES": "0"}
    env = environment(settings | {"PYTHONWARNINGS": "ignore"})
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], env=env, check=True)
    command = [sys.executable, "-m", "benchmarks.fuzz_imports", "--seed", str(options.seed), WORKER]
    with (_folder() / "log.txt").open("ab") as log:
        workers = [
            subprocess.Popen([*command, *map(str, share)], env=env, stdout=log, stderr=log)
            for number in range(options.processes)
            if (share := blocks[number :: options.processes])
        ]
        for worker in workers:
            worker.wait()


def finished_blocks(seed: int) -> dict[int, dict[str, Any]]:
    """The notes of the blocks that ended, by number; of a block that was run again, the last. A cut line is skipped."""
    notes, path = {}, _folder() / f"{seed}.jsonl"
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            note = json.loads(line)
        except ValueError:
            continue
        notes[note["block"]] = note
    return notes


def summary(notes: dict[int, dict[str, Any]], wanted: range) -> dict[str, Any]:
    """The outcomes of the files of some blocks, and how many of these blocks have not ended."""
    chosen = [notes[number] for number in wanted if number in notes]
    outcomes: Counter[str] = Counter()
    for note in chosen:
        outcomes.update(note["outcomes"])
    return {
        "files": sum(outcomes.values()),
        "outcomes": dict(outcomes),
        "slowest_seconds": max((note["slowest_seconds"] for note in chosen), default=0),
        "missing_blocks": len(wanted) - len(chosen),
        "faults": [fault for note in chosen for fault in note["faults"]],
    }


def work(seed: int, blocks: list[int]) -> None:
    """Imports the files of some blocks, and notes of each how they ended, with the name of each file that failed."""
    import django

    django.setup()
    from django.utils import timezone
    from rest_framework.test import APIClient

    from labeling.actions.people import create_token, create_user

    now = timezone.now()
    lead, _ = create_user(username=f"lead{blocks[0]}", role="lead", password=None, acting_user=None, now=now)
    client = APIClient(raise_request_exception=False)
    client.credentials(
        HTTP_HOST="localhost",
        HTTP_AUTHORIZATION=f"Bearer {create_token(user=lead, name='fuzz', acting_user=lead, now=now)[1]}",
    )
    for number in blocks:
        note = json.dumps(_run_block(client, lead, seed, number))
        with (_folder() / f"{seed}.jsonl").open("a") as notes:
            notes.write(note + "\n")


def _run_block(client: Any, lead: Any, seed: int, number: int) -> dict[str, Any]:
    from django.utils import timezone

    from labeling.actions.campaigns import create_campaign

    outcomes, faults, slowest = Counter[str](), list[str](), 0.0
    campaign = create_campaign(name=f"Fuzz {number}", acting_user=lead, now=timezone.now())
    address = f"/api/v1/campaigns/{campaign.slug}/comparisons/import/"
    for file in range(number * BLOCK, (number + 1) * BLOCK):
        chance = random.Random(f"{seed}/{file}")
        data, before = damaged(chance), rows_of(campaign)
        query = chance.choice(["", "?keep_preferences=true", "?refuse_all=true", "?ranking=all", "?dry_run=true"])
        started = time.monotonic()
        answer = client.post(address + query, data=data, content_type="application/octet-stream")
        slowest = max(slowest, time.monotonic() - started)
        fault = fault_of(answer.status_code, answer.content, before, rows_of(campaign), keeps=query != "?dry_run=true")
        outcomes[str(answer.status_code)] += 1
        if fault:
            faults.append(f"{fault}: {_kept(data, seed, file)} {query}")
    return {"block": number, "outcomes": outcomes, "faults": faults, "slowest_seconds": round(slowest, 2)}


def rows_of(campaign: Any) -> tuple[int, int, int]:
    """How many comparisons, prompts and completions a campaign has."""
    from labeling.models import Comparison, Completion, Prompt

    return (
        Comparison.objects.filter(campaign=campaign).count(),
        Prompt.objects.filter(campaign=campaign).count(),
        Completion.objects.filter(prompt__campaign=campaign).count(),
    )


def fault_of(status: int, content: bytes, before: Any, after: Any, *, keeps: bool) -> str:
    """The fault of an answer; empty: it has none."""
    try:
        report = json.loads(content)
    except ValueError:
        return f"answer {status} is no JSON"
    if status >= 500:
        return f"answer {status}"
    if status >= 400:
        if before != after:
            return f"answer {status}, but rows were written: {before} {after}"
        return "" if report.get("detail") else f"answer {status} without a reason"
    created = report["created"] if keeps else 0
    if after[0] - before[0] != created:
        return f"{created} reported, {after[0] - before[0]} written"
    if not created and before != after:
        return f"nothing reported, but rows were written: {before} {after}"
    silent = [one for one in report["rejected"] if not one["reason"]]
    return "a record was refused without a reason" if silent else ""


def _folder() -> Path:
    folder = VarDirectory.from_environment().path / "benchmarks" / "fuzz"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _kept(data: bytes, seed: int, number: int) -> str:
    path = _folder() / f"{seed}-{number}"
    path.write_bytes(data)
    return str(path)


if __name__ == "__main__":
    raise SystemExit(main())
