"""`manage.py snapshot`: lists, describes, checks, copies and compares."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.people import stage
from training.actions.snapshots import take_snapshot

pytestmark = pytest.mark.django_db


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command("snapshot", *arguments, stdout=out)
    return out.getvalue()


def test_a_snapshot_by_command(var_dir: Path) -> None:
    scene = stage(comparisons=40)
    scene.settle("ab" * 12)
    before = take_snapshot(campaign=scene.campaign, acting_user=scene.maya, now=scene.now)
    scene.settle("aaa")
    after = take_snapshot(campaign=scene.campaign, acting_user=scene.maya, now=scene.now)
    name = after.content_hash[:12]
    assert said().count("sums") == 2
    assert json.loads(said(name))["sha256"] == after.content_hash
    assert "every byte" in said(name, "--check")
    assert json.loads(said(name, "--since", before.content_hash)) == {
        "same": 24,
        "added": 3,
        "removed": 0,
        "turned": 0,
        "moved": 0,
        "confidence": 0,
    }
    said(name, "--out", str(var_dir / "copy"))
    assert {path.name for path in (var_dir / "copy").iterdir()} == {"train.jsonl", "test.jsonl", "manifest.json"}
    with pytest.raises(CommandError, match="cannot be written"):
        said(name, "--out", str(var_dir / "copy"))
    with pytest.raises(CommandError, match="There is no snapshot"):
        said("0" * 12)
