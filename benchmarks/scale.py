"""Does the next comparison cost the same at 1,000 and at 1,000,000? And for an annotator who has judged 50,000 of them?

Two campaigns in one database, one with a thousand comparisons and one with a million; all of them stay open. The same
annotators judge in both over HTTP, in turns, with 4 server processes. In the large one, one annotator (the veteran) has
judged 50,000 comparisons that are still open to others.

    python -m benchmarks.scale                         about 6 minutes, mostly to create the rows
    python -m benchmarks.scale --comparisons 100000 --annotators 8
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from benchmarks.load.bulk import copy_row
from benchmarks.load.chosen import Chosen, chosen
from benchmarks.load.driver import put_under_load
from benchmarks.load.pairs import pairs
from benchmarks.load.system import new_database
from config.embedded.__main__ import with_services

OVERLAP = 50
PER_PROMPT = 10


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comparisons", type=int, default=1_000_000)
    parser.add_argument("--judged", type=int, default=50_000, help="by the veteran, in the large campaign")
    parser.add_argument("--annotators", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report: dict[str, Any] = {}
    code = with_services(lambda: report.update(measure(options)), ephemeral=True)
    if code == 0:
        print(json.dumps(report, indent=1) if options.json else in_words(report))
    return code


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Turns of both campaigns; the milliseconds of all turns together."""
    with tempfile.TemporaryDirectory() as folder:
        url = new_database(os.environ["DATABASE_URL"], "scale")
        with chosen(url, Path(folder)) as system:
            small = system.add_pairs("Small", list(pairs(1_000)), overlap=OVERLAP, annotators=options.annotators)
            large = _large_campaign(system, url, options)
            times: dict[str, list[float]] = {"small": [], "large": [], "veteran in small": [], "veteran in large": []}
            for turn in range(options.turns):
                for name, slug in (("small", small), ("large", large)):
                    _say(f"turn {turn + 1} of {options.turns}: {name}")
                    people = [system.annotator(slug, number) for number in range(options.annotators)]
                    load = put_under_load(people, options.seconds)
                    if load.errors:
                        raise RuntimeError(f"{len(load.errors)} annotators were refused: {load.errors[0]}")
                    times[name] += load.milliseconds
                    times[f"veteran in {name}"] += load.by_annotator[0]
    return {
        "comparisons": options.comparisons,
        "judged_by_veteran": options.judged,
        "annotators": options.annotators,
        "milliseconds": {
            name: {f"p{share}": float(np.percentile(values, share)) for share in (50, 95, 99)} | {"n": len(values)}
            for name, values in times.items()
        },
        "ratio_p95": _p95(times["large"]) / _p95(times["small"]),
        "ratio_p95_veteran": _p95(times["veteran in large"]) / _p95(times["veteran in small"]),
    }


def _p95(values: list[float]) -> float:
    return float(np.percentile(values, 95))


def _large_campaign(system: Chosen, url: str, options: argparse.Namespace) -> str:
    """One pair through the API, judged by the veteran, then copies of all its rows."""
    slug = system.add_pairs("Large", list(pairs(1, seed=1)), overlap=OVERLAP, annotators=options.annotators)
    system.annotator(slug, 0).judge_one()
    _say(f"creating {options.comparisons} comparisons")
    started = time.monotonic()
    with psycopg.connect(url) as connection:
        _copy_comparisons(connection, slug, options.comparisons)
        _copy_judgments(connection, slug, options.judged)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    _say(f"created in {time.monotonic() - started:.0f} s")
    return slug


def _copy_comparisons(connection: psycopg.Connection, slug: str, count: int) -> None:
    campaign, template = _template(connection, slug)
    prompt, a, b = connection.execute(
        "SELECT prompt_id, completion_a_id, completion_b_id FROM labeling_comparison WHERE id = %s", (template,)
    ).fetchone() or (0, 0, 0)
    prompts = max(1, count // PER_PROMPT)
    first_prompt, _ = copy_row(connection, "labeling_prompt", prompt, prompts, {"messages_hash": "md5(g::text)"})
    of_prompt = f"{first_prompt} + g % {prompts}"
    firsts = {}
    for side, completion in (("a", a), ("b", b)):
        firsts[side], _ = copy_row(
            connection,
            "labeling_completion",
            completion,
            count,
            {"prompt_id": of_prompt, "text_hash": f"md5('{side}' || g)", "seed": "g"},
        )
    copy_row(
        connection,
        "labeling_comparison",
        template,
        count,
        {
            "prompt_id": of_prompt,
            "completion_a_id": f"{firsts['a']} + g",
            "completion_b_id": f"{firsts['b']} + g",
            "pair_hash": "md5('pair' || g)",
            "status": "'open'",
            "taken": "0",
            "judged": "0",
            "votes_a": "0",
            "votes_b": "0",
            "position": "random()",
        },
    )
    connection.execute(
        "UPDATE labeling_campaigntally SET comparisons = comparisons + %s, wanted = wanted + %s WHERE id = "
        "(SELECT min(id) FROM labeling_campaigntally WHERE campaign_id = %s)",
        (count, count * OVERLAP, campaign),
    )


def _copy_judgments(connection: psycopg.Connection, slug: str, count: int) -> None:
    """The veteran has judged the first comparisons of the queue, and continues after them."""
    campaign, template = _template(connection, slug)
    assignment, judgment = connection.execute(
        "SELECT assignment_id, id FROM labeling_judgment WHERE comparison_id = %s", (template,)
    ).fetchone() or (0, 0)
    connection.execute(
        "CREATE TEMPORARY TABLE judged AS SELECT row_number() OVER (ORDER BY position) - 1 AS g, id FROM "
        "labeling_comparison WHERE campaign_id = %s AND id <> %s ORDER BY position LIMIT %s",
        (campaign, template, count),
    )
    connection.execute("CREATE UNIQUE INDEX ON judged (g)")
    of_row = "(SELECT judged.id FROM judged WHERE judged.g = g.g)"
    first, _ = copy_row(connection, "labeling_assignment", assignment, count, {"comparison_id": of_row})
    copy_row(
        connection,
        "labeling_judgment",
        judgment,
        count,
        {"comparison_id": of_row, "assignment_id": f"{first} + g", "key": "'veteran-' || g"},
    )
    connection.execute(
        "UPDATE labeling_comparison SET taken = 1, judged = 1, votes_a = 1 WHERE id IN (SELECT id FROM judged)"
    )
    connection.execute(
        "UPDATE labeling_membership SET judged = judged + %s, cursor = (SELECT max(position) FROM labeling_comparison "
        "WHERE id IN (SELECT id FROM judged)) WHERE campaign_id = %s AND judged > 0",
        (count, campaign),
    )


def _template(connection: psycopg.Connection, slug: str) -> tuple[int, int]:
    row = connection.execute(
        "SELECT campaign.id, min(one.id) FROM labeling_campaign campaign JOIN labeling_comparison one "
        "ON one.campaign_id = campaign.id WHERE slug = %s GROUP BY campaign.id",
        (slug,),
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def in_words(report: dict[str, Any]) -> str:
    """The report as a table."""
    lines = [f"{report['annotators']} annotators; milliseconds to submit a judgment and receive the next comparison"]
    for name, one in report["milliseconds"].items():
        lines.append(f"  {name:17} p50 {one['p50']:7.1f}  p95 {one['p95']:7.1f}  p99 {one['p99']:7.1f}  n {one['n']}")
    lines.append(f"p95 at {report['comparisons']:,} against 1,000: {report['ratio_p95']:.2f} times")
    lines.append(
        f"p95 of an annotator who has judged {report['judged_by_veteran']:,} open comparisons: "
        f"{report['ratio_p95_veteran']:.2f} times"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
