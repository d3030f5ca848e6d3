"""Scopes: every view declares them, and a token opens what its scopes name."""

from typing import Any

from django.test import Client
from django.urls import URLPattern, get_resolver

from labeling.api.base import Scoped
from labeling.models import Scope
from tests.clients import Calling
from tests.people import stage
from tests.roles.table import METHODS, patterns


def test_every_view_of_the_api_declares_a_scope_for_each_of_its_methods() -> None:
    views = {str(pattern.name): view_of(pattern) for pattern in patterns(get_resolver().url_patterns)}
    ours = {name: view for name, view in views.items() if name.startswith("api-") or name == "schema"}
    assert len(ours) > 30
    for name, view in ours.items():
        assert issubclass(view, Scoped), name
        methods = {method for method in METHODS if hasattr(view, method.lower())}
        assert methods == set(view.scopes), name


def view_of(pattern: URLPattern) -> Any:
    return getattr(pattern.callback, "cls", None) or getattr(pattern.callback, "view_class", None)


def test_a_token_opens_what_its_scopes_name_and_nothing_else(calling: Calling) -> None:
    scene = stage(comparisons=1)
    reader, judge = calling(scene.alice, "read"), calling(scene.alice, "judge")
    assert reader.get("/api/v1/campaigns/sums/").status_code == 200
    refused = reader.post("/api/v1/campaigns/sums/assignments/next/")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/scope-missing")
    assert refused.json()["detail"] == "This token lacks the scope judge. It has read."
    assert judge.post("/api/v1/campaigns/sums/assignments/next/").status_code == 200
    assert judge.get("/api/v1/campaigns/sums/").status_code == 403
    assert judge.get("/api/v1/schema/").status_code == 403


def test_a_scope_gives_nobody_more_than_they_may(calling: Calling) -> None:
    scene = stage()
    assert calling(scene.alice, *Scope.values).get("/api/v1/campaigns/sums/export/").status_code == 403


def test_a_session_needs_no_scope() -> None:
    scene = stage(comparisons=1)
    browser = Client()
    browser.force_login(scene.alice)
    assert browser.post("/api/v1/campaigns/sums/assignments/next/").status_code == 200
