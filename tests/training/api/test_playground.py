"""The API of the playground."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from labeling.models import Campaign
from tests.training.conversing import ASKED, ask, keep
from tests.training.stub import StubServer
from training.models import ModelVersion

pytestmark = pytest.mark.django_db


def test_a_version_writes_a_completion_that_says_what_made_it(
    maya_calls: APIClient, trained: ModelVersion, server: StubServer
) -> None:
    response = ask(maya_calls, "tiny-v1", seed=7, settings={"temperature": 0.5})
    assert response.status_code == 200
    assert {name: response.json()[name] for name in ("version", "text", "seed", "tokens", "logprob_sum")} == {
        "version": "tiny-v1",
        "text": "Hello there. 7",
        "seed": 7,
        "tokens": 3,
        "logprob_sum": -1.5,
    }
    assert response.json()["server"].startswith(server.address)


def test_a_conversation_becomes_a_prompt_once(maya_calls: APIClient, campaign: Campaign) -> None:
    assert keep(maya_calls).json()["created"] is True
    assert keep(maya_calls).json()["created"] is False
    assert campaign.prompts.filter(messages=ASKED, tags=["playground"]).count() == 1


@pytest.mark.parametrize(
    "body", [{"settings": {"temperature": -1}}, {"settings": {"warmth": 1}}, {"messages": []}, {"messages": "Hello"}]
)
def test_what_cannot_be_asked_is_refused(
    maya_calls: APIClient, base: ModelVersion, server: StubServer, body: dict[str, Any]
) -> None:
    assert ask(maya_calls, "tiny-base", **body).status_code in (400, 422)
    assert server.calls == []


def test_a_server_that_is_away_is_said_in_a_sentence(
    maya_calls: APIClient, base: ModelVersion, server: StubServer
) -> None:
    server.deaf = True
    response = ask(maya_calls, "tiny-base")
    assert response.status_code == 409
    assert response.json()["detail"].startswith(
        "tiny-base cannot write a completion. No usable answer from the server at"
    )
