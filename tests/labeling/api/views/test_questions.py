"""Questions about pairs through the API."""

from labeling.models import FaqEntry, Question
from tests.clients import Calling
from tests.people import stage

V1 = "/api/v1/"


def test_a_question_goes_from_asking_to_its_answer(calling: Calling) -> None:
    scene = stage(comparisons=2)
    alice, maya, bob = calling(scene.alice), calling(scene.maya), calling(scene.bob)
    held = scene.given(scene.alice)
    asked = alice.post(
        f"{V1}assignments/{held.pk}/questions/", {"text": "Why?"}, format="json", headers={"Idempotency-Key": "k"}
    )
    again = alice.post(
        f"{V1}assignments/{held.pk}/questions/", {"text": "Why?"}, format="json", headers={"Idempotency-Key": "k"}
    )
    assert (asked.status_code, again.json()) == (201, asked.json())
    assert Question.objects.count() == 1
    (waiting,) = maya.get(f"{V1}campaigns/sums/questions/?status=open").json()["results"]
    assert (waiting["asker"], waiting["comparison"], waiting["left"]) == ("alice", held.comparison_id, held.left)
    path = f"{V1}questions/{waiting['id']}/"
    assert bob.post(f"{path}answer/", {"answer": "So."}, format="json").status_code == 403
    answered = maya.post(f"{path}answer/", {"answer": "So.", "publish_as": "Why?"}, format="json").json()
    assert (answered["status"], answered["published"]) == ("answered", FaqEntry.objects.get().pk)
    assert maya.post(f"{path}close/").status_code == 409
    (own,) = alice.get(f"{V1}campaigns/sums/questions/mine/").json()["results"]
    assert (own["answer"], own["is_unread"], own["assignment"]) == ("So.", True, held.pk)
    assert alice.post(f"{V1}campaigns/sums/questions/mine/read/").json() == {"read": 1}
    assert bob.get(f"{V1}campaigns/sums/questions/mine/").json()["results"] == []
    (entry,) = bob.get(f"{V1}campaigns/sums/faq/").json()["results"]
    assert (entry["text"], entry["answer"]) == ("Why?", "So.")
    assert maya.delete(f"{V1}faq/{entry['id']}/").status_code == 204
    assert bob.get(f"{V1}campaigns/sums/faq/").json()["results"] == []


def test_a_question_is_closed_and_a_bad_one_refused(calling: Calling) -> None:
    scene = stage(comparisons=1, pseudonymous=True)
    alice, maya = calling(scene.alice), calling(scene.maya)
    path = f"{V1}assignments/{scene.given(scene.alice).pk}/questions/"
    assert alice.post(path, {"text": " "}, format="json").status_code == 422
    number = alice.post(path, {"text": "Why?"}, format="json").json()["id"]
    closed = maya.post(f"{V1}questions/{number}/close/").json()
    assert (closed["status"], closed["asker"]) == ("closed", scene.alice.pseudonym)
