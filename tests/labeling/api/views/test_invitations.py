"""Invitations through the API: the link is in one response only, and a revoked link admits nobody."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from tests.clients import Calling
from tests.people import stage

INVITATIONS = "/api/v1/campaigns/sums/invitations/"


def test_a_link_is_shown_once_and_leads_to_the_invitation_until_it_is_revoked(calling: Calling) -> None:
    maya = calling(stage().maya)
    body = {"role": "annotator", "note": "Linguists", "expires_at": (timezone.now() + timedelta(days=1)).isoformat()}
    created = maya.post(INVITATIONS, body, format="json")
    assert created.status_code == 201
    link = created.json()["link"]
    (listed,) = maya.get(INVITATIONS).json()["results"]
    assert (listed["note"], "link" in listed) == ("Linguists", False)
    assert Client().get(link).status_code == 200
    assert maya.delete(f"{INVITATIONS}{listed['id']}/").status_code == 204
    assert Client().get(link).status_code >= 400
