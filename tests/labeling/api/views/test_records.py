"""Lists of comparisons, judgments and events through the API."""

from labeling.models import Comparison
from tests.clients import Calling
from tests.people import stage


def test_long_lists_come_in_pages_newest_first_and_whole(calling: Calling) -> None:
    scene = stage(comparisons=7)
    maya = calling(scene.maya)
    seen, address = [], "/api/v1/campaigns/sums/comparisons/?page_size=3"
    while address:
        page = maya.get(address).json()
        seen += [one["id"] for one in page["results"]]
        address = page["next"]
    assert seen == list(Comparison.objects.order_by("-pk").values_list("pk", flat=True))


def test_annotators_list_their_own_judgments_as_they_were_displayed(calling: Calling) -> None:
    scene = stage(comparisons=4, retest_rate=0.1)
    held = scene.given(scene.alice)
    scene.judge(held, "right", comment="It is true.")
    scene.judge(scene.given(scene.alice), "skip", flag="harm")
    scene.judge(scene.given(scene.bob), "left")
    alice = calling(scene.alice)
    path = "/api/v1/campaigns/sums/judgments/mine/"
    skip, judgment = alice.get(path).json()["results"]
    assert (skip["choice"], skip["flag"], skip["undo_until"]) == ("skip", "harm", None)
    assert (judgment["choice"], judgment["assignment"], judgment["left"]["model"]) == ("right", held.pk, None)
    right = held.comparison.completion_b if held.left == "a" else held.comparison.completion_a
    assert judgment["right"]["text"] == right.text
    assert not {"kind", "comparison", "superseded_at"} & set(judgment)
    for query, number in (("choice=right", 1), ("choice=flag", 1), ("commented=true", 1), ("text=TRUE", 1)):
        assert len(alice.get(f"{path}?{query}").json()["results"]) == number, query
    assert alice.get(f"{path}?choice=a").status_code == 422
    first = alice.get(f"{path}?page_size=1").json()
    assert alice.get(first["next"]).json()["results"] == [judgment]
    assert calling(scene.maya).get(path).json()["results"] == []
    assert calling(scene.charlie).get(path).status_code == 404
