"""Damaged files: none may answer with a server error, be half written, or be refused without a reason.

Good files of every dialect and framing are damaged: values of other types, missing and repeated fields, broken JSON and
broken bytes, cut and glued files. Each is imported for real into a campaign: by the API, by the page (preview and
import), or by the command; some are files of whole campaigns. Exit code 1 if one answered 500, wrote
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
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.damaged_files import damaged, damaged_campaign
from benchmarks.load.system import environment, new_database
from config.embedded.__main__ import with_services
from config.embedded.var import VarDirectory

if TYPE_CHECKING:
    from benchmarks.fuzz_ways import Outcome

BLOCK = 500
"""Files of one campaign, and the unit that is noted as done."""

CHOICES = ("", "keep_preferences", "refuse_all", "ranking", "dry_run")
"""The choice of an import beside the defaults; empty: none."""

WAYS = ("api",) * 12 + ("page",) * 4 + ("command",) * 3 + ("campaign",)
"""The ways of an import, each as often as it stands here."""

PROGRAM = re.compile(r"Traceback|Error\b|NoneType|object has no|not subscriptable|unhashable|constraint \"|<class")
"""Words of programs, which a reason has no use for."""

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
    for task in (["migrate", "-v0"], ["collectstatic", "--noinput", "-v0"]):
        subprocess.run([sys.executable, "manage.py", *task], env=env, check=True)
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
    from benchmarks.fuzz_ways import Ways

    ways = Ways(f"lead{blocks[0]}")
    for number in blocks:
        note = json.dumps(_run_block(ways, seed, number))
        with (_folder() / f"{seed}.jsonl").open("a") as notes:
            notes.write(note + "\n")


def _run_block(ways: Any, seed: int, number: int) -> dict[str, Any]:
    outcomes, faults, slowest = Counter[str](), list[str](), 0.0
    ways.new_campaign(f"Fuzz {number}")
    before = ways.rows()
    for file in range(number * BLOCK, (number + 1) * BLOCK):
        chance = random.Random(f"{seed}/{file}")
        data = damaged(chance)
        choice, way = chance.choice(CHOICES), chance.choice(WAYS)
        if way == "campaign":
            data = damaged_campaign(ways.whole, chance)
        started = time.monotonic()
        outcome = ways.imported(way, data, choice)
        slowest = max(slowest, time.monotonic() - started)
        after = ways.rows()
        fault, before = fault_of(outcome, before, after), after
        outcomes[f"{way} {outcome.answer}"] += 1
        if fault:
            faults.append(f"{way}: {fault}: {_kept(data, seed, file)} {choice}")
    return {"block": number, "outcomes": outcomes, "faults": faults, "slowest_seconds": round(slowest, 2)}


def fault_of(outcome: "Outcome", before: Any, after: Any) -> str:
    """The fault of an import; empty: it has none. before, after: how many rows of each kind there were."""
    if outcome.crash or outcome.is_elsewhere:
        return outcome.crash
    if outcome.is_refused:
        if before != after:
            return f"refused, but rows were written: {before} {after}"
        if not outcome.reason:
            return "refused without a reason"
        return f"words of the program: {outcome.reason}" if PROGRAM.search(outcome.reason) else ""
    if after[0] - before[0] != outcome.created:
        return f"{outcome.created} reported, {after[0] - before[0]} written"
    if not outcome.created and before != after:
        return f"nothing reported, but rows were written: {before} {after}"
    return "a record was refused without a reason" if "" in outcome.reasons else ""


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
