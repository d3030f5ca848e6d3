"""Statistics and the ranking through the API: figures, slices and refusals."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from labeling.actions import counting
from tests.clients import Calling
from tests.people import Stage, stage

STATISTICS, RANKING = "/api/v1/campaigns/sums/statistics/", "/api/v1/campaigns/sums/ranking/"


def judged() -> Stage:
    scene = stage(comparisons=4, overlap=2, criteria=[{"name": "helpful"}])
    for user, letters in ((scene.alice, "aabb"), (scene.bob, "abbb")):
        for letter in letters:
            scene.vote(scene.given(user), letter, seconds=0.0, criteria={"helpful": "left"})
    return scene


def test_every_figure_has_its_interval_and_what_it_stands_on(calling: Calling) -> None:
    scene = judged()
    figures = calling(scene.maya).get(STATISTICS).json()
    agreement = figures["agreement"]["percent_with_ties"]
    assert (agreement["value"], agreement["comparisons"], agreement["votes"]) == (0.75, 4, 8)
    assert agreement["low"] < 0.75 < agreement["high"]
    assert {row["annotator"] for row in figures["annotators"]} == {scene.alice.pseudonym, scene.bob.pseudonym}
    assert figures["pairs"][0]["same"]["value"] == 0.75
    assert figures["simulated"] == []
    assert figures["noise"]["ceiling_one"]["value"] > 0.5


def test_the_command_and_the_agreement_address_say_the_same(calling: Calling) -> None:
    maya = calling(judged().maya)
    figures, agreement = maya.get(STATISTICS).json()["agreement"], maya.get("/api/v1/campaigns/sums/agreement/").json()
    out = StringIO()
    call_command("agreement", "sums", "--json", stdout=out)
    printed = json.loads(out.getvalue())
    for name, figure in figures.items():
        assert figure == agreement[name] == printed[name]


def test_a_slice_is_what_was_asked_for(calling: Calling) -> None:
    scene = judged()
    maya = calling(scene.maya)
    assert maya.get(STATISTICS, {"until": "2026-03-02"}).json()["annotators"] == []
    assert len(maya.get(STATISTICS, {"since": "2026-03-02", "until": "2026-03-03"}).json()["annotators"]) == 2
    assert maya.get(STATISTICS, {"since": "2026-03-02T12:00:01Z"}).json()["annotators"] == []
    (alone,) = maya.get(STATISTICS, {"annotator": scene.alice.pseudonym}).json()["annotators"]
    assert alone["annotator"] == scene.alice.pseudonym
    assert maya.get(STATISTICS, {"criterion": "helpful"}).json()["position"]["value"] == 1.0
    assert maya.get(STATISTICS, {"model_version": "unheard-of"}).json()["annotators"] == []


@pytest.mark.parametrize("address", [STATISTICS, RANKING])
def test_a_large_campaign_is_counted_by_a_worker_and_the_call_says_when_to_ask_again(
    address: str,
    calling: Calling,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(counting, "LARGE", 2)
    monkeypatch.setattr(counting, "send", lambda task, *ids: sent.extend(ids))
    maya = calling(judged().maya)
    with django_capture_on_commit_callbacks(execute=True):
        answer = maya.get(address)
    assert (answer.status_code, answer["Retry-After"]) == (202, "5")
    assert "Ask again in 5 seconds" in answer.json()["detail"]
    assert counting.count_statistics(sent[-1])
    assert maya.get(address).status_code == 200


def test_a_slice_that_makes_no_sense_is_refused_by_name(calling: Calling) -> None:
    maya = calling(judged().maya)
    for query, field in (({"guideline_version": 9}, "guideline_version"), ({"annotator": "alice"}, "annotator")):
        answer = maya.get(STATISTICS, query)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert maya.get(STATISTICS, {"since": "yesterday"}).status_code == 422
    assert maya.get(STATISTICS, {"since": "2026-02-30"}).status_code == 422
    assert maya.get(STATISTICS, {"criterion": "a\x00b"}).status_code == 422


def test_one_version_alone_has_no_ranking_and_says_why(calling: Calling) -> None:
    figures = calling(judged().maya).get(RANKING, {"length_controlled": "true"}).json()
    assert figures["models"] == []
    assert figures["reason"] == "Two models must have been compared."
