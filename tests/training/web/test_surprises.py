"""The pairs that a run predicts worst, and sending them for relabeling."""

import json
from pathlib import Path
from typing import Any

import pytest

from labeling.models import Comparison, Verdict
from tests.browser.furnished import furnish
from tests.clients import Visiting
from tests.people import Stage, stage
from training.actions.snapshots import take_snapshot
from training.models import LensJob, Run


@pytest.fixture
def finished_run(settings: Any, tmp_path: Path) -> tuple[Stage, Run, list[Comparison]]:
    """A run over twenty settled comparisons, with margins that doubt two of them."""
    settings.VAR_DIR = tmp_path
    on_stage = stage(comparisons=20)
    settled = on_stage.settle(["a", "b"] * 10)
    snapshot = take_snapshot(campaign=on_stage.campaign, acting_user=None, now=on_stage.now)
    run = furnish(on_stage).finished
    run.directory, run.snapshot = str(tmp_path), snapshot
    run.save(update_fields=["directory", "snapshot"])
    pairs = [json.loads(line) for line in (Path(snapshot.directory) / "train.jsonl").read_text().splitlines()]
    lines = [
        {
            "id": pair["id"],
            "split": "train",
            "margin": -3.0 + number,
            "chosen_logratio": -1.0,
            "rejected_logratio": 2.0,
            "confidence": 0.9,
        }
        for number, pair in enumerate(pairs)
    ]
    (tmp_path / "margins.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return on_stage, run, settled


def test_the_worst_predicted_are_sent_for_relabeling(
    finished_run: tuple[Stage, Run, list[Comparison]], visiting: Visiting
) -> None:
    on_stage, run, _ = finished_run
    maya = visiting(on_stage.maya)
    answer = maya.get(f"/runs/{run.pk}/surprises/")
    surprises = answer.context["surprises"]
    assert f'name="comparison" value="{surprises[0].comparison.pk}"' in answer.content.decode()
    assert [one.margin for one in surprises[:3]] == [-3.0, -2.0, -1.0]
    worst = surprises[0].comparison
    assert worst is not None
    answer = maya.post(f"/runs/{run.pk}/relabel/", {"comparison": [worst.pk], "more": "2"}, follow=True)
    assert "1 comparison has been sent for relabeling" in answer.content.decode()
    assert not Verdict.objects.filter(comparison=worst).exists()
    assert on_stage.given(on_stage.bob).comparison_id == worst.pk
    empty = maya.post(f"/runs/{run.pk}/relabel/", {"more": "2"}, follow=True)
    assert "Choose at least one" in empty.content.decode()
    maya.post("/lens/", {"version": run.version.pk, "against": "parent", "run": run.pk, "pair": surprises[1].id})
    assert LensJob.objects.get().pair["id"] == surprises[1].id


@pytest.mark.parametrize(("doubted", "says"), [(0, None), (3, "the surer it was, the less it learned from them")])
def test_a_run_that_doubts_labels_says_how_it_learned_from_them(
    finished_run: tuple[Stage, Run, list[Comparison]], visiting: Visiting, doubted: int, says: str | None
) -> None:
    on_stage, run, _ = finished_run
    path = Path(run.directory) / "margins.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for number, line in enumerate(lines):
        line["margin"] = -5.0 if number < doubted else 1.0
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    run.config = {"loss": "em"}
    run.save(update_fields=["config"])
    page = " ".join(visiting(on_stage.maya).get(f"/runs/{run.pk}/surprises/").content.decode().split())
    assert ('data-testid="doubted"' in page) == (says is not None)
    assert says is None or f"it took {doubted} for wrong rather than right: {says}" in page
