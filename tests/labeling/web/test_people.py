"""Members on their page: added, removed, and why somebody cannot be."""

import pytest

from labeling.models import Membership
from tests.clients import Visiting, text_of
from tests.people import stage


def test_somebody_is_added_and_removed(visiting: Visiting) -> None:
    on_stage = stage()
    maya, path = visiting(on_stage.maya), f"/campaigns/{on_stage.campaign.slug}/people/"
    maya.post(path, {"username": "charlie", "role": "annotator"})
    assert "Sums" in text_of(visiting(on_stage.charlie), "/")
    maya.post(f"{path}remove/", {"username": "charlie"})
    assert not Membership.objects.filter(user=on_stage.charlie, campaign=on_stage.campaign).exists()


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"username": "nobody", "role": "annotator"}, "There is no user with this name."),
        ({"username": "charlie", "role": "lead"}, "Not for annotators."),
        ({"username": "", "role": "annotator"}, "This field is required."),
    ],
)
def test_who_cannot_be_added_is_explained(form: dict[str, str], reason: str, visiting: Visiting) -> None:
    on_stage = stage()
    answer = visiting(on_stage.maya).post(f"/campaigns/{on_stage.campaign.slug}/people/", form)
    page = answer.content.decode()
    assert reason in page


def test_the_last_lead_stays(visiting: Visiting) -> None:
    on_stage = stage()
    maya, path = visiting(on_stage.maya), f"/campaigns/{on_stage.campaign.slug}/people/remove/"
    maya.post(path, {"username": "ada"})
    answer = maya.post(path, {"username": "maya"}, follow=True)
    assert "needs a lead" in answer.content.decode()
