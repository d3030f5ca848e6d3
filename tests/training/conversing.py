"""Calls of the playground's API in tests."""

from typing import Any

from rest_framework.test import APIClient

ASKED = [{"role": "user", "content": "What does the red cat see?"}]


def ask(client: APIClient, name: str, **body: Any) -> Any:
    return client.post(f"/api/v1/versions/{name}/completion/", {"messages": ASKED, **body}, format="json")


def keep(client: APIClient, **body: Any) -> Any:
    return client.post("/api/v1/campaigns/tiny/playground/", {"messages": ASKED, **body}, format="json")
