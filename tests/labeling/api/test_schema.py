"""The description of the API: valid OpenAPI 3.1, without a warning."""

import re
from io import StringIO
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from drf_spectacular.openapi import AutoSchema

IMPERATIVE = re.compile(r"(?!(The|An|Your)\b)[A-Z][a-z]*[^\Ws]\b")
BARE_PRONOUN = re.compile(r"\b(it|them)[;,:]|^\w+ (it|them)\b")


def described(*options: str) -> dict[str, Any]:
    out = StringIO()
    call_command("spectacular", *options, stdout=out)
    return dict(yaml.safe_load(out.getvalue()))


def test_the_description_is_made_without_a_warning_and_is_valid() -> None:
    schema = described("--validate", "--fail-on-warn")
    assert schema["openapi"] == "3.1.0"
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], f"{method} {path} says nothing"
            problem = operation["responses"]["default"]["content"]["application/problem+json"]["schema"]
            assert problem == {"$ref": "#/components/schemas/Problem"}


def test_every_operation_has_an_id_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    generated: list[str] = []
    generate = AutoSchema.get_operation_id

    def recorded(self: AutoSchema) -> str:
        generated.append(generate(self))
        return generated[-1]

    monkeypatch.setattr(AutoSchema, "get_operation_id", recorded)
    assert described()["paths"]
    assert not generated, "set operation_id in their extend_schema"


def test_every_operation_is_described_in_the_imperative_with_its_noun() -> None:
    wrong = []
    for path, operations in described()["paths"].items():
        for method, operation in operations.items():
            sentence = re.split(r"(?<=\.)\s", operation["description"])[0]
            if not IMPERATIVE.match(sentence) or BARE_PRONOUN.search(sentence):
                wrong.append(f"{method} {path}: {sentence}")
    assert not wrong


def test_what_some_responses_lack_is_not_required() -> None:
    schema = described()
    member = schema["components"]["schemas"]["Membership"]
    assert {"judged", "created_at"} <= set(member["properties"])
    assert {"judged", "gold_right", "gold_total", "created_at"} & set(member["required"]) == set()
    assert {"username", "paused_at"} <= set(member["required"])
    for path in ("/api/v1/events/export/", "/api/v1/campaigns/{slug}/events/export/"):
        assert set(schema["paths"][path]["get"]["responses"]["200"]["content"]) == {"application/jsonl", "text/csv"}
