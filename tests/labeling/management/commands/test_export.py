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


def test_the_report_counts_comparisons_and_improved_pairs_apart(tmp_path: Path) -> None:
    scene = stage(comparisons=3, allow_edit=True)
    assignment = scene.given(scene.alice)
    scene.vote(assignment, "a", edit="A better text")
    target = tmp_path / "pairs.jsonl"
    _, err = run("export", "sums", "--dialect", "trl", "--out", str(target))
    assert "1 of 3 comparisons written" in err
    assert "2 pairs with an improved text" in err
    assert len(target.read_text().splitlines()) == 3


def test_the_choices_are_options_and_label_studio_gets_its_interface(tmp_path: Path) -> None:
    scene = stage(comparisons=2)
    scene.settle(["a"])
    run("export", "sums", "--dialect", "labelstudio", "--include", "all", "--out", str(tmp_path / "tasks.json"))
    assert len(json.loads((tmp_path / "tasks.json").read_text())) == 2
    assert "<Pairwise" in (tmp_path / "tasks.json.config.xml").read_text()
    with pytest.raises(CommandError, match="no place for columns"):
        run("export", "sums", "--dialect", "openai", "--extras", "--out", str(tmp_path / "x"))
