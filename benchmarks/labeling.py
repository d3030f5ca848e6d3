"""Labeling under load, against Label Studio Community, in one run on one machine.

Both systems run on PostgreSQL (two databases of one server) with 4 server processes of 8 threads, judge the same
synthetic pairs, and take turns, cell by cell. The first run installs Label Studio into a separate virtual environment
under var/ (about 3 minutes).

    python -m benchmarks.labeling                      everything, about 15 minutes
    python -m benchmarks.labeling --annotators 32 --overlaps 1 --seconds 10

A judgment means to submit it and to receive the next pair. Ours is one request; Label Studio's front end makes two.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.load.chosen import chosen
from benchmarks.load.driver import put_under_load
from benchmarks.load.label_studio import label_studio
from benchmarks.load.pairs import pairs
from benchmarks.load.system import PeakMemory, System, new_database
from config.embedded.__main__ import with_services
from config.embedded.var import VarDirectory

SYSTEMS = ("chosen", "label-studio")


def main() -> int:
    """The command line; returns 1 if our side over-labeled, labeled twice, lost or refused anything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    parser.add_argument("--annotators", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--overlaps", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each cell")
    parser.add_argument("--no-export", action="store_true")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    options = parser.parse_args()
    report: dict[str, Any] = {}
    code = with_services(lambda: report.update(measure(options)), ephemeral=True)
    if code:
        return code
    print(json.dumps(report, indent=1) if options.json else in_words(report))
    ours = [cell["chosen"] for cell in report["cells"] if "chosen" in cell]
    return int(any(cell["over_labeled"] or cell["twice_by_one"] or cell["lost"] or cell["errors"] for cell in ours))


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All cells, then the exports."""
    records = list(pairs(options.pairs))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        systems: dict[str, System] = {}
        url = os.environ["DATABASE_URL"]
        if "chosen" in options.systems:
            systems["chosen"] = stack.enter_context(chosen(new_database(url, "load_chosen"), folder))
        if "label-studio" in options.systems:
            venv = VarDirectory.from_environment().path / "benchmarks" / "label-studio"
            database = new_database(url, "load_label_studio")
            systems["label-studio"] = stack.enter_context(label_studio(database, folder, venv))
        report: dict[str, Any] = {
            "versions": {name: system.version for name, system in systems.items()},
            "pairs": len(records),
            "imports": [],
            "cells": [],
        }
        for overlap in options.overlaps:
            projects = _imports(systems, records, overlap, max(options.annotators), report)
            for annotators in options.annotators:
                cells = {
                    name: _cell(system, projects[name], overlap, annotators, options.seconds)
                    for name, system in systems.items()
                }
                report["cells"].append({"overlap": overlap, "annotators": annotators, **cells})
        if not options.no_export:
            report["exports"] = {name: _export(system, records) for name, system in systems.items()}
    return report


def _imports(
    systems: dict[str, System], records: list[dict[str, Any]], overlap: int, annotators: int, report: dict[str, Any]
) -> dict[str, Any]:
    projects, took = {}, {}
    for name, system in systems.items():
        _say(f"{system.name}: importing {len(records)} pairs, overlap {overlap}")
        # Create the people first, in a project of one pair: their accounts are not part of the import.
        system.add_pairs(f"People {overlap}", records[:1], overlap=overlap, annotators=annotators)
        before = time.perf_counter()
        projects[name] = system.add_pairs(f"Load {overlap}", records, overlap=overlap, annotators=annotators)
        took[name] = len(records) / (time.perf_counter() - before)
    report["imports"].append({"overlap": overlap, "rows_per_second": took})
    return projects


def _cell(system: System, project: Any, overlap: int, annotators: int, seconds: float) -> dict[str, Any]:
    _say(f"{system.name}: {annotators} annotators, overlap {overlap}")
    before = system.counts(project, overlap=overlap)
    people = [system.annotator(project, number) for number in range(annotators)]
    cpu_before = sum(sum(process.cpu_times()[:2]) for process in system.processes)
    load = put_under_load(people, seconds)
    cpu = sum(sum(process.cpu_times()[:2]) for process in system.processes) - cpu_before
    after = system.counts(project, overlap=overlap)
    return {
        "judgments": load.judgments,
        "per_second": load.per_second,
        "p50_ms": load.percentile(50),
        "p95_ms": load.percentile(95),
        "p99_ms": load.percentile(99),
        "server_cpu_ms": 1000 * cpu / max(1, load.judgments),
        **{name: value for name, value in asdict(after).items() if name in ("over_labeled", "twice_by_one", "labeled")},
        # Acknowledged but not in the database.
        "lost": load.judgments - (after.judgments - before.judgments),
        "errors": load.errors,
    }


def _export(system: System, records: list[dict[str, Any]]) -> dict[str, float]:
    _say(f"{system.name}: export of {len(records)} judged pairs")
    project = system.add_judged("Export", records)
    with PeakMemory(system.processes) as memory:
        before = time.perf_counter()
        size = system.export(project)
        seconds = time.perf_counter() - before
    return {
        "seconds": seconds,
        "megabytes": size / 1e6,
        "peak_memory_mib": memory.most / 2**20,
        "memory_growth_mib": memory.growth / 2**20,
    }


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def in_words(report: dict[str, Any]) -> str:
    """The report as tables, with ratios if both systems ran."""
    names = list(report["versions"])
    lines = [", ".join(f"{name} {version}" for name, version in report["versions"].items()), ""]
    lines.append(f"import of {report['pairs']} pairs, rows/s")
    for each in report["imports"]:
        lines.append(f"  overlap {each['overlap']}: {_side_by_side(names, each['rows_per_second'], '{:.0f}')}")
    lines += [
        "",
        "judgments/s; milliseconds to submit and receive the next (p50 p95 p99); over-labeled; twice by one person",
    ]
    for cell in report["cells"]:
        lines.append(f"  overlap {cell['overlap']}, {cell['annotators']} annotators")
        for name in names:
            one = cell[name]
            lines.append(
                f"    {name:13} {one['per_second']:7.1f}/s {one['p50_ms']:8.1f} {one['p95_ms']:8.1f} "
                f"{one['p99_ms']:8.1f} ms {one['server_cpu_ms']:7.1f} ms CPU {one['over_labeled']:5} of "
                f"{one['labeled']} {one['twice_by_one']:3} {one['lost']:3} lost {len(one['errors'])} errors"
            )
        if len(names) == 2:
            first, second = (cell[name] for name in names)
            lines.append(
                f"    ratio         {first['per_second'] / second['per_second']:7.1f} in judgments/s, "
                f"{first['p50_ms'] / second['p50_ms']:.3f} of the time at p50"
            )
    for name, one in report.get("exports", {}).items():
        lines.append(
            f"export  {name:13} {one['seconds']:.2f} s, {one['megabytes']:.1f} MB, peak memory "
            f"{one['peak_memory_mib']:.0f} MiB (+{one['memory_growth_mib']:.0f})"
        )
    return "\n".join(lines)


def _side_by_side(names: list[str], values: dict[str, float], form: str) -> str:
    together = ", ".join(f"{name} {form.format(values[name])}" for name in names)
    return f"{together}, ratio {values[names[0]] / values[names[1]]:.1f}" if len(names) == 2 else together


if __name__ == "__main__":
    raise SystemExit(main())
