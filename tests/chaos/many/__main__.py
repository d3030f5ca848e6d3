"""Faults of many kinds, in an order by seed, while 16 people label and the loop trains and generates.

Nothing acknowledged may be lost, doubled or judged too often, no job may stay stuck, and every run has to end in the
same adapter as one that nobody disturbed. Prints the median and the worst recovery of each kind; the exit code is 1
if anything is wrong. A platform of its own is started in a new folder, and only its processes are ended.

    make test-chaos                                    200 faults of all kinds
    make test-chaos FAULTS=32 SEED=7                   every kind once
    python -m tests.chaos.many --kinds "the engine,the database" --faults 20
"""

import argparse
import json
import random
import signal
import socket
import statistics
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.chaos.many.clients import Client
from tests.chaos.many.kinds import KINDS
from tests.chaos.many.loop import ENDED, Loop
from tests.chaos.many.watch import IdleWatch
from tests.chaos.many.world import NotNow, World
from tests.small_disk import small_disk
from tests.training.tiny import write_tiny_model

PATIENCE_SECONDS = 300.0
"""A platform that has not recovered by then is stuck."""

SUPPLY, ENOUGH = 2_000, 400
WRONG = ("over_labeled", "lost", "double_counted", "judged_twice", "totals_wrong", "other_choice", "written_twice")


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of the order of the faults, and of what they hit")
    parser.add_argument("--kinds", default="", help="names, with commas between them; by default all")
    parser.add_argument("--minutes", type=float, default=180, help="no fault begins after this time")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args()
    kinds = [name.strip() for name in options.kinds.split(",") if name.strip()] or list(KINDS)
    if unknown := [name for name in kinds if name not in KINDS]:
        parser.error(f"no such kind: {', '.join(unknown)}. Known are: {', '.join(KINDS)}")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(130))  # leaves nothing running
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        try:
            disk = stack.enter_context(small_disk(folder / "disk", megabytes=1500))
        except pytest.skip.Exception as refused:
            _say(str(refused))
            disk = None
        world = World(disk or folder, _free_port(), disk, options.seed)
        stack.callback(world.stop)
        report = run(world, order_of(kinds, options.faults, options.seed), 60 * options.minutes)
    print(json.dumps(report, indent=1) if options.json else in_words(report))
    return int(bool(report["wrong"]))


def order_of(kinds: list[str], faults: int, seed: int) -> list[str]:
    """Each kind equally often, as far as the number allows, in an order by the seed."""
    chance = random.Random(seed)
    order: list[str] = []
    while len(order) < faults:
        order += chance.sample(kinds, len(kinds))
    return order[:faults]


def run(world: World, order: list[str], seconds: float) -> dict[str, Any]:
    """The whole test."""
    began = time.monotonic()
    world.start()
    model = write_tiny_model(world.folder / "tiny-base")
    world.stage = json.loads(world.python("-m", "tests.chaos.many.stage", str(model)).splitlines()[-1])
    _supply(world)
    loops = [Loop(world, "run"), Loop(world, "generation")]
    _say("A run that nobody disturbs ...")
    for loop in loops:
        loop.start()
    world.wait_until(lambda: bool(loops[0].ended) or bool(loops[0].trouble), "an undisturbed run", 900)
    world.clients = [Client(world.port, token, "judged", number) for number, token in enumerate(world.stage["clients"])]
    for client in world.clients:
        client.start()
    watch = IdleWatch(world)
    watch.start()
    recoveries: dict[str, list[float]] = defaultdict(list)
    left_out: dict[str, str] = {}
    stuck: list[str] = []
    for number, kind in enumerate(order, start=1):
        if time.monotonic() - began > seconds:
            break
        try:
            took = strike(world, kind, loops)
        except NotNow as reason:
            left_out[kind] = str(reason)
            _say(f"{number:>4}  {kind}: left out, {reason}")
            continue
        except Exception as error:
            took = None
            _say(traceback.format_exc())
            stuck.append(f"{kind}: {error}")
        if took is not None:
            recoveries[kind].append(took)
            _say(f"{number:>4}  {kind}: {took:.1f} s")
        try:
            _supply(world)
        except Exception as error:  # the report says what was seen until now
            _say(traceback.format_exc())
            stuck.append(f"after {kind}: {error}")
            break
    watch.over.set()
    report = finish(world, loops, stuck)
    shown = {
        kind: {"times": len(all_), "median": statistics.median(all_), "worst": max(all_)}
        for kind, all_ in recoveries.items()
    }
    return {
        "faults": sum(map(len, recoveries.values())),
        "kinds": shown,
        "left_out": {kind: why for kind, why in left_out.items() if kind not in recoveries},
        "minutes": round((time.monotonic() - began) / 60, 1),
        "idle_transactions": watch.longest,
        **report,
    }


def strike(world: World, kind: str, loops: list[Loop]) -> float:
    """One fault; returns the seconds that the platform needed afterwards. Raises TimeoutError and NotNow."""
    KINDS[kind](world)
    over = time.monotonic()
    world.wait_until(world.is_whole, "the programs run again", PATIENCE_SECONDS)
    places = [loop.place() for loop in loops]
    world.wait_until(lambda: all(client.is_well_since(over) for client in world.clients), "all label", PATIENCE_SECONDS)
    for loop, place in zip(loops, places, strict=True):
        world.wait_until(partial(_moved, loop, place), f"the {loop.kind} goes on", PATIENCE_SECONDS)
    for address in world.jobs:
        world.wait_until(partial(_has_ended, world, address), address, PATIENCE_SECONDS)
    world.jobs.clear()
    return time.monotonic() - over


def _moved(loop: Loop, before: tuple[int, ...]) -> bool:
    with suppress(psycopg.Error):
        return loop.place() != before
    return False


def _has_ended(world: World, address: str) -> bool:
    status, job = world.call("GET", address)
    return status == 200 and job["status"] in ENDED


def _supply(world: World) -> None:
    """Enough to judge until the next look."""
    with world.database() as connection:
        row = connection.execute(
            "SELECT count(*) FROM labeling_comparison JOIN labeling_campaign AS c ON c.id = campaign_id "
            "WHERE c.slug = 'judged' AND labeling_comparison.status = 'open'"
        ).fetchone()
    if row is not None and row[0] < ENOUGH:
        number = time.monotonic_ns()
        lines = [
            json.dumps({"prompt": f"What is {number} plus {one}?", "chosen": f"{one}.", "rejected": f"Not {one}."})
            for one in range(SUPPLY)
        ]
        world.until_accepted(
            "POST", "/api/v1/campaigns/judged/comparisons/import/?dialect=trl", "\n".join(lines).encode()
        )


def finish(world: World, loops: list[Loop], stuck: list[str]) -> dict[str, Any]:
    """Lets everything end, and compares the acknowledgements with the database."""
    for worker in (*world.clients, *loops):
        worker.over.set()
    for client in world.clients:
        client.join(PATIENCE_SECONDS)
        stuck += [f"{client.name} never got an answer"] if client.is_alive() else []
    stuck += [f"the last {loop.kind} has not ended" for loop in loops if not loop.finish(2 * PATIENCE_SECONDS)]
    acknowledged = {key: choice for client in world.clients for key, choice in client.acknowledged.items()}
    path = world.folder / "acknowledged.json"
    path.write_text(json.dumps(acknowledged))
    ledger = json.loads(world.python("-m", "tests.chaos.many.ledger", str(path)).splitlines()[-1])
    hashes = _hashes(world)
    wrong = {name: ledger[name] for name in WRONG if ledger[name]}
    wrong |= {"stuck": stuck} if stuck else {}
    wrong |= {"runs that end differently": hashes} if len(set(hashes.values())) != 1 else {}
    wrong |= {"jobs that did not finish": ledger["jobs_failed"]} if ledger["jobs_failed"] else {}
    surprises = [text for client in world.clients for text in client.surprises]
    surprises += [text for loop in loops for text in loop.trouble]
    wrong |= {"unexpected answers": surprises[:20]} if surprises else {}
    return {
        "acknowledged": len(acknowledged),
        "votes": ledger["votes"],
        "answers_500": sum(client.server_errors for client in world.clients),
        "runs": len(hashes),
        "generations": len(loops[1].ended),
        "wrong": wrong,
    }


def _hashes(world: World) -> dict[str, str]:
    with world.database() as connection:
        rows = connection.execute(
            "SELECT v.name, v.content_hash FROM training_modelversion AS v JOIN training_run AS r ON r.id = v.run_id"
        ).fetchall()
    return {str(name): str(content) for name, content in rows}


def in_words(report: dict[str, Any]) -> str:
    """The report as a table."""
    width = max(map(len, report["kinds"]), default=4)
    lines = [f"{'fault':<{width}}  times  median     worst"]
    for kind, figures in sorted(report["kinds"].items(), key=lambda item: -item[1]["worst"]):
        lines.append(f"{kind:<{width}}  {figures['times']:>5}  {figures['median']:>5.1f} s  {figures['worst']:>6.1f} s")
    lines += [f"left out: {kind} ({why})" for kind, why in report["left_out"].items()]
    lines += [
        f"a transaction was idle for {longest} s after: {last}" for last, longest in report["idle_transactions"].items()
    ]
    lines.append(
        f"{report['faults']} faults of {len(report['kinds'])} kinds in {report['minutes']} minutes: "
        f"{report['acknowledged']} judgments acknowledged, {report['runs']} runs, {report['generations']} generations, "
        f"{report['answers_500']} answers of 500."
    )
    lines.append(f"Wrong: {json.dumps(report['wrong'], indent=1)}" if report["wrong"] else "Nothing was wrong.")
    return "\n".join(lines)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
