"""Signing in leads to the page that was asked for."""

from tests.clients import Visiting
from tests.people import PASSWORD, stage


def test_signing_in_leads_to_where_one_wanted_to_go(visiting: Visiting) -> None:
    on_stage = stage(comparisons=1)
    client, wanted = visiting(None), f"/campaigns/{on_stage.campaign.slug}/annotate/"
    login = client.get(wanted).headers["Location"]
    answer = client.post(login, {"username": "alice", "password": PASSWORD, "next": wanted})
    assert answer.headers["Location"] == wanted
