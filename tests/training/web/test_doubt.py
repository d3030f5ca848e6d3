"""The page of a snapshot's doubtful pairs."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from labeling.models import Verdict
from tests.browser.furnished import furnish
from tests.browser.lens_and_lab import search_of
from tests.clients import Visiting
from tests.people import Stage, stage
from training.actions.snapshots import take_snapshot
from training.models import BlameJob, JobStatus, Snapshot


@pytest.fixture
def taken(settings: Any, tmp_path: Path) -> tuple[Stage, Snapshot]:
    """A snapshot of twenty settled comparisons, on which a run has learned."""
    settings.VAR_DIR = tmp_path
    on_stage = stage(comparisons=20)
    on_stage.settle(["a", "b"] * 10)
    snapshot = take_snapshot(campaign=on_stage.campaign, acting_user=None, now=on_stage.now)
    run = furnish(on_stage).finished
    run.snapshot = snapshot
    run.save(update_fields=["snapshot"])
    return on_stage, snapshot


def test_a_search_is_started_explained_and_cancelled(taken: tuple[Stage, Snapshot], visiting: Visiting) -> None:
    on_stage, snapshot = taken
    maya, address = visiting(on_stage.maya), f"/snapshots/{snapshot.pk}/doubt/"
    refused = maya.post(address, {"prompt": "What is 1 plus one?", "better": "2", "worse": " "})
    assert "Fill in the prompt and both completions" in refused.content.decode()
    assert not BlameJob.objects.exists()
    answer = maya.post(address, {"prompt": "What is 1 plus one?", "better": "2", "worse": "3"}, follow=True)
    job = BlameJob.objects.get()
    assert job.query is not None
    assert (job.query["chosen"], job.query["rejected"], job.version) == ("2", "3", snapshot.runs.get().parent)
    assert "Cancel search" in answer.content.decode()
    answer = maya.post(f"{address}cancel/", {"job": job.pk}, follow=True)
    assert "It has been cancelled." in answer.content.decode()
    job.refresh_from_db()
    assert job.status == JobStatus.CANCELLED


def test_the_most_doubtful_pairs_are_sent_to_annotators_again(
    taken: tuple[Stage, Snapshot], visiting: Visiting
) -> None:
    on_stage, snapshot = taken
    ids = [json.loads(line)["id"] for line in (Path(snapshot.directory) / "train.jsonl").read_text().splitlines()]
    rows = [{"id": name, "doubt": 1.0 - place / 20, "blame": place} for place, name in enumerate(ids)]
    people = [[on_stage.alice.pseudonym, 12, 3], [on_stage.bob.pseudonym, 10, 0]]
    result = {"pairs": 20, "doubtful": rows, "blamed": rows[::-1], "groups": {"annotator": people}}
    search_of(on_stage, snapshot, result=result)
    maya, address = visiting(on_stage.maya), f"/snapshots/{snapshot.pk}/doubt/"
    blamed = maya.get(address).context["found"]
    assert blamed[0].pair.id == ids[-1]  # it explains a comparison
    answer = maya.get(f"{address}?order=doubtful")
    assert answer.context["found"][0].pair.id == ids[0]
    text = answer.content.decode()
    assert reverse("left_out", args=["sums", on_stage.alice.pseudonym]) in text  # retraining without her
    worst = answer.context["found"][0].comparison
    answer = maya.post(f"{address}relabel/", {"comparison": [worst.pk], "more": "2", "order": "doubtful"}, follow=True)
    assert "1 comparison has been sent for relabeling" in answer.content.decode()
    assert not Verdict.objects.filter(comparison=worst).exists()
    assert visiting(on_stage.charlie).get(address).status_code == 404
