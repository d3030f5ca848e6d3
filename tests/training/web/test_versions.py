"""The page of all versions, and what serves."""

import pytest

from labeling.models import BulkAct
from tests.clients import Visiting
from tests.people import NOON, stage
from tests.training.web.pages import page_of, quiet
from training.models import Deployment, ModelVersion
from training.versions import files
from training.web.versions import newest_step


@pytest.fixture(autouse=True)
def _no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The versions here are rows without files."""
    monkeypatch.setattr(files, "check_version", lambda version: None)


def test_promotion_and_rollback_change_what_serves(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    quiet(on_stage)
    maya = visiting(on_stage.maya)
    maya.post("/versions/sums-v2/promote/")
    assert Deployment.objects.get(is_current=True).version.name == "sums-v2"
    assert "sums-v2</b>" in page_of(maya, "/versions/")
    answer = maya.post("/serving/rollback/", follow=True)
    assert "sums-v1 serves again" in answer.content.decode()


def test_of_two_leads_who_roll_back_at_once_the_second_is_told(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    quiet(on_stage)
    maya, ada = visiting(on_stage.maya), visiting(on_stage.ada)
    maya.post("/versions/sums-v2/promote/")
    shown = {"serving": "sums-v2"}
    assert 'name="serving" value="sums-v2"' in page_of(ada, "/versions/")
    assert "sums-v1 serves again" in maya.post("/serving/rollback/", shown, follow=True).content.decode()
    refused = ada.post("/serving/rollback/", shown, follow=True).content.decode()
    assert "Another version serves meanwhile. Look again before you decide." in refused
    assert Deployment.objects.get(is_current=True).version.name == "sums-v1"


@pytest.mark.parametrize("name", ["sums-v2", "base"])
def test_a_lead_does_not_replace_a_version_that_their_page_did_not_show(visiting: Visiting, name: str) -> None:
    on_stage = stage(comparisons=3)
    quiet(on_stage)
    maya, ada = visiting(on_stage.maya), visiting(on_stage.ada)
    page = page_of(ada, f"/versions/{name}/promote/")
    assert 'name="serving" value="sums-v1"' in page
    other = "base" if name == "sums-v2" else "sums-v2"
    maya.post(f"/versions/{other}/promote/", {"serving": "sums-v1"})
    refused = ada.post(f"/versions/{name}/promote/", {"serving": "sums-v1"}).content.decode()
    assert "Another version serves meanwhile" in refused
    assert Deployment.objects.get(is_current=True).version.name == other
    ada.post(f"/versions/{name}/promote/", {"serving": other, "reason": "It is better."})
    assert Deployment.objects.get(is_current=True).version.name == name


def test_a_rollback_sets_labels_aside_by_time_and_annotator(visiting: Visiting) -> None:
    on_stage = stage(comparisons=6)
    quiet(on_stage)
    on_stage.wait(60)
    on_stage.settle("ab")
    on_stage.join(on_stage.bob)
    others = on_stage.given(on_stage.bob)
    on_stage.vote(others, "a")
    maya = visiting(on_stage.maya)
    maya.post("/versions/sums-v2/promote/")
    Deployment.objects.filter(is_current=True).update(at=NOON)
    assert 'name="settled_since" value="2026-03-02"' in page_of(maya, "/versions/")
    chosen = {"set_aside": "on", "settled_since": "2026-03-02", "annotator": on_stage.alice.pseudonym}

    refused = maya.post("/serving/rollback/", {**chosen, "settled_since": "yesterday"}, follow=True)
    assert "Enter a valid date" in refused.content.decode()
    assert Deployment.objects.get(is_current=True).version.name == "sums-v2"
    answer = maya.post("/serving/rollback/", chosen, follow=True)
    assert "sums-v1 serves again. 2 comparisons are set aside." in answer.content.decode()
    assert on_stage.campaign.comparisons.filter(status="retired").count() == 2
    assert "sums-v2 was rolled back" in BulkAct.objects.get().reason


def test_a_rollback_alone_sets_nothing_aside(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    quiet(on_stage)
    on_stage.settle("ab")
    maya = visiting(on_stage.maya)
    maya.post("/versions/sums-v2/promote/")
    since = Deployment.objects.get(is_current=True).at.date().isoformat()
    assert f'name="shown" value="{since}"' in page_of(maya, "/versions/")
    maya.post("/serving/rollback/", {"serving": "sums-v2", "settled_since": since, "shown": since})
    assert Deployment.objects.get(is_current=True).version.name == "sums-v1"
    assert not on_stage.campaign.comparisons.filter(status="retired").exists()


@pytest.mark.parametrize("field", ["settled_since", "settled_last_day", "annotator"])
def test_a_rollback_alone_with_chosen_labels_is_refused_and_nothing_typed_is_lost(
    visiting: Visiting, field: str
) -> None:
    on_stage = stage(comparisons=3)
    quiet(on_stage)
    on_stage.settle("ab")
    maya = visiting(on_stage.maya)
    maya.post("/versions/sums-v2/promote/")
    offered = {"serving": "sums-v2", "settled_since": "2026-03-01", "shown": "2026-03-01", "back": "/campaigns/sums/"}
    typed = on_stage.alice.pseudonym if field == "annotator" else "2026-03-02"
    answer = maya.post("/serving/rollback/", {**offered, field: typed})
    page = " ".join(answer.content.decode().split())
    assert Deployment.objects.get(is_current=True).version.name == "sums-v2"
    assert "Press “Roll back and set aside”, or empty the fields" in page
    assert f'value="{typed}" selected' in page if field == "annotator" else f'name="{field}" value="{typed}"' in page
    assert 'data-testid="set-aside" open' in page
    assert 'name="back" value="/campaigns/sums/"' in page
    assert 'name="shown" value="2026-03-01"' in page
    # The Enter key presses a form's first button: in the fields for labels it is theirs.
    assert page.index('name="set_aside"') < page.index('data-testid="confirm-rollback"')
    done = maya.post("/serving/rollback/", {**offered, field: typed, "set_aside": "on"})
    assert done["Location"] == "/campaigns/sums/"
    assert Deployment.objects.get(is_current=True).version.name == "sums-v1"


def test_a_rollback_by_the_watch_is_not_said_to_be_by_the_promotion_rule(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    quiet(on_stage)
    Deployment.objects.filter(is_current=True).update(kind="rollback", by=None, reason="Ties rose.")
    page = page_of(visiting(on_stage.maya), "/versions/")
    assert "by the watch over new versions" in page
    assert "by the promotion rule" not in page


def test_the_comparison_offered_is_from_the_parent_to_the_newest(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    quiet(on_stage)
    page = page_of(visiting(on_stage.maya), "/versions/")
    first, second = page.split('id="compare-one"')[1].split('id="compare-other"')
    assert 'value="sums-v1" selected' in first
    assert 'value="sums-v2" selected' in second


def test_a_single_version_has_nothing_to_be_compared_with() -> None:
    base = ModelVersion(pk=1, name="base")
    one = ModelVersion(pk=2, name="one", parent_id=1)
    assert newest_step([]) is newest_step([base]) is None
    assert newest_step([one, base]) == (1, 2)
    assert newest_step([ModelVersion(pk=3, name="other base"), base]) == (1, 3)
    assert newest_step([ModelVersion(pk=4, name="of a hidden parent", parent_id=9), one, base]) == (1, 2)


def test_what_served_first_was_promoted_by_nobody_and_no_schedule(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    quiet(on_stage)
    Deployment.objects.update(by=None, reason="")
    Deployment.objects.filter(version__name="sums-v1").update(previous=Deployment.objects.get(version__name="base"))
    page = page_of(visiting(on_stage.maya), "/versions/")
    assert "when Chosen was set up" in page
    assert "from the command line" in page
    assert "schedule" not in page
    Deployment.objects.filter(version__name="sums-v1").update(reason="Held-out accuracy did not fall.")
    assert "by the promotion rule" in page_of(visiting(on_stage.maya), "/versions/")
