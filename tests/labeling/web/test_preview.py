"""The preview shows a campaign's page with a comparison of its own."""

from tests.clients import Visiting
from tests.people import stage


def test_a_campaign_that_is_there_is_previewed_with_its_own_pair(visiting: Visiting) -> None:
    on_stage = stage(comparisons=2)
    assert "plus one?" in visiting(on_stage.maya).get("/campaigns/sums/preview/").content.decode()
    assert visiting(on_stage.alice).get("/campaigns/sums/preview/").status_code == 403


def test_a_campaign_without_comparisons_is_previewed_with_an_example_that_nobody_is_assigned(
    visiting: Visiting,
) -> None:
    scene = stage()
    page = visiting(scene.maya).get("/campaigns/sums/preview/").content.decode()
    assert "basil" in page
    assert not scene.campaign.comparisons.exists()
