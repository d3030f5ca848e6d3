"""import_campaign makes the campaign of a file."""

from pathlib import Path

import pytest
from django.core.management import CommandError

from labeling.models import Campaign
from tests.labeling.management.running import run
from tests.people import stage


def test_what_export_wrote_becomes_a_campaign(tmp_path: Path) -> None:
    scene = stage(comparisons=3)
    scene.settle(["a", "tie"])
    target = str(tmp_path / "sums.jsonl")
    run("export", "sums", "--dialect", "full", "--out", target)
    out, _ = run("import_campaign", target, "--name", "Sums again", "--as", "maya")
    assert "Campaign sums-again" in out
    events = scene.campaign.events.count()
    assert f"annotators: 4, comparisons: 3, events: {events}, judgments: 2, prompts: 3" in out
    assert f"{scene.alice.pseudonym} is somebody here" in out
    with pytest.raises(CommandError, match="--as"):
        run("import_campaign", target)
    (tmp_path / "wrong").write_text("{}")
    with pytest.raises(CommandError, match="not the file of a whole campaign"):
        run("import_campaign", str(tmp_path / "wrong"), "--as", "maya")
    assert Campaign.objects.count() == 2
