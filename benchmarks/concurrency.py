"""Is anything lost, counted twice or judged too often when 64 annotators judge at once and their programs are killed?

64 clients in 4 processes judge on a real PostgreSQL, in campaigns with overlap 1, 2, 3, and adaptive with retests.
Their clock runs 60 times as fast, so that leases expire: some clients pause for longer than a lease. Every client logs
each judgment before sending it, and each acknowledgement. Processes are killed (SIGKILL) at random; the next one reads
the logs of its clients and sends every unacknowledged judgment again, with the same key. At the end the database is
compared with the acknowledgements. The exit code is 1 if anything is wrong.

    python -m benchmarks.concurrency                   about 5 minutes on 2 cores
    python -m benchmarks.concurrency --judgments 2000
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from config.embedded.__main__ import with_services

CLIENTS, PROCESSES, KILLS = 64, 4, 6
SPEED = 60
LEASE_SECONDS = 30
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
AWAY, SKIPS, ERRORS, REPEATS = 0.01, 0.02, 0.25, 0.02
GIVES_UP_AFTER = 60  # attempts without an assignment, each longer than a second of the campaign's clock

MODES: dict[str, dict[str, Any]] = {
    "overlap 1": {"overlap": 1, "prefetch": 0},
    "overlap 2": {"overlap": 2, "prefetch": 2},
    "overlap 3": {"overlap": 3, "prefetch": 0},
    "adaptive 2 to 4": {"overlap": 2, "max_overlap": 4, "retest_rate": 0.05, "retest_after": 5, "prefetch": 0},
}
VOTES_EACH = {"overlap 1": 1.0, "overlap 2": 2.0, "overlap 3": 3.0, "adaptive 2 to 4": 2.5}
WRONG = ("over_labeled", "lost", "double_counted", "judged_twice", "totals_wrong", "unfinished")


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judgments", type=int, default=20_000, help="in all, about")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(json.loads(options.worker))
        return 0
    report: dict[str, Any] = {}
    code = with_services(lambda: report.update(measure(options.judgments)), ephemeral=True)
    if code:
        return code
    print(json.dumps(report, indent=1) if options.json else in_words(report))
    return int(any(mode[name] for mode in report.values() for name in WRONG))


def measure(judgments: int) -> dict[str, Any]:
    """Every mode, one after the other."""
    _django()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return {name: run_mode(name, int(judgments / len(MODES) / VOTES_EACH[name])) for name in MODES}


def run_mode(name: str, comparisons: int) -> dict[str, Any]:
    """One campaign from its first judgment to its last."""
    from labeling.judging.assignments import release_expired_assignments

    _say(f"{name}: {comparisons} comparisons")
    slug = _campaign(name, comparisons)
    chance = random.Random(name)
    with tempfile.TemporaryDirectory() as folder:
        start, kills = time.time(), 0
        place = {"slug": slug, "folder": folder, "start": start}
        workers = {number: _start(number, place) for number in range(PROCESSES)}
        while any(worker.poll() is None for worker in workers.values()):
            time.sleep(0.5)
            release_expired_assignments(now=_clock(start))
            alive = [number for number, worker in workers.items() if worker.poll() is None]
            if alive and kills < KILLS and chance.random() < 0.3:
                number = chance.choice(alive)
                workers[number].kill()
                workers[number].wait()
                workers[number] = _start(number, place)
                kills += 1
        failed = [worker.returncode for worker in workers.values() if worker.returncode]
        if failed:
            raise RuntimeError(f"{len(failed)} client processes failed; see their output above.")
        acknowledged = _acknowledged(Path(folder))
        return differences(slug, acknowledged) | {"seconds": round(time.time() - start, 1), "kills": kills}


def work(place: dict[str, Any]) -> None:
    """One process: its share of the clients, each in a thread, until nothing is left to judge."""
    _django()
    clients = range(place["number"], CLIENTS, PROCESSES)
    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(lambda client: _client(client, place), clients))


def _client(number: int, place: dict[str, Any]) -> None:
    from django.db import connection

    from labeling.judging.assignments import next_assignments
    from labeling.models import Campaign, User

    chance = random.Random()
    user = User.objects.get(username=f"client-{number}")
    campaign = Campaign.objects.get(slug=place["slug"])
    path, failures = Path(place["folder"]) / f"{number}.jsonl", 0
    if path.exists() and (unanswered := _unanswered(path)):
        with path.open("a") as log:
            _send(user, unanswered, log, place["start"])
    with path.open("a") as log:
        while failures < GIVES_UP_AFTER:
            now = _clock(place["start"])
            assignment = next_assignments(campaign=campaign, acting_user=user, now=now, ahead=campaign.prefetch).next
            if assignment is None:
                failures += 1
                time.sleep(0.05)
                continue
            failures = 0
            if chance.random() < AWAY:
                time.sleep(1.5 * LEASE_SECONDS / SPEED)
            letter = {"assignment": assignment.pk, "choice": _choice(assignment, chance), "key": uuid4().hex}
            for _ in range(2 if chance.random() < REPEATS else 1):
                _send(user, letter, log, place["start"])
    connection.close()


def _send(user: Any, letter: dict[str, Any], log: Any, start: float) -> None:
    """Logs a judgment, sends it, and logs the result."""
    from labeling.judging.acts import judge
    from labeling.judging.drafts import JudgmentDraft
    from labeling.judging.refusals import AlreadyJudged, LeaseLost

    _write(log, {"sent": letter})
    try:
        draft = JudgmentDraft(letter["choice"], letter["key"])
        judge(assignment=letter["assignment"], draft=draft, acting_user=user, now=_clock(start))
    except (LeaseLost, AlreadyJudged) as error:
        _write(log, {"refused": letter["key"], "why": error.type})
    else:
        _write(log, {"kept": letter["key"], "choice": letter["choice"]})


def _choice(assignment: Any, chance: random.Random) -> str:
    """The hash of the pair decides which completion is better; some clients err or skip."""
    if chance.random() < SKIPS:
        return "skip"
    better = "a" if int(assignment.comparison.pair_hash, 16) % 2 else "b"
    says_left = (better == assignment.left) != (chance.random() < ERRORS)
    return "left" if says_left else "right"


def _write(log: Any, line: dict[str, Any]) -> None:
    log.write(json.dumps(line) + "\n")
    log.flush()  # to the operating system, so that it survives the process


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text().splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:  # the process was killed while writing this line, before any acknowledgement
            continue


def _unanswered(path: Path) -> dict[str, Any] | None:
    last: dict[str, Any] | None = None
    for line in _lines(path):
        last = line.get("sent") if "sent" in line else None
    return last


def _acknowledged(folder: Path) -> dict[str, str]:
    """The choice of every acknowledged judgment, by key."""
    kept: dict[str, str] = {}
    for path in folder.glob("*.jsonl"):
        kept |= {line["kept"]: line["choice"] for line in _lines(path) if "kept" in line}
    return kept


def differences(slug: str, acknowledged: dict[str, str]) -> dict[str, Any]:
    """Compares the acknowledgements with the database."""
    from django.db.models import Count

    from labeling.models import Campaign, Comparison, Judgment, Membership
    from labeling.tally import count_tally, read_tally

    campaign = Campaign.objects.get(slug=slug)
    current = Judgment.objects.filter(campaign=campaign, superseded_at=None)
    choices = current.exclude(choice="skip")
    votes = choices.filter(kind="normal")
    counted = Counter(votes.values_list("comparison", flat=True))
    rows = list(Comparison.objects.filter(campaign=campaign).values_list("pk", "judged", "overlap", "status"))
    most = campaign.max_overlap or campaign.overlap
    by_person = Counter(choices.values_list("annotator", flat=True))
    members = Membership.objects.filter(campaign=campaign).values_list("user", "judged")
    twice = votes.values("annotator", "comparison").annotate(times=Count("pk")).filter(times__gt=1)
    return {
        "comparisons": len(rows),
        "acknowledged": len(acknowledged),
        "votes": sum(counted.values()),
        "retests": choices.filter(kind="retest").count(),
        "over_labeled": sum(counted[pk] > min(overlap, most) for pk, _, overlap, _ in rows),
        "lost": len(set(acknowledged) - set(current.values_list("key", flat=True))),
        "double_counted": sum(counted[pk] != judged for pk, judged, _, _ in rows)
        + sum(by_person[user] != judged for user, judged in members)
        + (current.count() - current.values("key").distinct().count()),
        "judged_twice": twice.count(),
        "totals_wrong": int(read_tally(campaign.pk) != count_tally(campaign.pk)),
        "unfinished": sum(status == Comparison.Status.OPEN for *_, status in rows),
    }


def _campaign(name: str, comparisons: int) -> str:
    from labeling.actions.campaigns import change_campaign_status, create_campaign
    from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
    from labeling.actions.comparisons import add_comparisons
    from labeling.actions.members import add_member
    from labeling.actions.people import create_user
    from labeling.models import User

    def person(username: str, role: str) -> User:
        existing = User.objects.filter(username=username).first()
        values = {"username": username, "role": role, "is_simulated": True}
        return existing or create_user(**values, acting_user=None, now=START)[0]  # type: ignore[arg-type]

    lead = person("lead", "lead")
    campaign = create_campaign(name=name, lease_seconds=LEASE_SECONDS, acting_user=lead, now=START, **MODES[name])
    for number in range(CLIENTS):
        client = person(f"client-{number}", "annotator")
        add_member(campaign=campaign, user=client, role="annotator", acting_user=None, now=START)
    drafts = (
        ComparisonDraft(
            prompt=[{"role": "user", "content": f"What is {number} plus one?"}],
            first=CompletionDraft(f"It is {number + 1}."),
            second=CompletionDraft(f"Nobody knows, but {number} is near."),
        )
        for number in range(comparisons)
    )
    add_comparisons(campaign=campaign, drafts=drafts, source="benchmark", acting_user=None, now=START)
    change_campaign_status(campaign=campaign, status="active", acting_user=None, now=START)
    return campaign.slug


def _start(number: int, place: dict[str, Any]) -> subprocess.Popen[bytes]:
    arguments = json.dumps({**place, "number": number})
    return subprocess.Popen([sys.executable, "-m", "benchmarks.concurrency", "--worker", arguments])


def _clock(start: float) -> datetime:
    return START + timedelta(seconds=SPEED * (time.time() - start))


def _django() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()


def in_words(report: dict[str, Any]) -> str:
    """The report as a table."""
    columns = ["acknowledged", "votes", "retests", "kills", "seconds", *WRONG]
    head = ["campaign", *(name.replace("_", " ") for name in columns)]
    rows = [[name, *(str(mode[column]) for column in columns)] for name, mode in report.items()]
    widths = [max(len(row[place]) for row in [head, *rows]) for place in range(len(head))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in [head, *rows]]
    return "\n".join(lines)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
