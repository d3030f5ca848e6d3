"""Our export for Label Studio, imported into a real one with its labeling interface, and read back.

Label Studio runs from a virtual environment of its own, on a PostgreSQL of its own, and is used by its API. The file
has every kind of vote: sides, ties, both bad, skips, strengths, comments, hostile texts. Exit code 1 if Label Studio
refuses the interface or the file, or if a vote, a strength or a comment does not come back.

    python -m benchmarks.label_studio_import                    300 comparisons
    python -m benchmarks.label_studio_import --venv FOLDER      with an installation that exists

Prints one JSON object.
"""

import argparse
import json
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from benchmarks.load.label_studio import LabelStudio, label_studio
from benchmarks.load.system import new_database
from config.embedded.__main__ import with_services
from config.embedded.var import VarDirectory
from labeling.exchange import (
    LABEL_CONFIG,
    CompletionText,
    DropReport,
    ImportedComparison,
    VerdictRecord,
    Vote,
    WriteOptions,
    read_comparisons,
    writer,
)

TEXTS = ("=1+1", "<b>bold</b> & <script>alert(1)</script>", "line\r\nbreak", "'quoted' \"too\"", "🦉 ünï", "$prompt")
CHOICES = ("a", "b", "tie", "both_bad", "skip")
SELECTED = {"left": "a", "right": "b"}
Votes = Counter[tuple[str, int | None, str]]
"""Votes by choice, strength and comment."""


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comparisons", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--venv", type=Path, default=VarDirectory.from_environment().path / "benchmarks" / "label-studio"
    )
    options = parser.parse_args()
    report: dict[str, Any] = {}
    code = with_services(lambda: report.update(measure(options)), ephemeral=True)
    print(json.dumps(report, indent=1))
    return code or int(not report["is_equal"])


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Imports the file and compares what comes back with what was written."""
    records = list(judged(random.Random(options.seed), options.comparisons))
    file = b"".join(writer("labelstudio").write(records, DropReport(), WriteOptions(include="judged")))
    written = Counter((vote.choice, vote.strength, vote.comment) for record in records for vote in record.votes)
    database = new_database(os.environ["DATABASE_URL"], "label_studio_import")
    with tempfile.TemporaryDirectory() as folder, label_studio(database, Path(folder), options.venv) as system:
        started = time.monotonic()
        answer, exported = there_and_back(system, file)
        seconds = time.monotonic() - started
    returned = votes_of(json.loads(exported))
    again = list(read_comparisons(BytesIO(exported)))
    readable = [one for one in again if isinstance(one, ImportedComparison)]
    return {
        "version": system.version,
        "tasks": answer["task_count"],
        "annotations": answer["annotation_count"],
        "written": sum(written.values()),
        "returned": sum(returned.values()),
        "by_choice": dict(Counter(choice for choice, _, _ in returned.elements())),
        "missing": [list(vote) for vote in (written - returned)][:5],
        "read_by_us": {"comparisons": len(readable), "votes": sum(len(one.votes) for one in readable)},
        "refused_by_us": len(again) - len(readable),
        "seconds": round(seconds, 1),
        "is_equal": written == returned and answer["task_count"] == len(readable) == len(records),
    }


def judged(dice: random.Random, number: int) -> Iterator[VerdictRecord]:
    """Comparisons with three votes each, of every kind."""
    for place in range(number):
        yield VerdictRecord(
            prompt=[{"role": "user", "content": f"{dice.choice(TEXTS)} {place}?"}],
            a=CompletionText(f"{dice.choice(TEXTS)} one", "m1"),
            b=CompletionText(f"{dice.choice(TEXTS)} two", "m2"),
            winner=None,
            status="conflict",
            pair=f"pair-{place}",
            comparison=place + 1,
            votes=tuple(_vote(dice, person) for person in range(3)),
        )


def _vote(dice: random.Random, person: int) -> Vote:
    choice = dice.choice(CHOICES)
    strength = dice.choice([1, 2, 3, None]) if choice in ("a", "b") else None
    comment = dice.choice(["", "", *TEXTS]) if choice != "skip" else ""
    return Vote(f"kim{person}", choice, strength=strength, comment=comment, seconds=2.5)


def there_and_back(system: LabelStudio, file: bytes) -> tuple[dict[str, Any], bytes]:
    """Its answer to the import, and its own export."""
    settings = {"title": "From Chosen", "label_config": LABEL_CONFIG, "maximum_annotations": 3}
    project = system.lead.call("POST", "/api/projects/", settings)[1]["id"]
    answer = system.lead.call("POST", f"/api/projects/{project}/import", file)[1]
    tasks = system.lead.call("GET", f"/api/projects/{project}/export?exportType=JSON&download_all_tasks=true")[1]
    return answer, json.dumps(tasks).encode()


def votes_of(tasks: list[dict[str, Any]]) -> Votes:
    """The votes in an export of Label Studio."""
    votes: Votes = Counter()
    for task in tasks:
        for one in task["annotations"]:
            answers = {part["from_name"]: part["value"] for part in one["result"]}
            choice = "skip"
            if "comparison" in answers:
                choice = SELECTED[answers["comparison"]["selected"]]
            elif "neither" in answers:
                (choice,) = answers["neither"]["choices"]
            assert one["was_cancelled"] == (choice == "skip")
            comment = "".join(answers.get("comment", {}).get("text", []))
            votes[choice, answers.get("strength", {}).get("rating"), comment] += 1
    return votes


if __name__ == "__main__":
    raise SystemExit(main())
