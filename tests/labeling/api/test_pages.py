"""Lists: every one in pages, narrowed by what is asked for."""

from typing import Any

import pytest
import yaml
from django.core.management import call_command
from rest_framework.test import APIClient

from labeling.models import Judgment
from tests.clients import Calling
from tests.people import stage

UNPAGED = {"annotators", "webhook_types"}  # figures, a row for each person; a list that the code knows


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


def results(client: APIClient, query: str) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/campaigns/sums/{query}")
    assert answer.status_code == 200, answer.json()
    return list(answer.json()["results"])


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


def test_judgments_are_listed_by_pseudonym(calling: Calling) -> None:
    scene = stage(comparisons=2, overlap=2)
    for user in (scene.alice, scene.bob):
        scene.vote(scene.given(user), "a", comment="Shorter.")
    maya = calling(scene.maya)
    assert {one["annotator"] for one in results(maya, "judgments/")} == {scene.alice.pseudonym, scene.bob.pseudonym}
    (hers,) = results(maya, f"judgments/?annotator={scene.alice.pseudonym}&choice=a&superseded=false")
    assert (hers["choice"], hers["comment"], hers["superseded_at"]) == ("a", "Shorter.", None)
    assert results(maya, "judgments/?annotator=alice") == []
    assert results(maya, "judgments/?superseded=true") == []
    assert results(maya, f"judgments/?comparison={hers['comparison']}&since=2026-03-02T12:00:00Z")
    assert results(maya, "judgments/?until=2026-03-02T12:00:00Z") == []


def test_comparisons_are_narrowed_by_status_source_annotator_and_date(calling: Calling) -> None:
    scene = stage(comparisons=3)
    (settled,) = scene.settle("a")
    maya = calling(scene.maya)
    assert len(results(maya, "comparisons/?status=open")) == 2
    assert [one["id"] for one in results(maya, f"comparisons/?annotator={scene.alice.pseudonym}")] == [settled.pk]
    assert results(maya, f"comparisons/?annotator={scene.bob.pseudonym}") == []
    assert len(results(maya, "comparisons/?source=test")) == 3
    assert results(maya, "comparisons/?source=other") == []
    assert results(maya, "comparisons/?since=2026-03-03T00:00:00Z") == []


def test_events_are_narrowed_by_person_verb_and_date(calling: Calling) -> None:
    scene = stage(comparisons=1)
    scene.settle("a")
    maya = calling(scene.maya)
    assert {one["verb"] for one in results(maya, "events/?actor=alice")} == {"judgment.made"}
    assert len(results(maya, f"events/?actor={scene.alice.pseudonym}")) == 1
    assert {one["verb"] for one in results(maya, "events/?verb=member.added")} == {"member.added"}
    assert results(maya, "events/?until=2020-01-01T00:00:00Z") == []


@pytest.mark.parametrize("query", ["comparisons/?status=odd", "judgments/?choice=left", "events/?since=yesterday"])
def test_what_cannot_be_asked_for_is_refused_by_name(calling: Calling, query: str) -> None:
    refused = calling(stage().maya).get(f"/api/v1/campaigns/sums/{query}")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == query.partition("?")[2].partition("=")[0]
