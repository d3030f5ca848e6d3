"""export writes verdicts and a report."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError

from tests.labeling.management.running import run
from tests.people import stage


def test_export_writes_the_file_and_its_report_beside_it(tmp_path: Path) -> None:
    scene = stage(comparisons=4)
    scene.settle(["a", "tie"])
    target = tmp_path / "pairs.jsonl"
    _, err = run("export", "sums", "--dialect", "trl", "--out", str(target))
    assert len(target.read_text().splitlines()) == 1
    report = json.loads((tmp_path / "pairs.jsonl.report.json").read_text())
    assert (report["dialect"], report["total"], report["kept"], report["dropped"]["unsettled"]) == ("trl", 4, 1, 2)
    assert "1 of 4 comparisons written" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pairs.jsonl", "pairs.jsonl.report.json"]


def test_export_into_nowhere_is_a_sentence(tmp_path: Path) -> None:
    stage()
    with pytest.raises(CommandError, match="cannot be written"):
        run("export", "sums", "--out", str(tmp_path / "no" / "such" / "folder.jsonl"))
