"""What can be read of a campaign through the API."""

from labeling.models import Comparison
from tests.clients import Calling
from tests.people import stage


def test_a_lead_makes_starts_fills_and_reads_a_campaign(calling: Calling) -> None:
    scene = stage()
    maya = calling(scene.maya)
    made = maya.post(
        "/api/v1/campaigns/", {"name": "Kind answers", "overlap": 2, "guidelines": "Be kind."}, format="json"
    )
    assert made.status_code == 201
    assert (made.json()["slug"], made.json()["status"], made.json()["overlap"]) == ("kind-answers", "draft", 2)
    address = "/api/v1/campaigns/kind-answers/"
    assert maya.post(f"{address}status/", {"status": "active"}, format="json").json()["status"] == "active"
    added = maya.post(f"{address}members/", {"username": "alice", "role": "annotator"}, format="json")
    assert (added.status_code, added.json()["username"]) == (201, "alice")
    assert maya.get(f"{address}guidelines/").json()["results"][0]["number"] == 1
    assert maya.patch(address, {"allow_tie": False}, format="json").json()["allow_tie"] is False
    assert maya.get(f"{address}progress/").json()["comparisons"] == 0
    assert [event["verb"] for event in maya.get(f"{address}events/").json()["results"]] == [
        "campaign.changed",
        "member.added",
        "campaign.status_changed",
        "guidelines.written",
        "campaign.created",
    ]


def test_what_cannot_be_changed_by_a_patch_stays(calling: Calling) -> None:
    scene = stage()
    answer = calling(scene.maya).patch(
        "/api/v1/campaigns/sums/", {"slug": "other", "status": "archived", "created_at": None}, format="json"
    )
    assert (answer.status_code, answer.json()["slug"], answer.json()["status"]) == (200, "sums", "active")


def test_agreement_and_annotators_are_shown_by_pseudonym(calling: Calling) -> None:
    scene = stage(comparisons=3, overlap=2)
    for user, letters in ((scene.alice, "aab"), (scene.bob, "abb")):
        for letter in letters:
            scene.vote(scene.given(user), letter)
    maya = calling(scene.maya)
    told = maya.get("/api/v1/campaigns/sums/agreement/").json()
    assert round(told["percent_with_ties"]["value"], 3) == 0.667
    assert told["include_simulated"] is False
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


def test_long_lists_come_in_pages_newest_first_and_whole(calling: Calling) -> None:
    scene = stage(comparisons=7)
    maya = calling(scene.maya)
    seen, address = [], "/api/v1/campaigns/sums/comparisons/?page_size=3"
    while address:
        page = maya.get(address).json()
        seen += [one["id"] for one in page["results"]]
        address = page["next"]
    assert seen == list(Comparison.objects.order_by("-pk").values_list("pk", flat=True))


def test_a_token_made_through_the_api_opens_it_and_its_key_is_shown_once(calling: Calling) -> None:
    scene = stage()
    alice = calling(scene.alice)
    made = alice.post("/api/v1/tokens/", {"name": "laptop", "scopes": ["read"]}, format="json").json()
    client = calling(None)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {made['key']}")
    assert client.get("/api/v1/me/").json() == {
        "username": "alice",
        "role": "annotator",
        "pseudonym": scene.alice.pseudonym,
    }
    assert "key" not in str(alice.get("/api/v1/tokens/").json())
