"""The description of the API: valid OpenAPI 3.1, without a warning."""

from io import StringIO

import yaml
from django.core.management import call_command


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
