"""Every list is cut into pages in the same way."""

from typing import Any

import yaml
from django.core.management import call_command

from labeling.models import Judgment
from tests.clients import Calling
from tests.people import stage

# Figures, one row for each person; a fixed list; a row for each snapshot, of which a campaign has dozens.
UNPAGED = {"annotators", "webhook_types"}


def described() -> dict[str, Any]:
    from io import StringIO

    out = StringIO()
    call_command("spectacular", stdout=out)
    return dict(yaml.safe_load(out.getvalue()))


def test_every_list_is_cut_into_pages_in_the_same_way() -> None:
    lists = set()
    for path in described()["paths"].values():
        for operation in path.values():
            schemas = [content["schema"] for code, answer in operation["responses"].items() if code in ("200", "201")
                       for content in answer.get("content", {}).values()]  # fmt: skip
            if any(schema.get("type") == "array" for schema in schemas):
                assert operation["operationId"] in UNPAGED
            if any("Paginated" in schema.get("$ref", "") for schema in schemas):
                names = {parameter["name"] for parameter in operation.get("parameters", [])}
                assert {"cursor", "page_size"} <= names, operation["operationId"]
                lists.add(operation["operationId"])
    assert {"list_campaigns", "list_members", "list_tokens", "list_events", "list_judgments"} <= lists


def test_pages_follow_each_other_without_a_gap_while_rows_are_added(calling: Calling) -> None:
    scene = stage(comparisons=4)
    scene.settle("ab")
    maya = calling(scene.maya)
    first = maya.get("/api/v1/campaigns/sums/judgments/?page_size=1").json()
    scene.settle("a")
    second = maya.get(first["next"]).json()
    assert [one["id"] for one in (*first["results"], *second["results"])] == list(
        Judgment.objects.order_by("-pk").values_list("pk", flat=True)[1:]
    )


def test_a_size_that_is_no_number_is_named(calling: Calling) -> None:
    maya = calling(stage().maya)
    for size in ("abc", "0", "-5", "", "1.5"):
        answer = maya.get(f"/api/v1/campaigns/sums/judgments/?page_size={size}")
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "page_size"), size
    assert maya.get("/api/v1/campaigns/sums/judgments/?page_size=9999").status_code == 200


def test_a_made_up_place_in_a_list_is_no_error_of_the_server(calling: Calling) -> None:
    maya = calling(stage().maya)
    for cursor in ("cD1hYWFh", "bz0xJnA9", "cj0xJnA9OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ==", "%00", "x" * 500):
        answer = maya.get(f"/api/v1/campaigns/sums/judgments/?cursor={cursor}")
        assert answer.status_code in (200, 400), cursor
        if answer.status_code == 400:
            assert answer.json()["type"] == "/problems/wrong-cursor"
    damaged = maya.get("/api/v1/campaigns/sums/judgments/?cursor=abcde")
    assert (damaged.status_code, damaged.json()["type"]) == (400, "/problems/wrong-cursor")
