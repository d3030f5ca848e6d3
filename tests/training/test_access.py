"""Nobody is shown what belongs to others, and annotating a campaign is not leading it."""

import pytest

from labeling.models import Membership, Role, User
from tests.clients import Calling
from tests.people import Stage, person
from tests.training.conftest import child_of
from training.models import ModelVersion


@pytest.mark.django_db
def test_lists_show_nobody_what_belongs_to_others(scene: Stage, calling: Calling) -> None:
    child_of(ModelVersion.objects.get(), scene)
    other = calling(person("other_lead", Role.LEAD))

    assert other.get("/api/v1/runs/").json()["results"] == []
    assert calling(scene.alice).get("/api/v1/runs/").json()["results"] == []
    assert [version["name"] for version in other.get("/api/v1/versions/").json()["results"]] == ["tiny-base"]
    maya = calling(scene.maya)
    assert [version["name"] for version in maya.get("/api/v1/versions/").json()["results"]] == ["sums-v1", "tiny-base"]
    assert len(maya.get("/api/v1/runs/").json()["results"]) == 1


@pytest.mark.django_db
def test_a_lead_who_only_annotates_a_campaign_does_not_train_it(scene: Stage, calling: Calling) -> None:
    other = person("other_lead", Role.LEAD)
    scene.join(other, role=Membership.Role.ANNOTATOR)
    client = calling(User.objects.get(username="other_lead"))

    assert client.post("/api/v1/campaigns/sums/generation/", {}, format="json").status_code == 403
    assert client.post("/api/v1/runs/", {"campaign": "sums"}, format="json").status_code == 403
