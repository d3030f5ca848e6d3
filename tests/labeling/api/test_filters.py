"""Query parameters of lists: each narrows its list, and nonsense is refused by name."""

import pytest

from tests.clients import Calling
from tests.labeling.api.listing import results
from tests.people import stage


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


@pytest.mark.parametrize(
    "query",
    [
        "comparisons/?status=odd",
        f"comparisons/?metadata={'a.' * 101}",
        "judgments/?choice=left",
        "events/?since=yesterday",
    ],
)
def test_what_cannot_be_asked_for_is_refused_by_name(calling: Calling, query: str) -> None:
    refused = calling(stage().maya).get(f"/api/v1/campaigns/sums/{query}")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == query.partition("?")[2].partition("=")[0]
