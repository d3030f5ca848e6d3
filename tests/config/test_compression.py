"""Pages and API responses are compressed, downloads are not."""

import gzip

import pytest
from django.test import Client

from tests.people import PASSWORD, stage

GZIP = {"Accept-Encoding": "gzip"}


@pytest.fixture
def maya(db: None) -> Client:
    stage(comparisons=2)
    client = Client()
    assert client.login(username="maya", password=PASSWORD)
    return client


@pytest.mark.parametrize("address", ["/campaigns/sums/", "/api/v1/campaigns/sums/"])
def test_pages_and_answers_are_compressed_for_those_who_take_it(maya: Client, address: str) -> None:
    packed, plain = maya.get(address, headers=GZIP), maya.get(address)
    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"]
    assert b"sums" in gzip.decompress(packed.content)
    assert "Content-Encoding" not in plain
    assert len(packed.content) < len(plain.content)


def test_downloads_are_sent_as_they_are(maya: Client) -> None:
    answer = maya.get("/api/v1/campaigns/sums/export/", headers=GZIP)
    assert answer.streaming
    assert "Content-Encoding" not in answer
