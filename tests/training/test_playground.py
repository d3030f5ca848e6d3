"""Talking to versions, and keeping what was seen: with everything that made it, and nothing that was made up."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from labeling.models import Campaign, Completion, User
from tests.training.stub import StubServer
from training import playground
from training.models import ModelVersion

pytestmark = pytest.mark.django_db

ASKED = [{"role": "user", "content": "What does the red cat see?"}]


@pytest.fixture
def client(maya: User) -> APIClient:
    made = APIClient()
    made.force_authenticate(maya)
    return made


def ask(client: APIClient, name: str, **body: Any) -> Any:
    return client.post(f"/api/v1/versions/{name}/completion/", {"messages": ASKED, **body}, format="json")


def keep(client: APIClient, **body: Any) -> Any:
    return client.post("/api/v1/campaigns/tiny/playground/", {"messages": ASKED, **body}, format="json")


def test_a_version_answers_and_the_answer_says_what_made_it(
    client: APIClient, trained: ModelVersion, server: StubServer
) -> None:
    answer = ask(client, "tiny-v1", seed=7, settings={"temperature": 0.5})
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in ("version", "text", "seed", "tokens", "logprob_sum")} == {
        "version": "tiny-v1",
        "text": "Hello there. 7",
        "seed": 7,
        "tokens": 3,
        "logprob_sum": -1.5,
    }
    assert answer.json()["server"].startswith(server.address)


def test_two_answers_become_a_comparison_with_their_ids_and_seeds(
    client: APIClient, trained: ModelVersion, base: ModelVersion, server: StubServer, campaign: Campaign
) -> None:
    receipts = [ask(client, name, seed=seed).json()["receipt"] for name, seed in (("tiny-base", 1), ("tiny-v1", 2))]
    kept = keep(client, receipts=receipts)
    assert (kept.status_code, kept.json()["created"]) == (201, True)
    comparison = campaign.comparisons.get(pk=kept.json()["comparison"])
    assert comparison.prompt.messages == ASKED
    sides = Completion.objects.filter(prompt=comparison.prompt).order_by("seed")
    assert [(one.model_version, one.seed, one.token_ids, one.prompt_token_ids) for one in sides] == [
        ("tiny-base", 1, [5, 6, 2], [1, 2]),
        ("tiny-v1", 2, [5, 6, 2], [1, 2]),
    ]
    again = keep(client, receipts=receipts)
    assert (again.json()["comparison"], again.json()["created"]) == (comparison.pk, False)


def test_a_conversation_becomes_a_prompt_once(client: APIClient, campaign: Campaign) -> None:
    assert keep(client).json()["created"] is True
    assert keep(client).json()["created"] is False
    assert campaign.prompts.filter(messages=ASKED, tags=["playground"]).count() == 1


def test_a_receipt_of_another_conversation_or_a_made_up_one_is_refused(
    client: APIClient, base: ModelVersion, server: StubServer, campaign: Campaign
) -> None:
    before = campaign.comparisons.count()
    receipts = [ask(client, "tiny-base", seed=seed).json()["receipt"] for seed in (1, 2)]
    other = keep(client, receipts=receipts, messages=[{"role": "user", "content": "Something else?"}])
    assert (other.status_code, "another conversation" in other.json()["detail"]) == (422, True)
    forged = keep(client, receipts=[receipts[0], receipts[1][:-2]])
    assert forged.status_code == 422
    assert "within a day" in forged.json()["detail"]
    assert campaign.comparisons.count() == before


def test_the_same_answer_twice_is_no_comparison(
    client: APIClient, base: ModelVersion, server: StubServer, campaign: Campaign
) -> None:
    receipt = ask(client, "tiny-base", seed=1).json()["receipt"]
    twice = keep(client, receipts=[receipt, receipt])
    assert (twice.status_code, twice.json()["detail"]) == (422, "Both answers are the same.")


def test_a_server_that_is_away_is_said_in_a_sentence(client: APIClient, base: ModelVersion, server: StubServer) -> None:
    server.deaf = True
    answer = ask(client, "tiny-base")
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("tiny-base cannot answer. No usable answer from the server at")


def test_an_answer_that_takes_too_long_is_given_up(
    client: APIClient, base: ModelVersion, server: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playground, "COMPLETION_SECONDS", -1.0)
    answer = ask(client, "tiny-base")
    assert answer.status_code == 409
    assert answer.json()["detail"] == "tiny-base took longer than -1 seconds: ask for fewer tokens."


def test_while_a_run_trains_nobody_is_asked(
    client: APIClient, base: ModelVersion, server: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Training:
        pk = 12

    monkeypatch.setattr(playground, "training_now", Training)
    answer = ask(client, "tiny-base")
    assert (answer.status_code, server.calls) == (409, [])
    assert answer.json()["detail"].startswith("Run 12 is training on this machine")


@pytest.mark.parametrize(
    "body", [{"settings": {"temperature": -1}}, {"settings": {"warmth": 1}}, {"messages": []}, {"messages": "Hello"}]
)
def test_what_cannot_be_asked_is_refused(
    client: APIClient, base: ModelVersion, server: StubServer, body: dict[str, Any]
) -> None:
    assert ask(client, "tiny-base", **body).status_code in (400, 422)
    assert server.calls == []


def test_the_embedded_sampler_answers_where_there_is_no_server(client: APIClient, base: ModelVersion) -> None:
    answer = ask(client, "tiny-base", settings={"max_tokens": 6, "temperature": 1.0}, seed=3)
    assert answer.status_code == 200, answer.json()
    assert answer.json()["server"].startswith("embedded")
    assert 1 <= answer.json()["tokens"] <= 6
