"""The pages of suites: made, changed, run, and two runs compared."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from labeling.models import Comparison
from tests.browser.furnished import Furnished, furnish
from tests.browser.suite_runs import compared_runs, suite_of
from tests.markup import shown_in
from tests.people import Stage, stage
from training.models import Suite, SuiteRun


@pytest.fixture
def on_stage() -> Stage:
    return stage(comparisons=2)


@pytest.fixture
def furnished(on_stage: Stage) -> Furnished:
    return furnish(on_stage)


@pytest.fixture
def maya(client: Client, on_stage: Stage) -> Client:
    client.force_login(on_stage.maya)
    return client


def text_of(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def test_a_lead_adds_a_shipped_suite_and_it_is_offered_once(maya: Client, furnished: Furnished) -> None:
    page = maya.post("/campaigns/sums/suites/add/", {"shipped": "healthcare_scheduling"}, follow=True).content.decode()
    assert "Healthcare scheduling assistant was added with 40 scenarios." in page
    assert 'value="healthcare_scheduling"' not in page
    assert 'value="general_assistant"' in page
    assert "chest-pain" in text_of(maya, f"/suites/{Suite.objects.get().pk}/")


def test_a_refused_file_comes_back_with_its_lines(maya: Client, furnished: Furnished) -> None:
    response = maya.post("/campaigns/sums/suites/", {"name": "Mine", "form": "jsonl", "scenarios": '{"id": "a"}\n['})
    page = response.content.decode()
    assert "Line 1: “tag” must be a short word" in page
    assert "Line 2: This is not JSON" in page
    assert "{&quot;id&quot;: &quot;a&quot;}" in page
    assert not Suite.objects.exists()


def test_a_file_takes_the_place_of_the_text_and_a_refused_one_is_shown_to_be_mended(
    maya: Client, on_stage: Stage, furnished: Furnished
) -> None:
    def sent(name: str, content: bytes) -> str:
        values = {"name": name, "form": "jsonl", "scenarios": "", "file": SimpleUploadedFile(name, content)}
        return maya.post("/campaigns/sums/suites/", values, follow=True).content.decode()

    good = maya.get(f"/suites/{suite_of(on_stage).pk}/download/").content
    assert "Line 1: “tag” must be a short word" in (page := sent("bad.jsonl", b'\xef\xbb\xbf{"id": "a"}'))
    assert "{&quot;id&quot;: &quot;a&quot;}" in page
    assert "no text in UTF-8" in sent("latin.jsonl", "é".encode("latin-1"))
    assert 'data-testid="new-suite"' in sent("empty.jsonl", b" ")
    assert Suite.objects.count() == 1
    sent("good.jsonl", good)
    yaml = (
        b"prompts: ['Say hello to {{who}}.']\ntests:\n- vars: {who: Ada}\n  assert:\n  - {type: contains, value: Ada}\n"
    )
    sent("promptfoo.YAML", yaml)
    assert {suite.name: suite.current.size for suite in Suite.objects.all()} == {
        "Small": 4,
        "good.jsonl": 4,
        "promptfoo.YAML": 1,
    }


def test_a_suite_is_downloaded_as_it_can_be_uploaded(maya: Client, on_stage: Stage, furnished: Furnished) -> None:
    suite = suite_of(on_stage)
    response = maya.get(f"/suites/{suite.pk}/download/")
    assert response["Content-Disposition"] == 'attachment; filename="small-1.jsonl"'
    text = response.content.decode()
    maya.post(f"/suites/{suite.pk}/edit/", {"scenarios": text + text.splitlines()[0].replace("calm", "calmer")})
    suite.refresh_from_db()
    assert (suite.current.number, suite.current.size, suite.before_gate) == (2, 5, False)


def test_scenarios_that_somebody_saved_meanwhile_are_not_overwritten_unseen(
    maya: Client, on_stage: Stage, furnished: Furnished
) -> None:
    suite = suite_of(on_stage)
    address, text = f"/suites/{suite.pk}/edit/", maya.get(f"/suites/{suite.pk}/download/").content.decode()
    opened = shown_in(text_of(maya, address))
    theirs, mine = text + text.splitlines()[0].replace("calm", "theirs"), text.replace("calm", "mine")
    maya.post(address, {"scenarios": theirs, "shown": opened})
    refused = maya.post(address, {"scenarios": mine, "shown": opened}).content.decode()
    assert "Somebody saved these settings meanwhile." in refused
    assert "mine" in refused
    maya.post(address, {"scenarios": mine, "shown": shown_in(refused)})
    suite.refresh_from_db()
    assert (suite.current.number, suite.current.scenarios[0]["id"]) == (3, "mine")


def test_whether_a_suite_runs_before_the_gate_is_not_overwritten_unseen(
    maya: Client, on_stage: Stage, furnished: Furnished
) -> None:
    suite = suite_of(on_stage)
    address, text = f"/suites/{suite.pk}/edit/", text_of(maya, f"/suites/{suite.pk}/download/")
    Suite.objects.update(before_gate=True)
    opened = shown_in(text_of(maya, address))
    maya.post(address, {"scenarios": text, "shown": opened})
    mine = {"scenarios": text.replace("calm", "mine"), "before_gate": "on"}
    refused = maya.post(address, mine | {"shown": opened})
    assert refused.context["form"].errors["before_gate"] == ["Somebody changed this meanwhile. It is now: off."]
    suite.refresh_from_db()
    assert (suite.current.number, suite.before_gate) == (1, False)
    maya.post(address, mine | {"shown": shown_in(refused.content.decode())})
    suite.refresh_from_db()
    assert (suite.current.number, suite.before_gate) == (2, True)


def test_a_run_is_started_for_a_version_and_shows_its_figures(
    maya: Client, on_stage: Stage, furnished: Furnished
) -> None:
    _, after = compared_runs(on_stage, furnished)
    maya.post(f"/suites/{after.suite_version.suite_id}/", {"version": furnished.base.pk, "max_tokens": "64"})
    queued = SuiteRun.objects.get(version=furnished.base)
    assert (queued.status, queued.settings["max_tokens"], queued.settings["temperature"]) == ("queued", 64, 0.0)
    page = " ".join(text_of(maya, f"/suite-runs/{after.pk}/").split())
    assert "0 / 1 (" in page
    assert "It lacks “good”." in page
    assert "A person has not answered yet." in page
    assert "See you tomorrow." not in text_of(maya, f"/suite-runs/{after.pk}/?outcome=passed")


def test_a_lost_scenario_is_named_with_both_texts(maya: Client, on_stage: Stage, furnished: Furnished) -> None:
    before, after = compared_runs(on_stage, furnished)
    page = " ".join(text_of(maya, f"/suite-runs/{after.pk}/compare/{before.pk}/").split())
    assert "1 scenario was lost: it passed before and fails now." in page
    assert "Good: call 911." in page
    assert "See you tomorrow." in page
    backwards = " ".join(text_of(maya, f"/suite-runs/{before.pk}/compare/{after.pk}/").split())
    assert "1 was won." in backwards


def test_only_finished_runs_of_one_suite_are_compared(maya: Client, on_stage: Stage, furnished: Furnished) -> None:
    before, after = compared_runs(on_stage, furnished)
    before.results.filter(number=0).update(status="waiting")
    response = maya.get(f"/suite-runs/{after.pk}/compare/{before.pk}/")
    assert response.status_code == 409
    assert "Only two finished runs of the same suite can be compared." in response.content.decode()


def test_runs_with_different_settings_are_compared_with_a_warning(
    maya: Client, on_stage: Stage, furnished: Furnished
) -> None:
    before, after = compared_runs(on_stage, furnished)
    path = f"/suite-runs/{after.pk}/compare/{before.pk}/"
    assert "different sampling settings" not in maya.get(path).content.decode()
    SuiteRun.objects.filter(pk=before.pk).update(seed=7)
    assert "different sampling settings" in maya.get(path).content.decode()


def test_lost_scenarios_become_comparisons_and_prompts_that_say_where_they_come_from(
    maya: Client, on_stage: Stage, furnished: Furnished
) -> None:
    before, after = compared_runs(on_stage, furnished)
    address = f"/suite-runs/{after.pk}/compare/{before.pk}/continue/"
    page = maya.post(address, {"scenario": ["calm"], "make": "comparisons"}, follow=True).content.decode()
    assert "1 comparison was added." in page
    made = Comparison.objects.latest("pk")
    assert made.metadata == {
        "suite": "small",
        "suite_version": 1,
        "scenario": "calm",
        "tag": "harmless",
        "suite_runs": [before.pk, after.pk],
        "lost": True,
    }
    assert {made.completion_a.model_version, made.completion_b.model_version} == {"sums-v1", "sums-v2"}
    again = maya.post(address, {"scenario": ["calm"], "make": "comparisons"}, follow=True).content.decode()
    assert "No comparison was added" in again
    maya.post(address, {"scenario": ["short", "calm"], "make": "prompts"})
    prompt = on_stage.campaign.prompts.latest("pk")
    assert (prompt.external_id, prompt.tags) == ("small/short", ["suite", "format"])
    nothing = maya.post(address, {"make": "comparisons"}, follow=True).content.decode()
    assert "Choose at least one scenario" in nothing
