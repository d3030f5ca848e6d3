"""The page of a snapshot's doubtful pairs."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from labeling.models import BulkAct, Verdict
from tests.browser.furnished import furnish
from tests.browser.lens_and_lab import search_of
from tests.clients import Visiting
from tests.people import NOON, Stage, stage
from tests.training.gates_by_people import voting_gate
from tests.training.suites import finished_run, scenario, small_suite
from training.actions.snapshots import take_snapshot
from training.models import BlameJob, JobStatus, ModelVersion, PeopleGate, Snapshot


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
    answer = maya.post(f"{address}cancel/", follow=True)
    assert "It has been cancelled." in answer.content.decode()
    job.refresh_from_db()
    assert job.status == JobStatus.CANCELLED


def test_failed_scenarios_and_lost_comparisons_lead_to_the_search_with_their_texts(
    taken: tuple[Stage, Snapshot], visiting: Visiting
) -> None:
    on_stage, snapshot = taken
    version, one = ModelVersion.objects.get(run__snapshot=snapshot), ModelVersion.objects.get(name="sums-v1")
    maya, address = visiting(on_stage.maya), f"/snapshots/{snapshot.pk}/doubt/"
    suite = small_suite(on_stage.campaign, scenario("calm", tag="harmless"), by=on_stage.maya)
    failed = finished_run(suite, version, {"calm": "See you tomorrow."}, now=on_stage.now)
    link = f"{address}?result={failed.results.get().pk}"
    assert link in maya.get(f"/suite-runs/{failed.pk}/").content.decode()
    assert maya.get(link).context["form"].initial["worse"] == "See you tomorrow."
    gate = voting_gate(on_stage.campaign, version, one)
    assert "lost" in maya.get(address).context
    assert maya.get(address).context["lost"] == []  # nothing is said before the gate is decided
    pair = gate.pairs.select_related("comparison")[0]
    better = "b" if pair.candidate_is_a else "a"
    Verdict.objects.create(
        comparison=pair.comparison,
        campaign=gate.blind_test,
        winner=better,
        confidence=1.0,
        settled_by="adjudication",
        settled_at=NOON,
    )
    PeopleGate.objects.update(status="worse", figures={"win_rate": None})
    gate.blind_test.status = "archived"
    gate.blind_test.save(update_fields=["status"])
    assert [number for number, _ in maya.get(address).context["lost"]] == [pair.comparison_id]
    form = maya.get(f"{address}?comparison={pair.comparison_id}").context["form"]
    assert form.initial["better"] == getattr(pair.comparison, f"completion_{better}").text


def test_the_prompt_of_a_search_is_the_whole_conversation(taken: tuple[Stage, Snapshot], visiting: Visiting) -> None:
    on_stage, snapshot = taken
    version = ModelVersion.objects.get(run__snapshot=snapshot)
    turns = [
        {"role": "system", "content": "You book appointments."},
        {"role": "user", "content": "Is Tuesday free?"},
        {"role": "assistant", "content": "Tuesday at ten is."},
        {"role": "user", "content": "Then that one."},
    ]
    suite = small_suite(on_stage.campaign, {**scenario("booking"), "messages": turns}, by=on_stage.maya)
    failed = finished_run(suite, version, {"booking": "Which day?"}, now=on_stage.now)
    maya, address = visiting(on_stage.maya), f"/snapshots/{snapshot.pk}/doubt/"
    link = f"{address}?result={failed.results.get().pk}"
    shown = maya.get(link)
    assert shown.context["form"].initial["prompt"] == "Then that one."
    assert "Tuesday at ten is." in shown.content.decode()
    assert f'action="{link}"' in shown.content.decode()
    maya.post(link, {"prompt": "Then that one, please.", "better": "It is booked.", "worse": "Which day?"})
    query = BlameJob.objects.get().query
    assert query is not None
    assert query["prompt"] == [*turns[:-1], {"role": "user", "content": "Then that one, please."}]
    assert visiting(on_stage.charlie).get(link).status_code == 404


def test_the_most_doubtful_pairs_are_sent_to_annotators_again(
    taken: tuple[Stage, Snapshot], visiting: Visiting
) -> None:
    on_stage, snapshot = taken
    ids = [json.loads(line)["id"] for line in (Path(snapshot.directory) / "train.jsonl").read_text().splitlines()]
    rows = [{"id": name, "doubt": 1.0 - place / 20, "blame": place} for place, name in enumerate(ids)]
    people = [[on_stage.alice.pseudonym, 12, 3], [on_stage.bob.pseudonym, 10, 0]]
    result = {
        "pairs": 200,
        "doubtful": rows,
        "blamed": rows[::-1],
        "groups": {"annotator": people, "tag": [["", 12, 0], ["legal", 40, 12]]},
    }
    search_of(on_stage, snapshot, result=result)
    maya, address = visiting(on_stage.maya), f"/snapshots/{snapshot.pk}/doubt/"
    blamed = maya.get(address).context["found"]
    assert blamed[0].pair.id == ids[-1]  # it explains a comparison
    answer = maya.get(f"{address}?order=doubtful")
    assert answer.context["found"][0].pair.id == ids[0]
    text = answer.content.decode()
    assert reverse("left_out", args=["sums", on_stage.alice.pseudonym]) in text  # retraining without her
    assert "/campaigns/sums/comparisons/?tag=legal" in text
    assert text.count("More than chance") == 1, "3 of 12 may be chance, 12 of 40 are not."
    assert "made it worse: 100.0 % of what the pair most to blame did" in maya.get(address).content.decode()
    assert "did not make it worse" in text  # the blame of the first one is 0
    aside = answer.context["found"][1].comparison
    chosen = {"comparison": [aside.pk], "more": "2", "order": "doubtful", "do": "aside"}
    answer = maya.post(f"{address}relabel/", chosen, follow=True)
    assert "1 comparison is set aside" in answer.content.decode()
    aside.refresh_from_db()
    assert aside.status == "retired"
    text = answer.content.decode()
    assert f'name="comparison" value="{aside.pk}"' not in text  # nothing is left to do with it
    assert text.count('data-testid="out"') == 1
    again = maya.post(f"{address}relabel/", chosen).content.decode()
    assert "The selected pairs are all set aside already." in again
    assert BulkAct.objects.count() == 1
    worst = answer.context["found"][0].comparison
    answer = maya.post(f"{address}relabel/", {"comparison": [worst.pk], "more": "2", "order": "doubtful"}, follow=True)
    assert "1 comparison has been sent for relabeling" in answer.content.decode()
    assert not Verdict.objects.filter(comparison=worst).exists()
    assert visiting(on_stage.charlie).get(address).status_code == 404
