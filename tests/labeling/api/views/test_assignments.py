"""The annotator's calls: get the next assignment, judge it, undo the judgment."""

import json

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from labeling.models import Assignment, Comparison, Judgment, Verdict
from tests.clients import Calling
from tests.people import PASSWORD, stage


def test_alice_judges_all_in_one_request_each_until_nothing_is_left(calling: Calling) -> None:
    scene = stage(comparisons=3)
    alice = calling(scene.alice)
    answer = alice.post("/api/v1/campaigns/sums/assignments/next/")
    assert answer.status_code == 200
    assignment = answer.json()["assignment"]
    for number in range(1, 4):
        answer = alice.post(
            f"/api/v1/assignments/{assignment['id']}/judgment/", {"choice": "left", "key": f"k{number}"}, format="json"
        )
        assert answer.status_code == 201
        assert answer.json()["progress"] == {
            "judged": number,
            "judged_today": number,
            "comparisons": 3,
            "settled": number,
            "notice": "",
            "step": None,
        }
        assignment = answer.json()["next"]
    assert assignment is None
    assert alice.post("/api/v1/campaigns/sums/assignments/next/").status_code == 204


def test_an_assignment_shows_prompt_and_completions_by_side_and_nothing_of_the_models(calling: Calling) -> None:
    scene = stage(comparisons=1)
    answer = calling(scene.alice).post("/api/v1/campaigns/sums/assignments/next/")
    assignment = answer.json()["assignment"]
    row = Assignment.objects.select_related("comparison__completion_a", "comparison__completion_b").get()
    texts = {"a": row.comparison.completion_a.text, "b": row.comparison.completion_b.text}
    assert assignment["left"]["text"] == texts[row.left]
    assert assignment["right"]["text"] == texts[row.right]
    assert assignment["left"]["html"].startswith("<p>")
    assert assignment["prompt"][0]["role"] == "user"
    assert set(assignment) == {
        "id", "expires_at", "prompt", "left", "right", "guideline_version", "allow_tie", "allow_both_bad", "scale",
        "allow_skip", "allow_flag", "allow_edit", "skip_reasons", "criteria",
    }  # fmt: skip
    assert "base" not in json.dumps(assignment)  # the version that wrote both


def test_what_was_said_comes_back_in_terms_of_the_display(calling: Calling) -> None:
    scene = stage(comparisons=4)
    alice = calling(scene.alice)
    for choice in ("left", "right", "tie", "skip"):
        assignment = alice.post("/api/v1/campaigns/sums/assignments/next/").json()["assignment"]["id"]
        answer = alice.post(
            f"/api/v1/assignments/{assignment}/judgment/", {"choice": choice, "key": choice}, format="json"
        )
        assert answer.json()["judgment"]["choice"] == choice
        assert answer.json()["judgment"]["assignment"] == assignment
        assert answer.json()["judgment"]["undo_until"] is not None


def test_a_retry_with_the_same_key_answers_200_with_the_same_judgment_and_the_same_next(calling: Calling) -> None:
    scene = stage(comparisons=3)
    alice = calling(scene.alice)
    assignment = alice.post("/api/v1/campaigns/sums/assignments/next/").json()["assignment"]["id"]
    address = f"/api/v1/assignments/{assignment}/judgment/"
    first = alice.post(address, {"choice": "left", "key": "k"}, format="json")
    again = alice.post(address, {"choice": "left", "key": "k"}, format="json")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["judgment"] == again.json()["judgment"]
    assert first.json()["next"]["id"] == again.json()["next"]["id"]
    assert first.json()["progress"] == again.json()["progress"]
    assert Judgment.objects.count() == 1


def test_a_client_that_works_ahead_is_sent_each_pair_once_and_told_all_that_it_holds(calling: Calling) -> None:
    scene = stage(comparisons=8, prefetch=3)
    alice = calling(scene.alice)
    address = "/api/v1/campaigns/sums/assignments/next/"
    first = alice.post(address, {}, format="json").json()
    assert (first["following"], [one["id"] for one in first["held"]]) == ([], [first["assignment"]["id"]])
    have = [first["assignment"]["id"]]
    more = alice.post(address, {"ahead": 9, "have": have}, format="json").json()
    got = [more["assignment"]["id"], *(one["id"] for one in more["following"])]
    assert [one["id"] for one in more["held"]] == [*have, *got]
    assert len(more["held"]) == 4  # as many as the campaign allows, whatever the client asks for
    have += got
    judgment = {"choice": "left", "key": "k", "ahead": 9, "have": have}
    answer = alice.post(f"/api/v1/assignments/{have[0]}/judgment/", judgment, format="json").json()
    assert answer["next"]["id"] not in have
    assert (answer["following"], [one["id"] for one in answer["held"]]) == ([], [*have[1:], answer["next"]["id"]])
    undone = alice.delete(f"/api/v1/assignments/{have[0]}/judgment/").json()
    assert [one["id"] for one in undone["held"]] == have
    assert alice.post(address, {"ahead": -1}, format="json").status_code == 422


def test_undo_shows_the_comparison_again_as_it_was(calling: Calling) -> None:
    scene = stage(comparisons=2)
    alice = calling(scene.alice)
    assignment = alice.post("/api/v1/campaigns/sums/assignments/next/").json()["assignment"]
    address = f"/api/v1/assignments/{assignment['id']}/judgment/"
    alice.post(address, {"choice": "left", "key": "k"}, format="json")
    undone = alice.delete(address)
    assert undone.status_code == 200
    assert undone.json()["progress"]["judged"] == 0
    assert undone.json()["assignment"]["id"] == assignment["id"]
    assert undone.json()["assignment"]["left"] == assignment["left"]
    assert not Verdict.objects.exists()


def test_an_assignment_handed_back_goes_to_bob(calling: Calling) -> None:
    scene = stage(comparisons=1)
    assignment = calling(scene.alice).post("/api/v1/campaigns/sums/assignments/next/").json()["assignment"]["id"]
    assert calling(scene.alice).post(f"/api/v1/assignments/{assignment}/release/").status_code == 204
    assert calling(scene.bob).post("/api/v1/campaigns/sums/assignments/next/").status_code == 200


def test_a_judgment_with_the_next_costs_at_most_12_statements_with_token_and_session_settling_or_not(
    calling: Calling,
) -> None:
    scene = stage(comparisons=12, overlap=2)
    session = Client()
    assert session.login(username="bob", password=PASSWORD)
    alice = calling(scene.alice)
    counts: dict[str, int] = {}
    for number in range(6):
        held = scene.given(scene.alice)
        with CaptureQueriesContext(connection) as queries:
            answer = alice.post(
                f"/api/v1/assignments/{held.pk}/judgment/", {"choice": "left", "key": f"a{number}"}, format="json"
            )
        assert answer.status_code == 201
        counts["token"] = max(counts.get("token", 0), statements(queries))
    for number in range(6):  # the same comparisons in the same order: each of Bob's judgments settles one
        held = scene.given(scene.bob)
        with CaptureQueriesContext(connection) as queries:
            settled = session.post(
                f"/api/v1/assignments/{held.pk}/judgment/",
                {"choice": "left", "key": f"b{number}", "seconds": 3.2, "comment": "Shorter."},
                content_type="application/json",
            )
        assert settled.status_code == 201
        counts["session"] = max(counts.get("session", 0), statements(queries))
    assert Comparison.objects.exclude(status="open").count() == 6
    assert max(counts.values()) <= 12, counts


def statements(queries: CaptureQueriesContext) -> int:
    """The number of statements outside a test, where the outermost transaction is not a savepoint."""
    return sum("SAVEPOINT" not in query["sql"] for query in queries)


def test_a_session_needs_the_csrf_token_for_what_it_writes() -> None:
    scene = stage(comparisons=1)
    browser = Client(enforce_csrf_checks=True)
    assert browser.login(username="alice", password=PASSWORD)
    refused = browser.post("/api/v1/campaigns/sums/assignments/next/")
    assert refused.status_code == 403
    assert refused.json()["type"] == "/problems/permission-denied"
    assert scene.campaign.assignments.count() == 0
