"""The Content-Security-Policy of every page: nothing inline, nothing from elsewhere."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from config.security import POLICY, ContentSecurityPolicyMiddleware
from tests.clients import Visiting
from tests.people import stage


@pytest.mark.django_db
def test_every_page_forbids_inline_code_and_other_servers(visiting: Visiting) -> None:
    on_stage = stage(comparisons=2)
    for path in ("/login/", "/", f"/campaigns/{on_stage.campaign.slug}/annotate/"):
        answer = visiting(on_stage.alice).get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert b" style=" not in answer.content
        assert b" onclick=" not in answer.content


def test_an_answer_with_a_policy_of_its_own_keeps_it() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(headers={"Content-Security-Policy": "default-src 'self'"})

    answer = ContentSecurityPolicyMiddleware(view)(RequestFactory().get("/"))
    assert answer.headers["Content-Security-Policy"] == "default-src 'self'"


def test_a_refusal_has_the_policy_too() -> None:
    answer = ContentSecurityPolicyMiddleware(lambda request: HttpResponse(status=404))(RequestFactory().get("/"))
    assert answer.headers["Content-Security-Policy"] == POLICY


def test_a_wrong_host_name_is_a_problem_under_api_and_a_page_elsewhere(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["chosen.example"]
    answer = Client(headers={"host": "evil.example"}).get("/api/v1/me/")
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/wrong-request")
    page = Client(headers={"host": "evil.example"}).get("/login/")
    assert (page.status_code, page["Content-Type"][:9]) == (400, "text/html")


@pytest.mark.django_db
def test_an_address_of_the_api_that_does_not_exist_answers_with_a_problem(settings: Any) -> None:
    settings.DEBUG = False
    answer = Client().get("/api/v1/runs/AAA/")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["type"] == "/problems/not-found"
    assert b"<html" in Client().get("/no/such/page/").content


@pytest.mark.django_db
def test_no_shared_cache_keeps_a_persons_pages(visiting: Visiting) -> None:
    on_stage = stage()
    for path in ("/", "/campaigns/sums/guidelines/", "/api/v1/me/data/"):
        assert visiting(on_stage.alice).get(path)["Cache-Control"] == "private, no-cache", path
