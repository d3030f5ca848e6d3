"""Large bodies: refused unread, except files of leads."""

import shutil
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.people import PASSWORD, stage

pytestmark = pytest.mark.django_db


class Unread(BytesIO):
    """A body that says whether anybody has read it."""

    was_read = False

    def read(self, *size: int | None) -> bytes:
        self.was_read = True
        return super().read(*size)


def send(client: Client, path: str, content_type: str, length: int = 300_000_000, **headers: str) -> tuple[Any, bool]:
    """Announces a body of that length; returns the response, and whether a byte of it was read."""
    body = Unread(b"username=x")
    answer = client.generic(
        "POST",
        path,
        b"",
        content_type,
        headers=headers,
        **{"wsgi.input": body, "CONTENT_LENGTH": str(length)},  # type: ignore[arg-type]
    )
    return answer, body.was_read


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json"]
)
@pytest.mark.parametrize("path", ["/login/", "/campaigns/sums/data/", "/campaigns/new/", "/no/such/page/"])
def test_nobody_who_is_not_signed_in_sends_more_than_a_form(path: str, content_type: str) -> None:
    stage()
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "a" * 32
    answer, was_read = send(client, path, content_type)
    assert (answer.status_code, was_read) == (404 if "such" in path else 413, False)


def test_an_annotator_sends_no_large_file_and_a_lead_only_to_forms_with_files() -> None:
    stage()
    for name, path in (("alice", "/campaigns/sums/data/"), ("maya", "/campaigns/sums/guidelines/")):
        client = Client()
        client.login(username=name, password=PASSWORD)
        answer, was_read = send(client, path, "multipart/form-data; boundary=x")
        assert (answer.status_code, was_read) == (413, False), name
        assert "too large" in answer.content.decode()


def test_the_api_answers_with_a_problem() -> None:
    stage()
    answer, was_read = send(Client(), "/api/v1/tokens/", "application/json")
    assert (answer.status_code, was_read, answer.json()["type"]) == (413, False, "/problems/body-too-large")


def test_a_lead_sends_a_file_that_is_larger_than_a_form(settings: Any) -> None:
    settings.BODY_LIMIT = 1_000
    stage()
    client = Client()
    client.login(username="maya", password=PASSWORD)
    file = SimpleUploadedFile("prompts.txt", b"Add two numbers, please.\n" * 200)
    answer = client.post("/campaigns/sums/data/", {"kind": "prompts", "file": file})
    assert answer.status_code == 302


def test_a_file_for_which_the_disk_has_no_room_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    stage()
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=600_000_000, total=10**12))
    client = Client()
    client.login(username="maya", password=PASSWORD)
    answer, was_read = send(client, "/campaigns/sums/data/", "multipart/form-data; boundary=x")
    assert (answer.status_code, was_read) == (507, False)
    assert "no room" in answer.content.decode()
