"""Acts on many rows, as forms without JavaScript."""

import json
from typing import Any

from labeling.models import BulkAct, Comparison, Prompt
from tests.clients import Visiting, text_of
from tests.people import Stage, stage

ACT = "/campaigns/sums/comparisons/act/"


def statuses() -> list[str]:
    return list(Comparison.objects.order_by("pk").values_list("status", flat=True))


def test_an_act_asks_with_its_count_before_it_happens(visiting: Visiting) -> None:
    scene = stage(comparisons=5)
    maya = visiting(scene.maya)
    ticked = list(Comparison.objects.order_by("pk").values_list("pk", flat=True))[:2]
    page = maya.post(ACT, {"kind": "retire", "scope": "chosen", "pk": ticked}).content.decode()
    assert "2 comparisons" in " ".join(page.split())
    assert statuses() == ["open"] * 5
    asked = {"kind": "retire", "pk": ticked, "confirmed": "1"}
    page = maya.post(ACT, asked).content.decode()
    assert "This field is required" in page
    assert statuses() == ["open"] * 5
    answer = maya.post(ACT, asked | {"reason": "Broken."}, follow=True)
    assert 'data-testid="bulk-changed">2<' in answer.content.decode()
    assert statuses() == ["retired", "retired", "open", "open", "open"]


def test_all_that_match_means_the_filter_of_the_list(visiting: Visiting) -> None:
    scene = stage(comparisons=4, overlap=1)
    scene.settle(["a"])
    maya = visiting(scene.maya)
    sent = {"kind": "retire", "scope": "all", "filter": "status=open", "confirmed": "1", "reason": "Enough."}
    maya.post(ACT, sent)
    assert sorted(statuses()) == ["retired", "retired", "retired", "settled"]


def test_an_act_can_be_undone_from_its_page(visiting: Visiting) -> None:
    scene = stage(comparisons=3)
    maya = visiting(scene.maya)
    page = [str(one.pk) for one in Comparison.objects.all()]
    maya.post(ACT, {"kind": "retire", "scope": "page", "on_page": page, "confirmed": "1", "reason": "Oh."})
    act = BulkAct.objects.get()
    assert "Undo" in text_of(maya, f"/campaigns/sums/acts/{act.pk}/")
    undo = {"kind": "restore", "scope": "all", "filter": f"act={act.pk}"}
    assert "3 comparisons" in " ".join(maya.post(ACT, undo).content.decode().split())
    maya.post(ACT, undo | {"confirmed": "1"})
    assert statuses() == ["open"] * 3


def test_nothing_ticked_is_said_and_the_filter_is_kept(visiting: Visiting) -> None:
    scene: Stage = stage(comparisons=1)
    sent = {"kind": "retire", "scope": "chosen", "filter": "status=open"}
    answer = visiting(scene.maya).post(ACT, sent, follow=True)
    assert answer.redirect_chain[0][0].endswith("/comparisons/?status=open")
    assert "Choose at least one row." in answer.content.decode()


def test_rows_of_another_campaign_are_not_touched(visiting: Visiting) -> None:
    scene = stage(comparisons=1)
    other = stage_elsewhere(scene)
    sent = {"kind": "retire", "pk": [other.pk], "confirmed": "1", "reason": "?"}
    assert "Choose at least one row." in visiting(scene.maya).post(ACT, sent).content.decode()
    other.refresh_from_db()
    assert other.status == "open"


def stage_elsewhere(scene: Stage) -> Comparison:
    from labeling.actions.campaigns import create_campaign
    from labeling.actions.comparisons import add_comparisons
    from tests.people import pair

    campaign = create_campaign(name="Elsewhere", acting_user=scene.root, now=scene.now)
    added = add_comparisons(campaign=campaign, drafts=[pair(1)], source="test", acting_user=scene.root, now=scene.now)
    (one,) = added.comparisons
    assert one is not None
    return one


def test_an_export_has_the_chosen_verdicts_only(visiting: Visiting) -> None:
    scene = stage(comparisons=4, overlap=1)
    scene.settle(["a", "a", "b"])
    first = Comparison.objects.filter(status="settled").earliest("pk")
    sent = {"kind": "export", "pk": [first.pk], "confirmed": "1", "dialect": "trl"}
    answer: Any = visiting(scene.maya).post(ACT, sent)
    (row,) = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
    assert row["prompt"] == first.prompt.messages


def test_retired_prompts_say_what_happens_to_their_comparisons(visiting: Visiting) -> None:
    scene = stage(comparisons=2)
    maya = visiting(scene.maya)
    sent = {"kind": "retire", "scope": "all"}
    page = maya.post("/campaigns/sums/prompts/act/", sent).content.decode()
    assert "Their comparisons are retired too" in page
    maya.post("/campaigns/sums/prompts/act/", sent | {"confirmed": "1", "reason": "A wrong file."})
    assert not Prompt.objects.filter(retired_at=None).exists()
    assert statuses() == ["retired"] * 2
