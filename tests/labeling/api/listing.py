"""Results of a list of the API."""

from typing import Any

from rest_framework.test import APIClient


def results(client: APIClient, query: str) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/campaigns/sums/{query}")
    assert answer.status_code == 200, answer.json()
    return list(answer.json()["results"])
