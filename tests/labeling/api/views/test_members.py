"""Members through the API: added, listed, paused, resumed, removed."""

from tests.clients import Calling
from tests.people import stage

MEMBERS = "/api/v1/campaigns/sums/members/"


def test_a_member_is_added_listed_and_removed(calling: Calling) -> None:
    scene = stage()
    maya = calling(scene.maya)
    added = maya.post(MEMBERS, {"username": "charlie"}, format="json")
    assert (added.status_code, added.json()["role"]) == (201, "annotator")
    names = [member["username"] for member in maya.get(MEMBERS, {"role": "annotator"}).json()["results"]]
    assert names == ["alice", "bob", "charlie"]
    assert maya.delete(f"{MEMBERS}charlie/").status_code == 204
    assert "charlie" not in str(maya.get(MEMBERS).json())


def test_members_come_in_the_order_of_their_names_on_one_page_or_several(calling: Calling) -> None:
    scene = stage()
    maya = calling(scene.maya)
    maya.post(MEMBERS, {"username": "charlie"}, format="json")
    whole = [member["username"] for member in maya.get(MEMBERS).json()["results"]]
    assert whole == sorted(whole)
    first = maya.get(MEMBERS, {"page_size": 2}).json()
    second = maya.get(first["next"]).json()
    assert [member["username"] for member in first["results"] + second["results"]] == whole[:4]


def test_a_member_gets_a_new_role(calling: Calling) -> None:
    maya = calling(stage().maya)
    assert maya.post(MEMBERS, {"username": "bob", "role": "expert"}, format="json").json()["role"] == "expert"
    assert len(maya.get(MEMBERS, {"role": "expert"}).json()["results"]) == 1


def test_a_token_makes_nobody_more_than_it_may_do_itself(calling: Calling) -> None:
    scene = stage()
    of_all_but_one = ("people", "read", "judge", "export", "campaigns", "train")
    for role, too_few in (("expert", ("people", "read")), ("lead", of_all_but_one)):
        for path in (MEMBERS, "/api/v1/campaigns/sums/invitations/"):
            body = {
                "role": role,
                **({"username": "ada"} if path == MEMBERS else {"expires_at": "2099-01-01T00:00:00Z"}),
            }
            refused = calling(scene.maya, *too_few).post(path, body, format="json")
            assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-allowed")
            assert "Sign in to give it." in refused.json()["detail"]
    assert (
        calling(scene.maya, "people", "read", "judge")
        .post(MEMBERS, {"username": "bob", "role": "expert"}, format="json")
        .status_code
        == 201
    )
    assert calling(scene.maya, "people").post(MEMBERS, {"username": "charlie"}, format="json").status_code == 201


def test_a_paused_member_is_assigned_nothing_until_resumed(calling: Calling) -> None:
    scene = stage(comparisons=1)
    maya, alice = calling(scene.maya), calling(scene.alice)
    assert maya.post(f"{MEMBERS}alice/pause/").json()["paused_at"] is not None
    assert alice.post("/api/v1/campaigns/sums/assignments/next/").status_code == 204
    assert maya.post(f"{MEMBERS}alice/resume/").json()["paused_at"] is None
    assert alice.post("/api/v1/campaigns/sums/assignments/next/").status_code == 200


def test_an_unknown_user_cannot_be_added(calling: Calling) -> None:
    assert calling(stage().maya).post(MEMBERS, {"username": "nobody"}, format="json").status_code == 404
