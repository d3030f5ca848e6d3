"""The OpenAPI description: how one signs in, what a token needs, idempotency keys, examples, and the shape of errors.

Examples are answers that the API really gave: `tests/roles` records them into each app's `api/examples.json`, and a
test holds them against the description.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from labeling.api.idempotency import HEADER, MAX_KEY
from labeling.api.problems import MEDIA_TYPE

PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "properties": {
        "type": {"type": "string", "description": "Stable: the address of a page about it, /problems/<name>."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence that says what to do."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
                "required": ["field", "detail"],
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
    "example": {
        "type": "/problems/already-judged",
        "title": "Conflict",
        "status": 409,
        "detail": "You have judged this comparison already. Undo that judgment to change it.",
    },
}
IDEMPOTENCY_KEY = OpenApiParameter(
    HEADER,
    {"type": "string", "minLength": 1, "maxLength": MAX_KEY},
    OpenApiParameter.HEADER,
    description="Made up by you for this call, such as a UUID. Sent again with the same body within 24 hours it is "
    "given the same answer and makes nothing twice; with another body it is refused.",
)
THROTTLED = {
    "description": "Too many calls: wait as long as Retry-After says.",
    "headers": {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}},
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class BearerToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """`Authorization: Bearer chosen_...`"""

    target_class = "labeling.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A token made under /api/v1/tokens/ or /tokens/."}


class Described(AutoSchema):
    """An operation with what its view says beside its body: the scope a token needs, and whether it takes a key."""

    def get_description(self) -> str:  # type: ignore[override]
        told = str(super().get_description())
        scope = getattr(self.view, "scopes", {}).get(self.method)
        return f"{told}\n\nA token needs the scope `{scope}`." if scope else told

    def get_override_parameters(self) -> list[Any]:
        given = list(super().get_override_parameters())
        handler = getattr(self.view, self.method.lower())
        return [*given, IDEMPOTENCY_KEY] if getattr(handler, "takes_idempotency_key", False) else given


def add_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Says of every operation what its errors look like (a hook of drf-spectacular's)."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    answer = {
        "description": "It was refused; the type says why.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for operation in _operations(result):
        operation["responses"].setdefault("429", THROTTLED)
        operation["responses"].setdefault("default", answer)
    return result


def add_examples(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Puts the recorded examples where they belong (a hook of drf-spectacular's)."""
    for operation in _operations(result):
        example = examples().get(operation["operationId"])
        if example is None:
            continue
        for content in operation.get("requestBody", {}).get("content", {}).values():
            if "request" in example:
                content["example"] = example["request"]
        answer = operation["responses"].get(str(example["status"]), {})
        for content in answer.get("content", {}).values():
            content["example"] = example["answer"]
    return result


@cache
def examples() -> dict[str, Any]:
    """What was recorded, by operation: request (where there was one), status, answer."""
    found: dict[str, Any] = {}
    for app in apps.get_app_configs():
        file = Path(app.path) / "api" / "examples.json"
        if file.exists():
            found |= json.loads(file.read_text(encoding="utf-8"))
    return found


def _operations(result: dict[str, Any]) -> list[dict[str, Any]]:
    paths = result.get("paths", {}).values()
    return [one for path in paths for one in path.values() if isinstance(one, dict) and "responses" in one]
