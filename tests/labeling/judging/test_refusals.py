"""Refusals name the present state in the reader's language."""

from django.utils.translation import override

from labeling.judging.refusals import CampaignNotOpen, LeaseLost
from labeling.models import Campaign


def test_a_campaign_that_takes_no_judgments_says_in_which_status_it_is() -> None:
    campaign = Campaign(status=Campaign.Status.CLOSED)
    assert CampaignNotOpen(campaign).message.startswith("This campaign is closed:")
    with override("de"):
        assert "Geschlossen" in CampaignNotOpen(campaign).message


def test_a_lost_lease_says_what_is_kept_and_what_to_do() -> None:
    assert LeaseLost().message.endswith("Your earlier judgments are kept. Ask for the next comparison.")
    with override("de"):
        assert "früheren Urteile" in LeaseLost().message
