"""The OpenAPI description: authentication, scopes of tokens, idempotency keys, examples and errors.

Examples are real responses of the API: `tests/roles` records them into each app's `api/examples.json`, and a test
checks them against the description.
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
        "type": {"type": "string", "description": "Stable; the address of a page about it: /problems/<name>."},
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
    description="A unique value that you choose for this call, such as a UUID. Repeated with the same body within 24 "
    "hours, it returns the same response and creates nothing twice; with another body it is refused.",
)
THROTTLED = {
    "description": "Too many calls: wait for the seconds in Retry-After.",
    "headers": {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}},
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class BearerToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """`Authorization: Bearer chosen_...`"""

    target_class = "labeling.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "Create a token at /tokens/ or /api/v1/tokens/."}


class Described(AutoSchema):
    """An operation with its token scope and, where it accepts one, its Idempotency-Key.

    A serializer that leaves fields out of some responses names them in `sometimes`.
    """

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if sometimes := getattr(serializer, "sometimes", ()):
            schema["required"] = [name for name in schema["required"] if name not in sometimes]
        return schema

    def get_description(self) -> str:  # type: ignore[override]
        description = str(super().get_description())
        scope = getattr(self.view, "scopes", {}).get(self.method)
        return f"{description}\n\nRequires a token with the scope `{scope}`." if scope else description

    def get_override_parameters(self) -> list[Any]:
        parameters = list(super().get_override_parameters())
        handler = getattr(self.view, self.method.lower())
        return [*parameters, IDEMPOTENCY_KEY] if getattr(handler, "takes_idempotency_key", False) else parameters


def add_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Adds the error responses to every operation (a hook of drf-spectacular)."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    refusal = {
        "description": "The call was refused; the type says why.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for operation in _operations(result):
        operation["responses"].setdefault("429", THROTTLED)
        operation["responses"].setdefault("default", refusal)
    return result


def add_examples(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Adds the recorded examples to their operations (a hook of drf-spectacular)."""
    for operation in _operations(result):
        example = examples().get(operation["operationId"])
        if example is None:
            continue
        for content in operation.get("requestBody", {}).get("content", {}).values():
            if "request" in example:
                content["example"] = example["request"]
        response = operation["responses"].get(str(example["status"]), {})
        for content in response.get("content", {}).values():
            content["example"] = example["answer"]
    return result


@cache
def examples() -> dict[str, Any]:
    """The recorded examples by operation, each with its request (if there was one), status and answer."""
    recorded: dict[str, Any] = {}
    for app in apps.get_app_configs():
        file = Path(app.path) / "api" / "examples.json"
        if file.exists():
            recorded |= json.loads(file.read_text(encoding="utf-8"))
    return recorded


def _operations(result: dict[str, Any]) -> list[dict[str, Any]]:
    paths = result.get("paths", {}).values()
    return [one for path in paths for one in path.values() if isinstance(one, dict) and "responses" in one]
