"""Completions of versions, and the receipts with which they are kept."""

from contextlib import ExitStack

import pytest
from rest_framework.test import APIClient

from labeling.models import Campaign, Completion
from tests.training.conversing import ASKED, ask, keep
from tests.training.stub import StubServer
from training import playground
from training.models import ModelVersion

pytestmark = pytest.mark.django_db


def test_two_completions_become_a_comparison_with_their_ids_and_seeds(
    maya_calls: APIClient, trained: ModelVersion, base: ModelVersion, server: StubServer, campaign: Campaign
) -> None:
    receipts = [ask(maya_calls, name, seed=seed).json()["receipt"] for name, seed in (("tiny-base", 1), ("tiny-v1", 2))]
    kept = keep(maya_calls, receipts=receipts)
    assert (kept.status_code, kept.json()["created"]) == (201, True)
    comparison = campaign.comparisons.get(pk=kept.json()["comparison"])
    assert comparison.prompt.messages == ASKED
    sides = Completion.objects.filter(prompt=comparison.prompt).order_by("seed")
    assert [(one.model_version, one.seed, one.token_ids, one.prompt_token_ids) for one in sides] == [
        ("tiny-base", 1, [5, 6, 2], [1, 2]),
        ("tiny-v1", 2, [5, 6, 2], [1, 2]),
    ]
    again = keep(maya_calls, receipts=receipts)
    assert (again.json()["comparison"], again.json()["created"]) == (comparison.pk, False)


def test_a_receipt_of_another_conversation_or_a_made_up_one_is_refused(
    maya_calls: APIClient, base: ModelVersion, server: StubServer, campaign: Campaign
) -> None:
    before = campaign.comparisons.count()
    receipts = [ask(maya_calls, "tiny-base", seed=seed).json()["receipt"] for seed in (1, 2)]
    other = keep(maya_calls, receipts=receipts, messages=[{"role": "user", "content": "Something else?"}])
    assert (other.status_code, "another conversation" in other.json()["detail"]) == (422, True)
    forged = keep(maya_calls, receipts=[receipts[0], receipts[1][:-2]])
    assert forged.status_code == 422
    assert "within a day" in forged.json()["detail"]
    assert campaign.comparisons.count() == before


def test_the_same_completion_twice_is_no_comparison(
    maya_calls: APIClient, base: ModelVersion, server: StubServer, campaign: Campaign
) -> None:
    receipt = ask(maya_calls, "tiny-base", seed=1).json()["receipt"]
    twice = keep(maya_calls, receipts=[receipt, receipt])
    assert (twice.status_code, twice.json()["detail"]) == (422, "Both completions are the same.")


def test_a_completion_that_takes_too_long_is_given_up(
    maya_calls: APIClient, base: ModelVersion, server: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playground, "COMPLETION_SECONDS", -1.0)
    response = ask(maya_calls, "tiny-base")
    assert response.status_code == 409
    assert response.json()["detail"] == "tiny-base took longer than -1 seconds: ask for fewer tokens."


def test_while_a_few_are_answered_others_are_refused_at_once(
    maya_calls: APIClient, base: ModelVersion, server: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playground, "ROOM_SECONDS", 0.01)
    with ExitStack() as taken:
        for _ in range(playground.AT_ONCE):
            taken.enter_context(playground._a_few)
        refused = ask(maya_calls, "tiny-base")
    assert (refused.status_code, server.calls) == (409, [])
    assert "busy with another request" in refused.json()["detail"]
    assert ask(maya_calls, "tiny-base").status_code == 200


def test_while_a_run_trains_nobody_is_asked(
    maya_calls: APIClient, base: ModelVersion, server: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Training:
        pk = 12

    monkeypatch.setattr(playground, "training_now", Training)
    response = ask(maya_calls, "tiny-base")
    assert (response.status_code, server.calls) == (409, [])
    assert response.json()["detail"].startswith("A training has this machine now")


def test_the_embedded_sampler_writes_where_there_is_no_server(maya_calls: APIClient, base: ModelVersion) -> None:
    response = ask(maya_calls, "tiny-base", settings={"max_tokens": 6, "temperature": 1.0}, seed=3)
    assert response.status_code == 200, response.json()
    assert response.json()["server"].startswith("embedded")
    assert 1 <= response.json()["tokens"] <= 6
