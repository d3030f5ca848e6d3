"""The description of the API: OpenAPI 3.1, without a warning, and the page that shows it."""

from io import StringIO

import yaml
from django.core.management import call_command
from django.test import Client

from config.security import POLICY
from tests.people import PASSWORD, stage


def test_the_description_is_made_without_a_warning_and_is_valid() -> None:
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    described = yaml.safe_load(out.getvalue())
    assert described["openapi"] == "3.1.0"
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], f"{method} {path} says nothing"
            problem = operation["responses"]["default"]["content"]["application/problem+json"]["schema"]
            assert problem == {"$ref": "#/components/schemas/Problem"}


def test_the_page_loads_nothing_from_elsewhere_and_has_no_inline_script_or_style() -> None:
    stage()
    browser = Client()
    assert browser.login(username="alice", password=PASSWORD)
    page = browser.get("/api/v1/docs/")
    assert page.status_code == 200
    assert page["Content-Security-Policy"] == POLICY
    html = page.content.decode()
    assert "http" not in html
    assert "<style" not in html
    assert html.count("<script") == html.count("<script src=")
    script = browser.get("/api/v1/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert "/api/v1/schema/" in script.content.decode()
