"""The page for a form that was refused as forged: its advice fits the cause, and nothing typed is lost."""

from typing import Any

import pytest
from django.test import Client

from tests.people import Stage, stage

PATH = "/campaigns/sums/people/"
TYPED = {"username": "dana", "role": "annotator", "reason": "Two words <b>", "password": "very secret words"}


@pytest.fixture
def on_stage(db: None) -> Stage:
    return stage()


def refused(on_stage: Stage | None, path: str = PATH, **headers: str) -> Any:
    client = Client(enforce_csrf_checks=True)
    if on_stage is not None:
        client.force_login(on_stage.maya)
    if "cookie" not in headers:
        client.cookies["csrftoken"] = "a" * 32
    headers.pop("cookie", None)
    answer = client.post(path, TYPED, headers=headers, secure=headers.pop("secure", "") == "yes")
    assert answer.status_code == 403
    return answer


@pytest.mark.parametrize(
    ("headers", "advice"),
    [
        ({"cookie": "none"}, "Allow cookies for this site"),
        ({"origin": "null"}, "did not say which page the form was on"),
        ({"origin": "https://elsewhere.example"}, "The form came from https://elsewhere.example"),
        ({"secure": "yes"}, "did not say which page the form was on"),
        (
            {"secure": "yes", "referer": "https://elsewhere.example/form"},
            "The form came from https://elsewhere.example",
        ),
        ({}, "You have signed in or out since the form was opened"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_the_advice_fits_the_cause(on_stage: Stage, headers: dict[str, str], advice: str) -> None:
    assert advice in refused(on_stage, **headers).content.decode()


def test_texts_come_back_to_copy_but_no_password(on_stage: Stage) -> None:
    page = refused(on_stage).content.decode()
    assert "Two words &lt;b&gt;</textarea>" in page
    assert "very secret words" not in page


def test_the_form_is_one_press_away_also_for_people_without_an_account(on_stage: Stage) -> None:
    page = refused(None, "/invitations/abc/", referer="http://testserver/invitations/abc/").content.decode()
    assert 'href="/invitations/abc/" data-testid="back-to-form"' in page
    assert "/login/?next=/invitations/abc/" in page
    foreign = refused(on_stage, referer="https://elsewhere.example/form").content.decode()
    assert "back-to-form" not in foreign
