"""A new campaign as a form, without JavaScript."""

from labeling.models import Campaign
from tests.clients import Visiting
from tests.people import person


def test_a_lead_makes_a_campaign(visiting: Visiting) -> None:
    maya = person("maya", "lead")
    form = {"name": "Kind answers", "overlap": "2", "verdict_rule": "majority", "scale": "choice", "allow_tie": "on"}
    answer = visiting(maya).post(
        "/campaigns/new/", {**form, "lease_seconds": "10", "undo_seconds": "1", "guidelines": "Be kind."}
    )
    assert answer.headers["Location"] == "/campaigns/kind-answers/"
    campaign = Campaign.objects.get()
    assert (campaign.lease_seconds, campaign.undo_seconds) == (600, 60)
    assert (campaign.overlap, campaign.allow_tie, campaign.allow_both_bad) == (2, True, False)
    assert campaign.guideline_versions.get().text == "Be kind."


def test_a_wrong_field_is_named_beside_it(visiting: Visiting) -> None:
    answer = visiting(person("maya", "lead")).post("/campaigns/new/", {"name": "", "overlap": "0"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "This field is required." in page
    assert "greater than or equal to 1" in page
    assert 'aria-invalid="true"' in page
    assert Campaign.objects.count() == 0
