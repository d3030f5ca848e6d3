"""The real files that people have: how many of their records are taken, and which are refused and why."""

import gzip
import json
from collections import Counter
from pathlib import Path

from labeling.exchange import (
    DropReport,
    ImportedComparison,
    ImportedPrompt,
    Rejected,
    VerdictRecord,
    preference_pairs,
    read_comparisons,
    read_prompts,
    verify_snapshot,
    write_snapshot,
    writer,
)


def read(path: Path) -> tuple[list[ImportedComparison], list[Rejected]]:
    with path.open("rb") as file:
        records = list(read_comparisons(file))
    return [one for one in records if isinstance(one, ImportedComparison)], [
        one for one in records if isinstance(one, Rejected)
    ]


def settled(one: ImportedComparison) -> VerdictRecord:
    winner = {"first": "a", "second": "b", "tie": "tie"}[str(one.preference)]
    return VerdictRecord(one.prompt, one.first, one.second, winner)  # type: ignore[arg-type]


def test_hh_harmless_is_read_and_the_records_that_break_its_rule_are_refused_by_line(real_data: Path) -> None:
    taken, refused = read(real_data / "hh-harmless-dev.jsonl.gz")
    assert (len(taken), len(refused)) == (1091, 5)
    assert {one.line: one.code for one in refused} == {
        256: "empty_completion",
        609: "different_prompts",
        938: "different_prompts",
        939: "different_prompts",
        978: "different_prompts",
    }
    assert all(one.prompt[-1]["role"] == "user" for one in taken)


def test_hh_harmless_is_written_back_exactly_as_it_was(real_data: Path) -> None:
    path = real_data / "hh-harmless-dev.jsonl.gz"
    taken, _ = read(path)
    lines = gzip.decompress(path.read_bytes()).splitlines()
    report = DropReport()
    written = list(writer("hh").write(map(settled, taken), report))
    assert (report.kept, report.dropped.total()) == (len(taken), 0)
    assert [json.loads(line) for line in written] == [json.loads(lines[one.line - 1]) for one in taken]


def test_alpacaeval_is_read_from_one_array_on_one_line(real_data: Path) -> None:
    taken, refused = read(real_data / "alpacaeval-annotations-dev.json.gz")
    assert Counter(one.preference for one in taken) == {"first": 666, "second": 146}
    assert [(one.line, one.record, one.code) for one in refused] == [
        (1, 550, "identical_completions"),
        (1, 599, "identical_completions"),
    ]
    assert {one.first.model for one in taken} == {"gpt4_1106_preview"}


def test_mt_bench_questions_are_prompts(real_data: Path) -> None:
    with (real_data / "mt-bench-questions.jsonl").open("rb") as file:
        prompts = list(read_prompts(file))
    assert all(isinstance(one, ImportedPrompt) for one in prompts)
    assert len(prompts) == 80
    assert {tag for one in prompts if isinstance(one, ImportedPrompt) for tag in one.tags} >= {"writing", "math"}


def test_real_comparisons_make_a_snapshot(real_data: Path, tmp_path: Path) -> None:
    taken, _ = read(real_data / "hh-harmless-dev.jsonl.gz")
    report = DropReport()
    manifest = write_snapshot(tmp_path / "s", preference_pairs(map(settled, taken), report), report=report)
    assert verify_snapshot(tmp_path / "s") == manifest
    assert manifest.train.pairs + manifest.test.pairs + manifest.dropped["duplicate"] == 1091
    assert 0.15 < manifest.test.prompts / (manifest.train.prompts + manifest.test.prompts) < 0.25
