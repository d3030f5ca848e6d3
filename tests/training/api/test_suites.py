"""Suites through the API: made of objects or of a file, changed, run and compared."""

from rest_framework.test import APIClient

from labeling.models import Campaign
from tests.training.suites import finished_run, scenario, small_suite
from training.models import ModelVersion, Suite

SUITES = "/api/v1/campaigns/tiny/suites/"


def test_a_suite_is_made_changed_and_read(maya_calls: APIClient, campaign: Campaign, base: ModelVersion) -> None:
    made = maya_calls.post(SUITES, {"name": "Mine", "scenarios": [scenario("one")]}, format="json")
    assert made.status_code == 201
    assert (made.json()["number"], made.json()["size"]) == (1, 1)
    address = f"/api/v1/suites/{made.json()['id']}/"
    changed = maya_calls.put(address, {"scenarios": [scenario("one"), scenario("two")]}, format="json").json()
    assert (changed["number"], changed["size"], changed["before_gate"]) == (2, 2, True)
    assert [one["id"] for one in maya_calls.get(address).json()["scenarios"]] == ["one", "two"]
    assert [one["slug"] for one in maya_calls.get(SUITES).json()["results"]] == ["mine"]


def test_a_yaml_file_is_taken_and_a_wrong_one_refused_by_its_line(maya_calls: APIClient, campaign: Campaign) -> None:
    file = "- {input: Capital of France, target: Paris}\n- {input: Hello}\n"
    refused = maya_calls.post(SUITES, {"name": "Mine", "file": file, "format": "yaml"}, format="json")
    assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[-1]) == (422, "wrong-suite")
    assert "Line 2" in refused.json()["detail"]
    file = file.splitlines()[0]
    assert maya_calls.post(SUITES, {"name": "Mine", "file": file, "format": "yaml"}, format="json").status_code == 201
    assert Suite.objects.get().current.scenarios[0]["checks"] == [{"kind": "pattern", "pattern": "Paris"}]


def test_runs_have_figures_results_and_changes(
    maya_calls: APIClient, campaign: Campaign, trained: ModelVersion, base: ModelVersion
) -> None:
    suite = small_suite(campaign)
    before = finished_run(suite, base, {})
    after = finished_run(suite, trained, {"calm": "bad"})
    figures = maya_calls.get(f"/api/v1/suite-runs/{after.pk}/").json()["figures"]
    assert {one["tag"]: (one["passed"], one["failed"]) for one in figures} == {
        "harmless": (0, 1),
        "confident_violation": (1, 0),
        "format": (1, 0),
        "": (2, 1),
    }
    results = maya_calls.get(f"/api/v1/suite-runs/{after.pk}/results/").json()["results"]
    assert results[0]["checks"] == [{"kind": "pattern", "outcome": "failed", "reason": "It lacks “good”."}]
    address = f"/api/v1/suite-runs/{after.pk}/compare/{before.pk}/"
    changes = maya_calls.get(address).json()
    assert (changes["lost"], changes["won"], changes["same"]) == (["calm"], [], ["modest", "short"])
    added = maya_calls.post(address, {"scenarios": ["calm", "short"]}, format="json").json()
    assert added["created"] == 1  # the same text twice is nothing to compare


def test_a_run_is_queued_by_name(maya_calls: APIClient, campaign: Campaign, base: ModelVersion) -> None:
    address = f"/api/v1/suites/{small_suite(campaign).pk}/runs/"
    started = maya_calls.post(address, {"version": base.name, "settings": {"max_tokens": 9}}, format="json")
    assert (started.status_code, started.json()["status"], started.json()["total"]) == (201, "queued", 3)
    assert maya_calls.post(address, {"version": base.name}, format="json").status_code == 409
    assert len(maya_calls.get(address).json()["results"]) == 1
