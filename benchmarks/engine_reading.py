"""How long the engine takes to read, check and pack preference pairs, and how much memory they take.

    python -m benchmarks.engine_reading --model DIR                 100,000 made-up pairs; about 20 s on two quiet cores
    python -m benchmarks.engine_reading --model DIR --data PAIRS.jsonl

The pairs have the lengths of HH's: prompts of 10 to 120 words, completions of 5 to 80. They are read as ``train`` reads
them, laid out in rows as an evaluation does, and each row is built once. Memory is the growth of the resident set.
"""

import argparse
import json
import os
import random
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
WORDS = (
    "the of and to in that is was for on are with as his they at be this from have or by one had not but all were when "
    "we there can an your which their said if do will each about how up out them then she many some so these would"
)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="model folder, for its tokenizer and template")
    parser.add_argument("--data", type=Path, help="pairs (default: made up)")
    parser.add_argument("--pairs", type=int, default=100_000, help="how many to make up")
    parser.add_argument("--tokens-per-row", type=int, default=3072)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reading-") as folder:
        data = options.data or made_up(Path(folder) / "pairs.jsonl", options.pairs)
        report = measure(options.model, data, options.tokens_per_row)
    print(json.dumps(report) if options.json else in_words(report))
    return 0


def made_up(path: Path, count: int) -> Path:
    """A file of pairs of random words."""
    chance, words = random.Random(0), WORDS.split()

    def text(low: int, high: int) -> str:
        return " ".join(chance.choices(words, k=chance.randint(low, high)))

    with path.open("w") as stream:
        for number in range(count):
            record = {"id": str(number), "prompt": text(10, 120), "chosen": text(5, 80), "rejected": text(5, 80)}
            stream.write(json.dumps(record) + "\n")
    return path


def measure(model: Path, data: Path, tokens_per_row: int) -> dict[str, Any]:
    """Seconds of each part, by the clock and of all cores, and MiB."""
    from training.engine.data.packing import pack_rows
    from training.engine.data.records import read_token_pairs
    from training.engine.data.text import TextEncoder

    encoder = TextEncoder.from_directory(model)
    before, began, busy = _resident(), time.monotonic(), time.process_time()
    reports: list[int] = []
    pairs = read_token_pairs(data, encoder, max_length=2048, report=reports.append).pairs
    read, cpu = time.monotonic(), time.process_time()
    rows = pack_rows(pairs, range(len(pairs)), tokens_per_row=tokens_per_row, share=True, at_once=2)
    packed = time.monotonic()
    tokens = sum(row.tokens for row in rows)
    built = time.monotonic()
    return {
        "pairs": len(pairs),
        "tokens": tokens,
        "rows": len(rows),
        "reports": len(reports),
        "seconds_reading": round(read - began, 2),
        "seconds_packing": round(packed - read, 2),
        "seconds_building_rows": round(built - packed, 2),
        "cpu_seconds_reading": round(cpu - busy, 2),
        "mib": round(_resident() - before, 1),
    }


def _resident() -> float:
    """The largest resident set so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def in_words(report: dict[str, Any]) -> str:
    """The report for people."""
    return (
        f"{report['pairs']} pairs, {report['tokens']} tokens, {report['mib']} MiB\n"
        f"read and checked in {report['seconds_reading']} s ({report['cpu_seconds_reading']} s of processor time)\n"
        f"packed into {report['rows']} rows in {report['seconds_packing']} s\n"
        f"the rows built one after the other in {report['seconds_building_rows']} s"
    )


if __name__ == "__main__":
    sys.exit(main())
