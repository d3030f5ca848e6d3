"""Agreement, annotators and conflicts through the API."""

from tests.clients import Calling
from tests.people import stage


def test_agreement_and_annotators_are_shown_by_pseudonym(calling: Calling) -> None:
    scene = stage(comparisons=3, overlap=2)
    for user, letters in ((scene.alice, "aab"), (scene.bob, "abb")):
        for letter in letters:
            scene.vote(scene.given(user), letter)
    maya = calling(scene.maya)
    figures = maya.get("/api/v1/campaigns/sums/agreement/").json()
    assert round(figures["percent_with_ties"]["value"], 3) == 0.667
    assert figures["include_simulated"] is False
    assert maya.get("/api/v1/campaigns/sums/agreement/?include_simulated=yes").json()["include_simulated"] is True
    assert maya.get("/api/v1/campaigns/sums/agreement/?include_simulated=xyz").status_code == 422
    annotators = maya.get("/api/v1/campaigns/sums/annotators/")
    assert {one["pseudonym"] for one in annotators.json()} == {scene.alice.pseudonym, scene.bob.pseudonym}
    assert "alice" not in annotators.content.decode()


def test_conflicts_are_listed_and_adjudicated(calling: Calling) -> None:
    scene = stage(comparisons=2, overlap=2)
    for user, letter in ((scene.alice, "a"), (scene.bob, "b")):
        scene.vote(scene.given(user), letter)
    ada = calling(scene.ada)
    (conflict,) = ada.get("/api/v1/campaigns/sums/comparisons/?status=conflict").json()["results"]
    assert (conflict["votes"], conflict["winner"]) == ({"a": 1, "b": 1}, None)
    answer = ada.post(
        f"/api/v1/comparisons/{conflict['id']}/adjudication/", {"winner": "a", "reason": "It is true."}, format="json"
    )
    assert (answer.status_code, answer.json()["settled_by"]) == (201, "adjudication")
    assert ada.get("/api/v1/campaigns/sums/comparisons/?status=conflict").json()["results"] == []
    again = ada.post(
        f"/api/v1/comparisons/{conflict['id']}/adjudication/", {"winner": "b", "reason": "No."}, format="json"
    )
    assert (again.status_code, again.json()["type"]) == (409, "/problems/no-conflict")
