"""The same call, sent by several at the same moment with the same Idempotency-Key, is done once."""

from functools import partial
from typing import Any

import pytest
from rest_framework.test import APIClient

from labeling.models import ApiToken, Campaign, Event, KeptReply, User
from tests.concurrency.threads import all_at_once
from tests.people import stage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.serial]


def posts(user: User, path: str, body: dict[str, Any], key: str) -> Any:
    client = APIClient()
    client.force_authenticate(user)
    return client.post(path, body, format="json", headers={"Idempotency-Key": key})


def test_eight_at_once_make_one_and_are_all_told_the_same() -> None:
    maya = stage().maya
    for turn in range(5):
        answers = all_at_once([partial(posts, maya, "/api/v1/campaigns/", {"name": f"Kind {turn}"}, f"k{turn}")] * 8)
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert sorted("Idempotent-Replayed" in answer for answer in answers) == [False] + [True] * 7
        assert Campaign.objects.filter(name=f"Kind {turn}").count() == 1
        assert Event.objects.filter(verb="campaign.created", campaign__name=f"Kind {turn}").count() == 1
    assert KeptReply.objects.count() == 5


def test_of_two_bodies_at_once_one_is_done_and_the_others_are_refused() -> None:
    maya = stage().maya
    bodies = [{"name": "One"}, {"name": "Other"}] * 3
    answers = all_at_once([partial(posts, maya, "/api/v1/campaigns/", body, "k") for body in bodies])
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [422] * 3
    assert Campaign.objects.filter(name__in=["One", "Other"]).count() == 1


def test_a_token_made_by_eight_at_once_is_one_and_everybody_has_its_key() -> None:
    alice = stage().alice
    body = {"name": "laptop", "scopes": ["read"]}
    answers = all_at_once([lambda: posts(alice, "/api/v1/tokens/", body, "k")] * 8)
    assert len({answer.json()["key"] for answer in answers}) == 1
    assert ApiToken.objects.filter(name="laptop").count() == 1


def test_what_fails_for_one_may_be_done_by_the_one_who_waited() -> None:
    maya = stage().maya
    answers = all_at_once([lambda: posts(maya, "/api/v1/campaigns/", {"name": ""}, "k")] * 4)
    assert {answer.status_code for answer in answers} == {422}
    assert not KeptReply.objects.exists()
    assert posts(maya, "/api/v1/campaigns/", {"name": "Kind"}, "k").status_code == 201
