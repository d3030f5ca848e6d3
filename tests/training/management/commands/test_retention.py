"""Removing files by the command."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from labeling.models import Campaign, Event
from tests.training.conftest import NOW, add_written_pairs
from training.actions.runs import start_run
from training.models import JobStatus, ModelVersion, Run

pytestmark = pytest.mark.django_db


def test_the_command_shows_and_then_removes_versions_and_checkpoints(
    line: list[ModelVersion],
    campaign: Campaign,
    var_dir: Path,
    django_capture_on_commit_callbacks: Any,
) -> None:
    add_written_pairs(campaign, preference="first")
    run = start_run(campaign=campaign, acting_user=None, now=NOW)
    checkpoint = Path(run.directory) / "checkpoints" / "step-1"
    checkpoint.mkdir(parents=True)
    (checkpoint / "optimizer").write_bytes(b"x" * 500)

    def asked(*options: str) -> dict[str, Any]:
        out = StringIO()
        with django_capture_on_commit_callbacks(execute=True):
            call_command("retention", "--keep-newest", "1", "--json", *options, stdout=out)
        return dict(json.loads(out.getvalue()))

    assert [one["what"] for one in asked()["folders"]] == ["version v1"], "the run is not over"
    Run.objects.update(status=JobStatus.FINISHED)
    report = asked()
    assert [one["what"] for one in report["folders"]] == ["version v1", f"checkpoints of run {run.pk}"]
    assert (report["removed"], checkpoint.exists()) == (False, True)
    assert asked("--apply")["bytes"] == report["bytes"] > 500
    assert not checkpoint.exists()
    assert Event.objects.filter(verb="run.checkpoints_removed", campaign=campaign).count() == 1
    assert not Path(line[1].adapter_dir).exists()
    assert asked()["folders"] == []
