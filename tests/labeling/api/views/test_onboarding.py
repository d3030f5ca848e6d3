"""The steps before the first assignment, for programs; and leads' calls about practice."""

from typing import Any

from labeling.actions.campaigns import change_campaign, write_guidelines
from labeling.models import Judgment, PracticePair
from tests.clients import Calling
from tests.labeling.practising import QUALIFICATION, mark
from tests.people import Stage, stage

ROOT = "/api/v1/campaigns/sums/"


def prepared() -> Stage:
    """Guidelines, one pair to practise on, and a qualification on one pair in one attempt."""
    scene = stage(comparisons=6, guidelines_first=True)
    write_guidelines(campaign=scene.campaign, text="Be kind.", acting_user=scene.maya, now=scene.now)
    mark(scene, 1)
    mark(scene, 1, QUALIFICATION)
    rules: Any = {"qualification_pairs": 1, "qualification_right": 1, "qualification_attempts": 1}
    change_campaign(campaign=scene.campaign, acting_user=scene.maya, now=scene.now, **rules)
    return scene


def right_side(answer_id: int) -> str:
    pair = PracticePair.objects.get(comparison__practice_answers=answer_id)
    return "left" if pair.comparison.practice_answers.get(pk=answer_id).left == pair.winner else "right"


def test_a_program_goes_all_the_way_to_its_first_assignment(calling: Calling) -> None:
    scene = prepared()
    alice = calling(scene.alice)
    refused = alice.post(f"{ROOT}assignments/next/")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/guidelines-unread")
    assert "guidelines/read/" in refused.json()["detail"]
    assert alice.get(ROOT).json()["standing"]["step"] == "read"
    assert alice.post(f"{ROOT}guidelines/read/", {"number": 1}, format="json").json()["step"] == "practise"
    assert alice.post(f"{ROOT}assignments/next/").json()["type"] == "/problems/practice-needed"

    task = alice.post(f"{ROOT}practice/next/", {}, format="json").json()
    assert set(task) == {"id", "use", "position", "total", "prompt", "left", "right"}
    assert (task["use"], task["position"], task["total"]) == ("practice", 1, 1)
    wrong = {"left": "right", "right": "left"}[right_side(task["id"])]
    feedback = alice.post(f"/api/v1/practice/{task['id']}/answer/", {"choice": wrong}, format="json").json()
    assert (feedback["is_right"], feedback["answer"]) == (False, right_side(task["id"]))
    assert feedback["explanation"].startswith("Why")
    assert feedback["standing"]["step"] == "qualify"
    assert alice.post(f"{ROOT}assignments/next/").json()["type"] == "/problems/not-qualified"

    task = alice.post(f"{ROOT}practice/next/", {}, format="json").json()
    choice = {"choice": right_side(task["id"])}
    feedback = alice.post(f"/api/v1/practice/{task['id']}/answer/", choice, format="json").json()
    assert (feedback["is_right"], feedback["answer"], feedback["explanation"]) == (None, None, None)
    assert (feedback["is_finished"], feedback["standing"]["step"]) == (True, None)
    assert alice.post(f"{ROOT}practice/next/", {}, format="json").status_code == 204
    assert alice.post(f"{ROOT}assignments/next/").status_code == 200
    assert not Judgment.objects.exists()


def test_a_judgment_goes_through_and_its_progress_says_what_comes_first(calling: Calling) -> None:
    scene = stage(comparisons=3, guidelines_first=True)
    alice = calling(scene.alice)
    held = alice.post(f"{ROOT}assignments/next/").json()["assignment"]
    write_guidelines(campaign=scene.campaign, text="Be kind.", acting_user=scene.maya, now=scene.now)
    judged = alice.post(f"/api/v1/assignments/{held['id']}/judgment/", {"choice": "left", "key": "k"}, format="json")
    assert judged.status_code == 201
    assert judged.json()["next"] is None
    assert judged.json()["progress"]["step"] == "read"


def test_leads_mark_list_import_and_take_out(calling: Calling) -> None:
    scene = stage(comparisons=1)
    maya, comparison = calling(scene.maya), scene.campaign.comparisons.get()
    address = f"/api/v1/comparisons/{comparison.pk}/practice/"
    marked = maya.put(address, {"winner": "a", "explanation": "So."}, format="json")
    assert (marked.json()["use"], marked.json()["answers"]) == ("practice", 0)
    line = b'{"prompt": "Two?", "chosen": "Yes.", "rejected": "No.", "explanation": "It is."}\n'
    report = maya.post(f"{ROOT}practice/?use=qualification", line, content_type="application/jsonl")
    assert report.json()["created"] == 1
    listed = maya.get(f"{ROOT}practice/").json()["results"]
    assert [one["use"] for one in listed] == ["practice", "qualification"]
    assert maya.delete(address).status_code == 204
    assert maya.delete(address).json()["type"] == "/problems/comparison-status"


def test_leads_let_pass_and_restart_and_undo_both(calling: Calling) -> None:
    scene = prepared()
    maya = calling(scene.maya)
    for name, field in (("pass", "passed_at"), ("restart", "restarted_at")):
        address = f"{ROOT}members/alice/{name}/"
        assert maya.post(address).json()[field] is not None
        assert maya.delete(address).json()[field] is None
