"""The page that promotes: the gate's results first, and a reason where they are not met."""

import pytest

from tests.browser.evaluations import unfinished_evaluation
from tests.browser.furnished import Furnished, furnish
from tests.clients import Visiting
from tests.people import Stage, stage
from training.actions.gate import save_gate
from training.models import Deployment, Evaluation, GateDecision
from training.queries.gates import MEASURED
from training.versions import files

pytestmark = pytest.mark.django_db

PATH = "/versions/sums-v2/promote/"


@pytest.fixture
def on_stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(files, "check_version", lambda version: None)  # the versions have no files
    return stage(comparisons=3)


@pytest.fixture
def furnished(on_stage: Stage) -> Furnished:
    return furnish(on_stage)


def serving() -> str:
    return Deployment.objects.get(is_current=True).version.name


def test_a_met_gate_needs_no_reason_and_the_page_leads_back_to_where_it_was_opened(
    on_stage: Stage, furnished: Furnished, visiting: Visiting
) -> None:
    maya = visiting(on_stage.maya)
    page = maya.get(f"{PATH}?back=/campaigns/sums/").content.decode()
    assert "The gate is met" in page
    assert "held-out accuracy against base" in page
    assert 'name="reason"' not in page
    done = maya.post(PATH, {"back": "/campaigns/sums/"})
    assert done["Location"] == "/campaigns/sums/"
    assert serving() == "sums-v2"


def test_another_site_is_no_page_to_go_back_to(on_stage: Stage, furnished: Furnished, visiting: Visiting) -> None:
    page = visiting(on_stage.maya).get(f"{PATH}?back=https://example.org/").content.decode()
    assert "example.org" not in page


def test_a_version_that_is_being_measured_is_not_measured_again(
    on_stage: Stage, furnished: Furnished, visiting: Visiting
) -> None:
    maya = visiting(on_stage.maya)
    assert 'data-testid="measure"' in maya.get(PATH).content.decode()
    job = unfinished_evaluation(on_stage, furnished, "running")
    page = maya.get(PATH).content.decode()
    assert 'data-testid="measure"' not in page
    assert f'href="/evaluations/{job.pk}/"' in page


def test_a_gate_that_is_not_met_asks_for_a_reason(on_stage: Stage, furnished: Furnished, visiting: Visiting) -> None:
    save_gate(campaign=on_stage.campaign, rules=[{"figure": "pairs", "floor": 50}], acting_user=None, now=on_stage.now)
    maya = visiting(on_stage.maya)
    page = maya.get(PATH).content.decode()
    assert "It was measured on only 24 held-out pairs; 50 are needed." in page
    assert "Promote sums-v2 anyway" in page
    refused = maya.post(PATH, {"reason": "  "}).content.decode()
    assert "This field is required." in refused
    assert serving() == "sums-v1"
    maya.post(PATH, {"reason": "I read its texts."})
    assert serving() == "sums-v2"
    assert GateDecision.objects.latest("pk").waiver == "I read its texts."


def test_the_api_says_which_rules_are_not_met_until_a_reason_is_given(
    on_stage: Stage, furnished: Furnished, visiting: Visiting
) -> None:
    Evaluation.objects.filter(kind=MEASURED).delete()
    maya = visiting(on_stage.maya)
    address = "/api/v1/versions/sums-v2/promote/"
    refused = maya.post(address, {}, content_type="application/json")
    assert refused.status_code == 409
    assert refused.json()["type"].endswith("gate-not-met")
    assert [each["field"] for each in refused.json()["errors"]] == ["pairs"]
    assert maya.get("/api/v1/versions/sums-v2/gate/").json()["met"] is False
    done = maya.post(address, {"reason": "For a test."}, content_type="application/json")
    assert done.json()["version"] == "sums-v2"
    decision = maya.get("/api/v1/gate-decisions/?version=sums-v2").json()["results"][0]
    assert (decision["outcome"], decision["waiver"]) == ("waived", "For a test.")


def test_measuring_again_is_for_versions_of_runs(on_stage: Stage, furnished: Furnished, visiting: Visiting) -> None:
    maya = visiting(on_stage.maya)
    page = maya.post("/versions/sums-v2/measure/", follow=True).content.decode()
    assert "sums-v2 is being evaluated" in page
    page = maya.post("/versions/base/measure/", follow=True).content.decode()
    assert "comes from no training run" in page
