"""The page of the playground."""

import pytest
from rest_framework.test import APIClient

from labeling.models import User
from training.models import ModelVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(maya: User) -> APIClient:
    made = APIClient()
    made.force_authenticate(maya)
    return made


def test_the_page_is_for_leads_and_offers_what_they_may_use(client: APIClient, base: ModelVersion, maya: User) -> None:
    client.force_login(maya)
    page = client.get("/playground/?left=tiny-base").content.decode()
    assert '<option value="tiny-base" selected>' in page
