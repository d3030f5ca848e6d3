"""Suites on the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from labeling.models import Campaign
from tests.labeling.management.running import run
from tests.training.suites import finished_run, small_suite
from training.models import ModelVersion, Suite

pytestmark = pytest.mark.django_db


def test_suites_are_imported_listed_and_exported(campaign: Campaign, tmp_path: Path) -> None:
    assert "40 scenarios" in run("suite", "import", "tiny", "general_assistant")[0]
    file = tmp_path / "mine.yaml"
    file.write_text("- {input: Capital of France, target: Paris}\n")
    assert "mine: version 1, 1 scenarios" in run("suite", "import", "tiny", str(file))[0]
    file.write_text("- {input: Capital of France, target: Paris}\n- {input: Of Italy, target: Rome}\n")
    assert "mine: version 2, 2 scenarios" in run("suite", "import", "tiny", str(file))[0]
    listed = json.loads(run("suite", "list", "tiny", "--json")[0])["suites"]
    assert [(one["slug"], one["number"], one["scenarios"]) for one in listed] == [
        ("general-assistant", 1, 40),
        ("mine", 2, 2),
    ]
    text = run("suite", "export", "tiny", "mine")[0]
    assert [json.loads(line)["id"] for line in text.splitlines()] == ["sample-1", "sample-2"]
    file.write_text("- {input: Hello}\n")
    with pytest.raises(CommandError, match="Line 1"):
        call_command("suite", "import", "tiny", str(file))
    with pytest.raises(CommandError, match="There are: general-assistant, mine"):
        call_command("suite", "export", "tiny", "nothing")


def test_a_version_is_run_here_and_two_runs_are_compared(campaign: Campaign, base: ModelVersion, settings: Any) -> None:
    suite = small_suite(campaign)
    done = json.loads(run("suite", "run", "tiny", "small", base.name, "--here", "--max-tokens", "4", "--json")[0])
    assert (done["status"], done["done"]) == ("finished", 3)
    better = finished_run(Suite.objects.get(pk=suite.pk), base, {})
    changes = json.loads(run("suite", "compare", str(done["id"]), str(better.pk), "--json")[0])
    assert {"calm", "modest"} <= set(changes["won"])
    assert changes["lost"] == []
    with pytest.raises(CommandError, match="There is no model judge: set JUDGE_URL"):
        call_command("suite", "judge", str(better.pk))
    settings.JUDGE_URLS = ["http://127.0.0.1:9/v1"]
    said = run("suite", "judge", str(better.pk))[0]
    assert "asked about 0" in said
    assert "found 0 of 0 that people failed; does not count" in said
    assert "lost: calm, modest" in run("suite", "compare", str(better.pk), str(done["id"]))[0]
